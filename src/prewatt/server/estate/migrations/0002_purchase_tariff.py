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
            field=models.ForeignKey(blank=True, help_text="The supplier's tariff, if the law allows only its prices to be passed on. Empty: there is no such rule.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.tariff'),
        ),
    ]
