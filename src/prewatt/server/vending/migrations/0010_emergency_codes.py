import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0002_serial_once'),
        ('vending', '0009_order_codes'),
    ]

    operations = [
        migrations.CreateModel(
            name='EmergencyCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('made', models.BigIntegerField()),
                ('ends', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('used_seq', models.BigIntegerField(null=True)),
                ('used_at', models.BigIntegerField(null=True)),
                ('revoked', models.BigIntegerField(null=True)),
                ('revoked_by', models.CharField(blank=True, default='', max_length=150)),
                ('code', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='emergency', to='vending.code')),
                ('ended', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command')),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='emergency_codes', to='metering.meter')),
            ],
            options={
                'ordering': ('-made', '-id'),
            },
        ),
    ]
