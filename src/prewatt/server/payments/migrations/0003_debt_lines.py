import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0003_undone'),
        ('payments', '0002_debts'),
    ]

    operations = [
        migrations.AddField(
            model_name='bankline',
            name='debt_payment',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bank_line', to='billing.debtpayment'),
        ),
    ]
