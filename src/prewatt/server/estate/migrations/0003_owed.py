import django.core.validators
from django.db import migrations, models


def carry(apps, schema_editor):
    apps.get_model("estate", "Tenancy").objects.filter(settled__isnull=False).update(settlements=1)


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0002_purchase_tariff'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='refund_reminder',
            field=models.PositiveSmallIntegerField(default=30, help_text='Days after which somebody is reminded of money that is owed to a tenant and not paid out.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)]),
        ),
        migrations.AddField(
            model_name='organisation',
            name='refund_unclaimed',
            field=models.PositiveSmallIntegerField(default=365, help_text='Days after which money that is owed to a tenant counts as unclaimed; it stays owed.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)]),
        ),
        migrations.AddField(
            model_name='tenancy',
            name='settlements',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(carry),
    ]
