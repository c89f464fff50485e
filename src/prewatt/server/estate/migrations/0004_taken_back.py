import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0003_owed'),
    ]

    operations = [
        migrations.AddField(
            model_name='property',
            name='back_cuts_off',
            field=models.BooleanField(default=True, help_text='Money that a bank takes back may bring the credit under zero, and so cut off after those days. If not: what the credit does not cover is a debt of the tenant, beside the meter.'),
        ),
        migrations.AddField(
            model_name='property',
            name='back_grace',
            field=models.PositiveSmallIntegerField(default=3, help_text='When a bank takes a payment back: so many days the supply goes on, though the credit is under zero; 0: none.', validators=[django.core.validators.MaxValueValidator(30)]),
        ),
    ]
