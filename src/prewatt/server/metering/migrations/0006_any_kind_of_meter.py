from django.db import migrations, models

from prewatt.server.core.fields import check_driver_name


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0005_silences'),
    ]

    operations = [
        migrations.AlterField(
            model_name='meter',
            name='driver',
            field=models.CharField(default='recorded', max_length=32, validators=[check_driver_name]),
        ),
    ]
