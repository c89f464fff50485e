from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0003_gateways_kept_off")]

    operations = [
        migrations.AddField(
            model_name="gateway",
            name="code_ends",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
