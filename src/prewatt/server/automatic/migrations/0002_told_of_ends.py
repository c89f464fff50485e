"""A provider that could not be told of the end of a rule is told later."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("automatic", "0001_initial"),)
    operations = (
        migrations.AddField("automatictopup", "to_forget", models.BinaryField(default=b"")),
    )
