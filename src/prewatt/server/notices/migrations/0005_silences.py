from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0004_channels'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notice',
            name='event',
            field=models.CharField(choices=[('low', 'credit is running low'), ('exhausted', 'credit is used up'), ('cut-off', 'power was cut off'), ('restored', 'power is back'), ('top-up', 'a payment was received'), ('taken-back', 'a payment was taken back'), ('shared-cost', 'a shared cost was booked'), ('tariff', 'the tariff will change'), ('statement', "the month's statement is ready"), ('unusual', 'unusual use: something may have been left on'), ('overload', 'overload'), ('offline', 'a gateway or a meter is silent'), ('back', 'a gateway or a meter is back'), ('trouble', 'something a person must look at'), ('leak', 'unusual use of the common supply'), ('held', 'money waits for a person'), ('owed', 'money is owed to somebody for long')], max_length=12),
        ),
    ]
