from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vending', '0006_moved'),
    ]

    operations = [
        migrations.AlterField(
            model_name='adjustment',
            name='kind',
            field=models.CharField(choices=[('given', 'given freely'), ('charged', 'what was charged is put right'), ('metered', "the meter's figure is taken into the books")], default='given', max_length=8),
        ),
    ]
