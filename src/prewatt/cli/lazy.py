"""The first word after `prewatt`: it is listed from a table, and its file is loaded only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from .command import refused
from .table import ENTRIES, Entry

_BY_NAME = {entry.name: entry for entry in ENTRIES}


class LazyGroup(TyperGroup):
    """The group of `table.ENTRIES`."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(_BY_NAME)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """What help shows of an entry. Nothing is loaded for that; None if there is no such entry."""
        entry = _BY_NAME.get(cmd_name)
        return entry and TyperGroup(name=entry.name, help=entry.help, rich_help_panel=entry.panel)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and load(_BY_NAME[str(name)]), rest


def load(entry: Entry) -> Any:
    """The command, or the group, of an entry. typer.Exit, with a message, if the server's settings are wrong."""
    if entry.models:
        # Imported here: Django takes a second, which only those pay that use the server's models.
        from django.core.exceptions import ImproperlyConfigured

        from ..processes.database import load_models

        try:
            load_models()
        except ImproperlyConfigured as error:
            raise refused(f"prewatt {entry.name}", error) from None
    app: typer.Typer = import_module(f".{entry.file}", __package__).app
    group = get_group(app)
    if not entry.group:
        return group.commands[entry.name]
    group.name, group.help = entry.name, entry.help
    return group
