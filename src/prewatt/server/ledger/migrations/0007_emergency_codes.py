from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_taken_back'),
    ]

    operations = [
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=models.CharField(choices=[('top-up', 'top-up'), ('charge', 'charge'), ('shared-cost', 'shared cost'), ('reversal', 'reversal'), ('re-rating', 'charged anew'), ('attribution', 'charged to another tenancy'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('refund', 'refund'), ('refund-paid', 'refund paid out'), ('adjustment', 'adjustment'), ('emergency', 'emergency credit'), ('restored', 'emergency credit of the landlord'), ('fee', 'fee of a payment provider'), ('payout', 'paid out by a payment provider'), ('uncredited', 'payment that could not be credited'), ('debt', 'debt'), ('debt-paid', 'debt paid'), ('written-off', 'debt written off')], max_length=12),
        ),
    ]
