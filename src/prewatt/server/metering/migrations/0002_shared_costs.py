"""Tariffs and shared costs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0002_shared_costs'),
        ('metering', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='meter',
            options={'ordering': ('gateway__property', 'role', 'unit__name', 'name')},
        ),
        migrations.AddField(
            model_name='meter',
            name='part',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='meters', to='estate.part'),
        ),
        migrations.AddField(
            model_name='meter',
            name='role',
            field=models.CharField(choices=[('unit', 'of a unit'), ('common', 'of what is used in common'), ('main', 'of the whole property')], default='unit', max_length=8),
        ),
        migrations.AlterField(
            model_name='meter',
            name='unit',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='meter', to='estate.unit'),
        ),
        migrations.AddConstraint(
            model_name='meter',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', 'unit'), ('unit__isnull', False)), models.Q(models.Q(('role', 'unit'), _negated=True), ('unit__isnull', True)), _connector='OR'), name='meter_of_unit'),
        ),
    ]
