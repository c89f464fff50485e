"""This module prepares a process to use the server's models and its database."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from .. import __version__


def load_models() -> None:
    """Make the server's models importable in this process. The database is not opened yet.

    Raises ImproperlyConfigured if a setting (`PREWATT_*`) is wrong.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prewatt.server.settings")
    django.setup()


def bring_up_to_date() -> None:
    """Run the migrations that the database lacks; an empty one gets all tables at once.

    Raises ImproperlyConfigured if another version has changed the database in a way that this version does not know.
    """
    loader = MigrationLoader(connection)
    check_known(loader)
    # Each process asks when it starts, and to build what would be migrated takes longer than all else of its start.
    if loader.graph.nodes.keys() - loader.applied_migrations.keys():
        # Loaded here, because it imports the models.
        new_database: Any = import_module(".new_database", __package__)
        if new_database.is_empty():
            new_database.make_tables(loader)
            return
        call_command("migrate", verbosity=0)


def setup_django() -> None:
    """Make the server's models and its database usable in this process. For errors see `load_models` and
    `bring_up_to_date`.
    """
    load_models()
    bring_up_to_date()


def check_known(loader: MigrationLoader) -> None:
    """Raise ImproperlyConfigured if another version has changed the database in a way that this version does not know."""
    ours = {room for room, _name in loader.disk_migrations}
    strange = sorted(
        (room, name)
        for room, name in loader.applied_migrations
        if room in ours and (room, name) not in loader.disk_migrations
    )
    if strange:
        room, name = strange[-1]
        raise ImproperlyConfigured(
            f"another version of prewatt has changed the database in a way that this version ({__version__}) does not know "  # noqa: S608
            f"({room} {name}). Update the software. Or, if that version was a state of the source before the first release, "
            "move the database away and set up the building again. Nothing was changed"
        )
