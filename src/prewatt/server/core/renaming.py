"""A step of a migration that gives a column another name, with all that the database has named after it."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import RenameField
from django.db.migrations.state import ProjectState


class RenameColumn(RenameField):
    """A `RenameField` after which a database is like a new one. From version 18 on, PostgreSQL has a constraint for
    each column that is never null, and names it after the column.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Rename the column, and its constraint."""
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        _rename_not_null(schema_editor, table, self.old_name, self.new_name)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Give both their earlier names."""
        super().database_backwards(app_label, schema_editor, from_state, to_state)
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        _rename_not_null(schema_editor, table, self.new_name, self.old_name)


def _rename_not_null(schema_editor: BaseDatabaseSchemaEditor, table: str, old: str, new: str) -> None:
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    earlier, later = (f"{table}_{column}_not_null" for column in (old, new))
    with connection.cursor() as cursor:
        known = "SELECT 1 FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s"
        cursor.execute(known, [table, earlier])
        if cursor.fetchone() is None:
            return
    quoted = [schema_editor.quote_name(each) for each in (table, earlier, later)]
    schema_editor.execute("ALTER TABLE {} RENAME CONSTRAINT {} TO {}".format(*quoted))
