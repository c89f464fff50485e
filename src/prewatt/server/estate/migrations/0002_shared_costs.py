"""Tariffs and shared costs."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0001_initial'),
        ('tariffs', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='property',
            name='loss_alarm',
            field=models.DecimalField(decimal_places=2, default=10, help_text="Warn when more than this percentage of a month's energy is not accounted for.", max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AddField(
            model_name='property',
            name='price_cap',
            field=models.DecimalField(blank=True, decimal_places=6, help_text='The most that the law lets a tenant be charged per kWh, with fee and tax; empty: no cap.', max_digits=10, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000)]),
        ),
        migrations.AddField(
            model_name='property',
            name='purchase_tariff',
            field=models.ForeignKey(blank=True, help_text='What the supplier charges, where the law lets only that be passed on; empty: no such rule.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.tariff'),
        ),
        migrations.AddField(
            model_name='tenancy',
            name='deposit',
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='tenancy',
            name='occupants',
            field=models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MaxValueValidator(1000)]),
        ),
        migrations.AddField(
            model_name='tenancy',
            name='settled',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='unit',
            name='area',
            field=models.DecimalField(decimal_places=2, default=0, max_digits=8, validators=[django.core.validators.MinValueValidator(0)], verbose_name='floor area, m²'),
        ),
        migrations.AddField(
            model_name='unit',
            name='occupants',
            field=models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MaxValueValidator(1000)]),
        ),
        migrations.CreateModel(
            name='Part',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50)),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='estate.property')),
            ],
            options={
                'ordering': ('property', 'name'),
            },
        ),
        migrations.AddField(
            model_name='unit',
            name='parts',
            field=models.ManyToManyField(blank=True, related_name='units', to='estate.part'),
        ),
        migrations.AddConstraint(
            model_name='part',
            constraint=models.UniqueConstraint(fields=('property', 'name'), name='part_name_once'),
        ),
    ]
