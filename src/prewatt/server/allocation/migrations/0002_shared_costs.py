"""Tariffs and shared costs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('allocation', '0001_shared_costs'),
        ('estate', '0002_shared_costs'),
    ]

    operations = [
        migrations.AddField(
            model_name='sharedcost',
            name='part',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shared_costs', to='estate.part'),
        ),
        migrations.AddField(
            model_name='sharedcost',
            name='property',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shared_costs', to='estate.property'),
        ),
        migrations.AddField(
            model_name='run',
            name='shared_cost',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='allocation.sharedcost'),
        ),
        migrations.AddField(
            model_name='fixedweight',
            name='shared_cost',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='weights', to='allocation.sharedcost'),
        ),
        migrations.AddConstraint(
            model_name='sharedcost',
            constraint=models.UniqueConstraint(fields=('property', 'name'), name='shared_cost_name_once'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('energy__isnull', False), ('reversed__isnull', True)), fields=('shared_cost', 'begins'), name='run_once'),
        ),
        migrations.AddConstraint(
            model_name='fixedweight',
            constraint=models.UniqueConstraint(fields=('shared_cost', 'unit'), name='weight_once'),
        ),
    ]
