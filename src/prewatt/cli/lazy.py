"""This module finds the command for the first word after `prewatt`. The words are listed from a table, and a file is
loaded only when its command is called.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from ..terminal_texts import _
from .command import refused, translate_help
from .table import ENTRIES, Entry

_BY_NAME = {entry.name: entry for entry in ENTRIES}
_ENTRY = "prewatt.entry"
"""The name under which a call remembers its entry."""


class LazyGroup(TyperGroup):
    """The group of all entries of `table.ENTRIES`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Its help is in the language of the terminal."""
        super().__init__(*args, **kwargs)
        translate_help(self)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the names of the entries, in the order of the table."""
        return list(_BY_NAME)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return what help shows of an entry, without loading its file; None if there is no such entry."""
        entry = _BY_NAME.get(cmd_name)
        return entry and TyperGroup(name=entry.name, help=_(entry.help), rich_help_panel=_(entry.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the entry's name, its loaded command and the remaining arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        ctx.meta[_ENTRY] = name
        return name, command and load(_BY_NAME[str(name)]), rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Raises typer.Exit, after a message, if what it needs is not installed."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            entry = _BY_NAME.get(ctx.meta.get(_ENTRY, ""))
            if entry is None or not error.name or error.name.split(".")[0] == "prewatt":
                raise
            raise refused(f"prewatt {entry.name}", lacking(entry, error.name)) from None


def lacking(entry: Entry, module: str) -> str:
    """Return what to do if a command needs a `module` that is not installed."""
    what = f"prewatt[{entry.extra}]" if entry.extra else "prewatt"
    return _(
        "this part needs %(what)s, and %(module)s is not installed: pip install '%(what)s'", what=what, module=module
    )


def load(entry: Entry) -> Any:
    """Return the command or the group of an entry. Raises typer.Exit, after a message, if the server's settings are
    wrong.
    """
    if entry.models:
        # Django takes a second, which only those pay that use the server's models.
        models: Any = import_module(".models", __package__)
        models.load(entry.name)
    app: typer.Typer = import_module(f".{entry.file}", __package__).app
    group = get_group(app)
    if not entry.group:
        return group.commands[entry.name]
    group.name, group.help = entry.name, _(entry.help)
    return group
