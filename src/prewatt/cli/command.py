"""This module holds what all commands share: how a command reports that it can't be done, how tables are printed, and
where processes write their logs.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperCommand, TyperGroup

from ..log_lines import Lines
from ..terminal_texts import _
from .garbage import collect_as_usual

WRONG = 2
"""Exit status of a command that was refused."""


class CommandError(ValueError):
    """A command can't be carried out. The message says what was wrong, where, and how to mend it."""


def translate_help(command: TyperCommand | TyperGroup) -> None:
    """Put the help of a command or a group, and of its options, into the language of the terminal."""
    for each in (command, *command.params):
        if text := getattr(each, "help", None):
            each.help = _(text)  # type: ignore[union-attr]


class Command(TyperCommand):
    """A command. If it is refused, it says why in one line and ends with exit status 2. Any other error is a fault of
    the program.
    """

    refusals: tuple[type[Exception], ...] = (CommandError,)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Its help is in the language of the terminal."""
        super().__init__(*args, **kwargs)
        translate_help(self)

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Raises typer.Exit after a refusal."""
        collect_as_usual()
        try:
            return super().invoke(ctx)
        except self.refusals as error:
            raise refused(ctx.command_path, self.in_words(error)) from None

    def in_words(self, error: Exception) -> str:
        """Return the text that is printed for a refusal."""
        return str(error)


class FileCommand(Command):
    """A short command on files and devices. A ValueError or OSError ends it with its message."""

    refusals = (ValueError, OSError)


def refused(command: str, error: object, status: int = WRONG) -> typer.Exit:
    """Print why a command, such as `prewatt meter order`, can't be done. Returns the exception that the caller must
    raise.
    """
    typer.echo(f"{command}: {error}", err=True)
    return typer.Exit(status)


def log_to_stderr() -> None:
    """Let a process log to standard error, each line with its time."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def group() -> typer.Typer:
    """Return an empty group of commands, which a file of this folder fills. Its help is in `table.py`."""
    return typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, or 200 characters wide if the output is a file."""
    Console(width=None if os.isatty(1) else 200).print(table)
