"""The database itself refuses to change or delete an entry of the audit log, on SQLite and on PostgreSQL."""

from django.db import migrations

from prewatt.server.accounts.append_only import RELEASE, STATEMENTS


def protect(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def release(apps, schema_editor):
    for statement in RELEASE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0003_audit"),
    ]

    operations = [
        migrations.RunPython(protect, release),
    ]
