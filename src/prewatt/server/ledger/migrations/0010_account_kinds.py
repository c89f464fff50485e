"""The kinds of accounts are called alike."""

from django.db import migrations, models

NAMES = {
    "money-received": "cash", "service": "service-revenue", "standing": "standing-revenue", "minimum": "minimum-revenue",
    "refunds-payable": "refunds",
}


def rename(apps, schema_editor):
    accounts = apps.get_model("ledger", "Account").objects
    for before, after in NAMES.items():
        accounts.filter(kind=before).update(kind=after)


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0009_terms'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.CharField(choices=[('tenant-credit', "Tenant's credit"), ('cash', 'Cash received'), ('bank', 'Bank'), ('clearing', 'With the payment provider'), ('provider-fees', 'Fees of payment providers'), ('energy-revenue', 'Energy sold'), ('service-revenue', 'Service fees per kWh'), ('standing-revenue', 'Standing charges'), ('minimum-revenue', 'Minimum charges'), ('tax', 'Tax owed'), ('vacancy', 'Energy used while vacant'), ('shared-costs', 'Shared costs recovered'), ('deposits', 'Deposits held'), ('refunds', 'Refunds payable'), ('debts', 'Debts of tenants'), ('written-off', 'Debts written off'), ('adjustments', 'Credit given freely'), ('emergency', 'Emergency credit given'), ('emergency-lent', 'Emergency credit that tenants hold')], max_length=16),
        ),
        migrations.RunPython(rename),
    ]
