from django.db import migrations, models

from prewatt.server.ledger.append_only import STATEMENTS


def protect(apps, schema_editor):
    for statement in STATEMENTS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_references'),
    ]

    operations = [
        migrations.RemoveField('transfer', 'credit_id'),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(condition=models.Q(('of', ''), _negated=True), fields=('of', 'number', 'part'), name='transfer_booked_once'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'charge'), ('of', '')), models.Q(models.Q(('kind', 'charge'), _negated=True), models.Q(('of', ''), _negated=True)), _connector='OR'), name='transfer_of_something'),
        ),
        migrations.RunPython(protect),
    ]
