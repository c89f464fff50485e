"""The tables of this room."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prewatt.server.fields


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('managers', models.ManyToManyField(blank=True, related_name='organisations', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Property',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('zone', models.CharField(help_text='IANA time zone, such as Europe/Berlin', max_length=64, validators=[prewatt.server.fields.check_zone])),
                ('currency', models.CharField(max_length=3, validators=[prewatt.server.fields.check_currency])),
                ('low_credit', models.DecimalField(decimal_places=2, default=5, help_text='Warn when a balance falls under this.', max_digits=12, validators=[django.core.validators.MinValueValidator(0)])),
                ('low_credit_kwh', models.DecimalField(decimal_places=3, default=0, help_text='Warn when a balance is worth fewer kWh than this at the price of the moment; 0: never for that.', max_digits=9, validators=[django.core.validators.MinValueValidator(0)])),
                ('clearance', models.DecimalField(decimal_places=2, default=0, help_text='After a cut-off, supply again from this balance on.', max_digits=12, validators=[django.core.validators.MinValueValidator(0)])),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='properties', to='estate.organisation')),
            ],
            options={
                'verbose_name_plural': 'properties',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50)),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='units', to='estate.property')),
            ],
            options={
                'ordering': ('property', 'name'),
            },
        ),
        migrations.CreateModel(
            name='Tenancy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant', models.CharField(max_length=100)),
                ('begins', models.BigIntegerField()),
                ('ends', models.BigIntegerField(blank=True, null=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tenancies', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tenancies', to='estate.unit')),
            ],
            options={
                'verbose_name_plural': 'tenancies',
            },
        ),
        migrations.AddConstraint(
            model_name='property',
            constraint=models.UniqueConstraint(fields=('organisation', 'name'), name='property_name_once'),
        ),
        migrations.AddConstraint(
            model_name='unit',
            constraint=models.UniqueConstraint(fields=('property', 'name'), name='unit_name_once'),
        ),
        migrations.AddConstraint(
            model_name='tenancy',
            constraint=models.UniqueConstraint(condition=models.Q(('ends__isnull', True)), fields=('unit',), name='one_open_tenancy'),
        ),
        migrations.AddConstraint(
            model_name='tenancy',
            constraint=models.CheckConstraint(condition=models.Q(('ends__isnull', True), ('ends__gt', models.F('begins')), _connector='OR'), name='tenancy_ends_later'),
        ),
    ]
