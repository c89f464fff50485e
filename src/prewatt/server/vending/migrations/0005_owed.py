from datetime import UTC, datetime

import django.db.models.deletion
from django.db import migrations, models


WHY = {"cleared": "cleared", "deposit": "deposit"}


def day_of(at):
    return datetime.fromtimestamp(at / 10**6, UTC).date()


def carry(apps, schema_editor):
    """Who was owed what stood in the books alone where a move-out had left it; what was paid out had no parts."""
    refunds, pay_outs = (apps.get_model("vending", name).objects for name in ("Refund", "PayOut"))
    sent = {}
    for part in apps.get_model("payments", "RefundPart").objects.filter(sent__isnull=False).select_related("payment"):
        pay_outs.create(
            refund_id=part.refund_id, amount=part.amount, way="provider", day=day_of(part.sent),
            number=f"{part.payment.payment_id}R{part.refund_id}"[:100], at=part.sent, by="",
        )  # fmt: skip
        sent[part.refund_id] = sent.get(part.refund_id, 0) + part.amount
    for each in refunds.select_related("tenancy"):
        each.who = each.tenancy.tenant
        each.save(update_fields=["who"])
        left = each.amount - sent.get(each.pk, 0)
        if each.paid is not None and left:
            pay_outs.create(
                refund=each, amount=left, way="cash", day=day_of(each.paid), at=each.paid, by=each.paid_by
            )
    left = apps.get_model("ledger", "Transfer").objects.filter(
        credit_account__kind="refunds-payable", kind__in=("settlement", "deposit")
    )
    for each in left.select_related("debit_account__tenancy", "tenancy").order_by("pk"):
        tenancy = each.debit_account.tenancy or each.tenancy
        if tenancy is not None:
            refunds.create(
                tenancy=tenancy, who=tenancy.tenant, amount=each.amount, why=WHY.get(each.of, "credit"),
                reason=each.memo, at=each.at, by="",
            )  # fmt: skip


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0003_owed'),
        ('ledger', '0005_debts'),
        ('payments', '0001_initial'),
        ('vending', '0004_debts'),
    ]

    operations = [
        migrations.AddField(
            model_name='refund',
            name='send_to',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
        migrations.AddField(
            model_name='refund',
            name='who',
            field=models.CharField(default='', max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='refund',
            name='why',
            field=models.CharField(choices=[('decided', 'refund'), ('credit', 'credit left at the move-out'), ('deposit', 'deposit'), ('cleared', 'credit cleared at the meter'), ('overpaid', 'paid more than was owed')], default='decided', max_length=8),
        ),
        migrations.CreateModel(
            name='PayOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('way', models.CharField(choices=[('cash', 'cash'), ('transfer', 'transfer'), ('provider', 'by the payment provider'), ('set-off', 'set off against a debt'), ('withdrawn', 'not owed after all'), ('rounding', 'finer than the currency')], max_length=9)),
                ('day', models.DateField()),
                ('number', models.CharField(blank=True, default='', max_length=100)),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('refund', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pay_outs', to='vending.refund')),
            ],
            options={
                'ordering': ('at', 'id'),
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='pay_out_positive')],
            },
        ),
        migrations.RunPython(carry),
    ]
