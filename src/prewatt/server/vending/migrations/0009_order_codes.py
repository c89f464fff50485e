import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vending', '0008_taken_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='adjustment',
            name='command',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command'),
        ),
        migrations.AlterField(
            model_name='code',
            name='kind',
            field=models.CharField(choices=[('money', 'credit in money'), ('units', 'credit in 0.1 kWh'), ('management', 'management'), ('key', 'key change'), ('order', 'order'), ('emergency', 'made in advance, for an emergency')], max_length=10),
        ),
    ]
