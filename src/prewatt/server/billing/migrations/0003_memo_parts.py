"""The memo of a debt is kept with the parts of its sentence."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0002_statement_papers"),
    ]

    operations = [
        migrations.AddField(model_name="debt", name="memo_parts", field=models.JSONField(default=dict)),
    ]
