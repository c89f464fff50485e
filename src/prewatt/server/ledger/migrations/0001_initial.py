import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
        ('metering', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Closing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('tenant-credit', "Tenant's credit"), ('cash', 'Cash received'), ('bank', 'Bank'), ('clearing', 'With the payment provider'), ('provider-fees', 'Fees of payment providers'), ('energy-revenue', 'Energy sold'), ('service-revenue', 'Service fees per kWh'), ('standing-revenue', 'Standing charges'), ('minimum-revenue', 'Minimum charges'), ('other-revenue', 'Other charges'), ('tax', 'Tax owed'), ('vacancy', 'Energy used while vacant'), ('shared-costs', 'Shared costs recovered'), ('deposits', 'Deposits held'), ('refunds', 'Refunds payable'), ('debts', 'Debts of tenants'), ('written-off', 'Debts written off'), ('adjustments', 'Credit given freely'), ('emergency', 'Emergency credit given'), ('emergency-lent', 'Emergency credit that tenants hold')], max_length=16)),
                ('name', models.CharField(blank=True, default='', max_length=50)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='estate.organisation')),
                ('tenancy', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='account', to='estate.tenancy')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('tenancy__isnull', True)), fields=('organisation', 'kind', 'name'), name='account_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'tenant-credit'), ('tenancy__isnull', False)), models.Q(models.Q(('kind', 'tenant-credit'), _negated=True), ('tenancy__isnull', True)), _connector='OR'), name='account_of_tenancy'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ClosedSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='closed', to='ledger.account')),
            ],
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('top-up', 'top-up'), ('charge', 'charge'), ('shared-cost', 'shared cost'), ('reversal', 'reversal'), ('re-rating', 'charged anew'), ('attribution', 'charged to another tenancy'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('refund', 'refund'), ('refund-paid', 'refund paid out'), ('adjustment', 'adjustment'), ('emergency', 'emergency credit'), ('restored', 'emergency credit of the landlord'), ('fee', 'fee of a payment provider'), ('payout', 'paid out by a payment provider'), ('uncredited', 'payment that could not be credited'), ('debt', 'debt'), ('debt-paid', 'debt paid'), ('written-off', 'debt written off')], max_length=12)),
                ('memo', models.CharField(blank=True, max_length=200)),
                ('amount', models.BigIntegerField()),
                ('at', models.BigIntegerField()),
                ('of', models.CharField(blank=True, choices=[('top-up', 'top-up'), ('refund', 'refund'), ('refund-part', 'part of a refund'), ('payment', 'payment'), ('bank-line', 'bank line'), ('fee', 'fee'), ('line', 'line of a settlement file'), ('taken-back', 'money taken back'), ('adjustment', 'adjustment'), ('share', 'share of a cost'), ('correction', 'correction'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('move', 'move'), ('move-right', 'move put right'), ('debt-part', 'part of a debt'), ('debt-payment', 'payment of a debt'), ('spread', 'spread over payments'), ('terms', 'terms of payment'), ('paid-out', 'paid out'), ('alarm', 'alarm'), ('reading', 'reading'), ('early', 'charged early'), ('cleared', 'credit cleared'), ('emergency', 'emergency credit')], default='', max_length=12)),
                ('number', models.BigIntegerField(null=True)),
                ('part', models.CharField(blank=True, default='', max_length=32)),
                ('first_seq', models.BigIntegerField(null=True)),
                ('last_seq', models.BigIntegerField(null=True)),
                ('credit_account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credits', to='ledger.account')),
                ('debit_account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debits', to='ledger.account')),
                ('meter', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transfers', to='metering.meter')),
                ('tenancy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.tenancy')),
            ],
            options={
                'ordering': ('id',),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='transfer_positive'),
                    models.CheckConstraint(condition=models.Q(('debit_account', models.F('credit_account')), _negated=True), name='transfer_two_accounts'),
                    models.UniqueConstraint(condition=models.Q(('of', ''), _negated=True), fields=('of', 'number', 'part'), name='transfer_booked_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'charge'), ('of', '')), models.Q(models.Q(('kind', 'charge'), _negated=True), models.Q(('of', ''), _negated=True)), _connector='OR'), name='transfer_of_something'),
                ],
            },
        ),
    ]
