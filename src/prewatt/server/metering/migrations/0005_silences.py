import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0004_safety'),
    ]

    operations = [
        migrations.CreateModel(
            name='Silence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began', models.BigIntegerField()),
                ('back', models.BigIntegerField(null=True)),
                ('over', models.BigIntegerField(null=True)),
                ('told', models.PositiveIntegerField(default=0)),
                ('told_back', models.BooleanField(default=False)),
                ('gateway', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='silences', to='metering.gateway')),
                ('meter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='silences', to='metering.meter')),
            ],
            options={
                'ordering': ('-began', '-id'),
            },
        ),
        migrations.CreateModel(
            name='SilentMeter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField()),
                ('balance', models.BigIntegerField()),
                ('closed', models.BooleanField(null=True)),
                ('read_at', models.BigIntegerField(null=True)),
                ('day_energy', models.BigIntegerField(null=True)),
                ('day_charge', models.BigIntegerField(null=True)),
                ('counted', models.BigIntegerField(null=True)),
                ('energy', models.BigIntegerField(default=0)),
                ('charge', models.BigIntegerField(default=0)),
                ('stands', models.BigIntegerField(default=0)),
                ('went_on', models.BooleanField(default=False)),
                ('spread', models.BooleanField(default=False)),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.meter')),
                ('silence', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='meters', to='metering.silence')),
            ],
            options={
                'ordering': ('silence', 'id'),
            },
        ),
        migrations.AddConstraint(
            model_name='silence',
            constraint=models.UniqueConstraint(condition=models.Q(('meter', None), ('over', None)), fields=('gateway',), name='silence_of_gateway_once'),
        ),
        migrations.AddConstraint(
            model_name='silence',
            constraint=models.UniqueConstraint(condition=models.Q(('meter__isnull', False), ('over', None)), fields=('meter',), name='silence_of_meter_once'),
        ),
        migrations.AddConstraint(
            model_name='silentmeter',
            constraint=models.UniqueConstraint(fields=('silence', 'meter'), name='silent_meter_once'),
        ),
    ]
