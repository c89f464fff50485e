"""All commands, as the program itself lists them."""

from prewatt.cli.lazy import load
from prewatt.cli.table import ENTRIES


def first_line(command):
    """What a list of commands says of one."""
    return command.help.strip().splitlines()[0]


def commands():
    """{words after `prewatt`: (entry, command)}, in the order of help; groups are not commands."""
    all_of = {}
    for entry in ENTRIES:
        loaded = load(entry)
        if entry.group:
            all_of |= {(entry.name, name): (entry, command) for name, command in loaded.commands.items()}
        else:
            all_of[(entry.name,)] = (entry, loaded)
    return all_of
