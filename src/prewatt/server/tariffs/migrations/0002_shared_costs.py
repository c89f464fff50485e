"""Tariffs and shared costs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0002_shared_costs'),
        ('metering', '0002_shared_costs'),
        ('tariffs', '0001_initial'),
        ('vending', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begins', models.BigIntegerField()),
                ('ends', models.BigIntegerField()),
                ('reason', models.CharField(max_length=150)),
                ('made', models.BigIntegerField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='estate.property')),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='tariffs.tariff')),
            ],
            options={
                'ordering': ('-made', '-id'),
            },
        ),
        migrations.CreateModel(
            name='CorrectedCharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('charged', models.BigIntegerField()),
                ('rerated', models.BigIntegerField()),
                ('command', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command')),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.meter')),
                ('tenancy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='estate.tenancy')),
                ('correction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='tariffs.correction')),
            ],
        ),
    ]
