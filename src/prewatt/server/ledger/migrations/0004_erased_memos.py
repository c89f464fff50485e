"""The triggers let a memo become the number of a tenant whose data are erased, and nothing else."""

from django.db import migrations

from prewatt.server.ledger.append_only import BEFORE_PARTS, RELEASE


def protect_anew(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in (*RELEASE[vendor], *BEFORE_PARTS[vendor]):
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("ledger", "0003_keypad_accounts"),
    ]

    operations = [
        migrations.RunPython(protect_anew, migrations.RunPython.noop),
    ]
