from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0004_booked_once'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.CharField(choices=[('tenant-credit', "Tenant's credit"), ('money-received', 'Cash received'), ('bank', 'Bank'), ('clearing', 'With the payment provider'), ('provider-fees', 'Fees of payment providers'), ('energy-revenue', 'Energy sold'), ('service', 'Service fees per kWh'), ('standing', 'Standing charges'), ('minimum', 'Minimum charges'), ('tax', 'Tax owed'), ('vacancy', 'Energy used while vacant'), ('shared-costs', 'Shared costs recovered'), ('deposits', 'Deposits held'), ('refunds-payable', 'Refunds payable'), ('debts', 'Debts of tenants'), ('written-off', 'Debts written off'), ('adjustments', 'Credit given freely'), ('emergency', 'Emergency credit given'), ('emergency-lent', 'Emergency credit that tenants hold')], max_length=16),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='kind',
            field=models.CharField(choices=[('top-up', 'top-up'), ('charge', 'charge'), ('shared-cost', 'shared cost'), ('reversal', 'reversal'), ('re-rating', 'charged anew'), ('attribution', 'charged to another tenancy'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('refund', 'refund'), ('refund-paid', 'refund paid out'), ('adjustment', 'adjustment'), ('emergency', 'emergency credit'), ('fee', 'fee of a payment provider'), ('payout', 'paid out by a payment provider'), ('uncredited', 'payment that could not be credited'), ('debt', 'debt'), ('debt-paid', 'debt paid'), ('written-off', 'debt written off')], max_length=12),
        ),
        migrations.AlterField(
            model_name='transfer',
            name='of',
            field=models.CharField(blank=True, choices=[('top-up', 'top-up'), ('refund', 'refund'), ('refund-part', 'part of a refund'), ('payment', 'payment'), ('bank-line', 'bank line'), ('fee', 'fee'), ('adjustment', 'adjustment'), ('share', 'share of a cost'), ('correction', 'correction'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('move', 'move'), ('move-right', 'move put right'), ('debt-part', 'part of a debt'), ('debt-payment', 'payment of a debt'), ('paid-out', 'paid out'), ('alarm', 'alarm'), ('reading', 'reading'), ('early', 'charged early'), ('cleared', 'credit cleared'), ('emergency', 'emergency credit'), ('earlier', 'of an earlier version')], default='', max_length=12),
        ),
    ]
