from django.db import migrations, models


class Migration(migrations.Migration):
    """An enrolment code is proved and no longer sent. A code of before has to be made anew."""

    dependencies = [("metering", "0004_codes_end")]

    operations = [
        migrations.RemoveField(model_name="gateway", name="code_hash"),
        migrations.AddField(
            model_name="gateway",
            name="code_id",
            field=models.CharField(blank=True, editable=False, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="gateway",
            name="code_secret",
            field=models.BinaryField(editable=False, null=True),
        ),
    ]
