"""This module makes the tables of an empty database at once, as the last migration leaves them.

All migrations one after the other come to the same, but take ten times as long: for each step Django builds all models
of that time anew. What they make beside tables stands here too (`TRIGGERS`), and `tests/server/test_migrations.py`
compares the two.
"""

from __future__ import annotations

from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from ..server.accounts import append_only as audit
from ..server.ledger import append_only as ledger

TRIGGERS = (audit.STATEMENTS, ledger.STATEMENTS)


def is_empty() -> bool:
    """Return whether the database has no table yet."""
    return not connection.introspection.table_names()


def make_tables(loader: MigrationLoader) -> None:
    """Make all tables, and note all migrations of `loader` as done, in one transaction: a process that is killed leaves
    the database empty. If another process was quicker, nothing is made.
    """
    recorder = MigrationRecorder(connection)
    apps = loader.project_state().apps
    models: list[type[Model]] = [recorder.Migration, *apps.get_models()]
    with connection.schema_editor() as editor:
        if not is_empty():
            return
        for model in models:
            if model._meta.can_migrate(connection):
                editor.create_model(model)
        for statements in TRIGGERS:
            for statement in statements[connection.vendor]:
                editor.execute(statement)
        for room, name in loader.graph.nodes:
            recorder.record_applied(room, name)
        # The kinds of content and the permissions, which Django makes after all migrations.
        emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS, apps=apps)
