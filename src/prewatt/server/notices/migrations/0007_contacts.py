from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("notices", "0006_reckoned"),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='by_office',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='recipient',
            name='changed',
            field=models.BigIntegerField(null=True),
        ),
    ]
