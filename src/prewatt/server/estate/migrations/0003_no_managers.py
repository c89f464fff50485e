from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0002_purchase_tariff'),
        ('accounts', '0001_memberships'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='organisation',
            name='managers',
        ),
    ]
