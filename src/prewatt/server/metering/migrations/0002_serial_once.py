from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint('meter', 'meter_serial_once'),
        migrations.AddConstraint(
            model_name='meter',
            constraint=models.UniqueConstraint(condition=models.Q(('serial', ''), _negated=True), fields=('gateway', 'serial'), name='meter_serial_once'),
        ),
    ]
