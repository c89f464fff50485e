"""The reason of a refund and of an adjustment is kept with the parts of its sentence."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vending", "0006_archived_keypad_meters"),
    ]

    operations = [
        migrations.AddField(model_name=name, name="reason_parts", field=models.JSONField(default=dict))
        for name in ("refund", "adjustment")
    ]
