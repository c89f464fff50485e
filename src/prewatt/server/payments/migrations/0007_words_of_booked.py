from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0006_payments_being_sent_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='banklayout',
            name='words_booked',
            field=models.JSONField(default=list),
        ),
    ]
