import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0004_taken_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='property',
            name='emergency_code_amount',
            field=models.DecimalField(decimal_places=2, default=5, help_text='The most that one code lends which is made in advance.', max_digits=12, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000)]),
        ),
        migrations.AddField(
            model_name='property',
            name='emergency_code_days',
            field=models.PositiveSmallIntegerField(default=7, help_text='So many days one holds at most.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(31)]),
        ),
        migrations.AddField(
            model_name='property',
            name='emergency_code_number',
            field=models.PositiveSmallIntegerField(default=1, help_text='So many codes of one flat hold at a time, used ones too until they would have ended; 0: none is made.', validators=[django.core.validators.MaxValueValidator(10)]),
        ),
    ]
