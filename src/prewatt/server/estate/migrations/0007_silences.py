import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0006_safety'),
    ]

    operations = [
        migrations.AddField(
            model_name='property',
            name='alone_days',
            field=models.PositiveSmallIntegerField(default=0, help_text='The same in days of usual use, worked out for each meter by its gateway; 0: none.', validators=[django.core.validators.MaxValueValidator(60)]),
        ),
        migrations.AddField(
            model_name='property',
            name='alone_kwh',
            field=models.DecimalField(decimal_places=3, default=0, help_text='A meter that can cut off by itself supplies so many kWh beyond the credit while no gateway speaks to it, and then cuts off; 0: it goes on without end.', max_digits=9, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddField(
            model_name='property',
            name='silence_again',
            field=models.PositiveSmallIntegerField(default=24, help_text='They are told again after so many hours, each time so many have passed; 0: not again.', validators=[django.core.validators.MaxValueValidator(720)]),
        ),
        migrations.AddField(
            model_name='property',
            name='silence_minutes',
            field=models.PositiveSmallIntegerField(default=10, help_text='Managers are told when nothing is heard of a gateway or a meter for so many minutes.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)]),
        ),
        migrations.AddField(
            model_name='property',
            name='spread_days',
            field=models.PositiveSmallIntegerField(default=3, help_text='So many days the supply goes on after it was spread, though there is no credit yet; 0: none.', validators=[django.core.validators.MaxValueValidator(30)]),
        ),
        migrations.AddField(
            model_name='property',
            name='spread_over',
            field=models.DecimalField(decimal_places=2, default=0, help_text='By itself only what is more than this.', max_digits=12, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddField(
            model_name='property',
            name='spread_rule',
            field=models.CharField(choices=[('ask', 'ask'), ('self', 'spread by itself'), ('never', 'never')], default='ask', help_text='What follows when more ran up in a silence than a flat has paid for.', max_length=5),
        ),
        migrations.AddField(
            model_name='property',
            name='spread_share',
            field=models.PositiveSmallIntegerField(default=25, help_text='Percent of each payment that go to what is spread, before the rest goes to the meter.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(80)]),
        ),
        migrations.AddField(
            model_name='property',
            name='spread_weeks',
            field=models.PositiveSmallIntegerField(default=12, help_text='More than that where it would else take longer than so many weeks, by usual use; 0: however long.', validators=[django.core.validators.MaxValueValidator(104)]),
        ),
    ]
