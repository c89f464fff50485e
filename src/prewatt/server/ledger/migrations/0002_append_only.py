"""The database itself refuses to change or delete a transfer, on SQLite and on PostgreSQL."""

from django.db import migrations

from prewatt.server.ledger.append_only import BEFORE_PARTS, RELEASE


def protect(apps, schema_editor):
    for statement in BEFORE_PARTS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def release(apps, schema_editor):
    for statement in RELEASE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(protect, release),
    ]
