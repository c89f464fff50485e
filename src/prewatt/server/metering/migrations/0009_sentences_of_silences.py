from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', "0008_sentences_of_alarms"),
    ]

    operations = [
        migrations.AddField(
            model_name='silence',
            name='why_parts',
            field=models.JSONField(default=dict),
        ),
    ]
