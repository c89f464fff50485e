"""What a transfer is for. The protection of migration 0002 is taken away for it and put back."""

from importlib import import_module

from django.db import migrations, models

_before = import_module("prewatt.server.ledger.migrations.0002_append_only")


def unprotect(apps, schema_editor):
    statements = {
        "sqlite": [f"DROP TRIGGER IF EXISTS transfer_no_{event}" for event in ("update", "delete")],
        "postgresql": [
            "DROP TRIGGER transfer_append_only ON ledger_transfer",
            "DROP FUNCTION ledger_append_only()",
        ],
    }[schema_editor.connection.vendor]
    for statement in statements:
        schema_editor.execute(statement)


def name_kinds(apps, schema_editor):
    apps.get_model("ledger", "Transfer").objects.filter(credit_id__isnull=False).update(kind="top-up")


def protect(apps, schema_editor):
    _before.protect(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_append_only'),
    ]

    operations = [
        migrations.RunPython(unprotect),
        migrations.AddField(
            model_name='transfer',
            name='kind',
            preserve_default=False,
            field=models.CharField(choices=[('top-up', 'top-up'), ('charge', 'charge'), ('shared-cost', 'shared cost'), ('reversal', 'reversal'), ('re-rating', 'charged anew'), ('attribution', 'charged to another tenancy'), ('deposit', 'deposit'), ('settlement', 'settlement')], default='charge', max_length=12),
        ),
        migrations.AddField(
            model_name='transfer',
            name='memo',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.CharField(choices=[('tenant-credit', "Tenant's credit"), ('money-received', 'Money received'), ('energy-revenue', 'Energy sold'), ('vacancy', 'Energy used while vacant'), ('shared-costs', 'Shared costs recovered'), ('deposits', 'Deposits held'), ('refunds-payable', 'Refunds payable'), ('debts', 'Debts of former tenants')], max_length=16),
        ),
        migrations.RunPython(name_kinds),
        migrations.RunPython(protect),
    ]
