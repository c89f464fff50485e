from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0002_moves'),
    ]

    operations = [
        migrations.AddField(
            model_name='debtpayment',
            name='undone',
            field=models.BigIntegerField(null=True),
        ),
    ]
