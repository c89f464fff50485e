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
            name='purchase_tariff',
            field=models.ForeignKey(blank=True, help_text='What the supplier charges, where the law lets only that be passed on; empty: no such rule.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.tariff'),
        ),
    ]
