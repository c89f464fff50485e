from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', "0007_use_by_day"),
    ]

    operations = [
        migrations.AddField(
            model_name='alarm',
            name='parts',
            field=models.JSONField(default=dict),
        ),
    ]
