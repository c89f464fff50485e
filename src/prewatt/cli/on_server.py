"""This module holds what commands on the server's database share: how they open it, which errors refuse them, and
options that several of them have.

Only files that `table.py` marks with `models` import this one.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import override, to_language

from ..processes.database import bring_up_to_date
from ..server.accounts.acting import Actor, Door, acting
from ..server.core.errors import Refused, for_people
from ..server.web.trouble import is_busy
from ..terminal_texts import _, spoken
from .command import Command, refused

PropertyOption = Annotated[
    str, typer.Option("--property", help="Name of the building. Needed only if there are several.")
]
UnitArgument = Annotated[str, typer.Argument(help="Name of the unit, such as 'Flat 2'.")]
BeginOption = Annotated[
    str, typer.Option("--from", help="Date and time in the building's time zone, such as 2025-11-01T00:00.")
]
EndOption = Annotated[
    str, typer.Option("--until", help="Date and time of the end (exclusive), in the building's time zone.")
]
FirstDayOption = Annotated[str, typer.Option("--from", help="First day, such as 2025-11-01.")]
LastDayOption = Annotated[str, typer.Option("--until", help="Last day (included), such as 2025-11-30.")]


class ModelsCommand(Command):
    """A command that uses the server's rules. The error of a field names the option that gave the field."""

    refusals = (ValidationError, ImproperlyConfigured, ValueError, OSError)

    def in_words(self, error: Exception) -> str:
        """Return the text of a refusal, with the option to correct."""
        options = {each.name: _as_typed(each) for each in self.params if each.name}
        field = error.field if isinstance(error, Refused) else ""
        return f"{options[field]}: {error}" if field in options else for_people(error, options)


class DatabaseCommand(ModelsCommand):
    """A command that uses the server's database."""

    def invoke(self, ctx: Any) -> Any:
        """Bring the database up to date and run the command. Raises typer.Exit, after a message, if the database does
        not answer.
        """
        open_database(ctx.command_path)
        try:
            language = to_language(spoken()) if spoken() else None
            with override(language), acting(Actor(Door.COMMAND, command=ctx.command_path)):
                return super().invoke(ctx)
        except (OperationalError, InterfaceError) as error:
            raise refused(ctx.command_path, _database_trouble(error), status=1) from None


class ProcessCommand(Command):
    """A process of the server. An error at its start is printed in one line. Later errors are only in its log."""

    def invoke(self, ctx: Any) -> Any:
        """Bring the database up to date and run the process."""
        open_database(ctx.command_path)
        return super().invoke(ctx)


def open_database(command: str) -> None:
    """Bring the database up to date. Raises typer.Exit, after a message, if it can't be used: with status 2 if a
    setting or the version is wrong, with 1 if the database does not answer, which may be over soon.
    """
    try:
        bring_up_to_date()
    except ImproperlyConfigured as error:
        raise refused(command, error) from None
    except (DatabaseError, InterfaceError) as error:
        raise refused(command, _database_trouble(error), status=1) from None


def _as_typed(parameter: Any) -> str:
    """Return a parameter as help shows it: `--serial`, or `unit` for an argument."""
    return str(parameter.opts[0])


def _database_trouble(error: Exception) -> str:
    text = str(error).strip()
    if is_busy(error):
        return _(
            "the database is busy because others are writing to it (%(text)s). Try again in a few seconds", text=text
        )
    return _(
        "the database can't be used (%(text)s). Check that it runs, that its disk is not full, and that "
        "PREWATT_DATABASE and PREWATT_HOME are right",
        text=text,
    )
