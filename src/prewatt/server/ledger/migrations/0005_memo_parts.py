"""A memo is kept with the parts of its sentence. The triggers let them go with the data of an erased tenant, and nothing else."""

from django.db import migrations, models

from prewatt.server.ledger.append_only import RELEASE, STATEMENTS


def release(apps, schema_editor):
    for statement in RELEASE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def protect(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ("ledger", "0004_erased_memos"),
    ]

    operations = [
        migrations.RunPython(release, migrations.RunPython.noop),
        migrations.AddField(model_name="transfer", name="memo_parts", field=models.JSONField(default=dict)),
        migrations.RunPython(protect, migrations.RunPython.noop),
    ]
