import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vending', '0005_owed'),
    ]

    operations = [
        migrations.AddField(
            model_name='topup',
            name='moved_from',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='moved_to', to='vending.topup'),
        ),
    ]
