import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def carry(apps, schema_editor):
    """What settlements have left to be paid was in the books alone."""
    debts = apps.get_model("billing", "Debt").objects
    known = apps.get_model("ledger", "Transfer").objects.filter(
        debit_account__kind="debts", credit_account__tenancy__isnull=False
    )
    for each in known.select_related("credit_account__tenancy").order_by("pk"):
        tenancy = each.credit_account.tenancy
        debts.create(
            tenancy=tenancy, who=tenancy.tenant, amount=each.amount, of=each.of, number=each.number, part=each.part,
            memo=each.memo, since=each.at,
        )  # fmt: skip


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0002_purchase_tariff'),
        ('ledger', '0005_debts'),
        ('vending', '0004_debts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Debt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('who', models.CharField(max_length=100)),
                ('amount', models.BigIntegerField()),
                ('of', models.CharField(max_length=12)),
                ('number', models.BigIntegerField()),
                ('part', models.CharField(blank=True, default='', max_length=32)),
                ('memo', models.CharField(blank=True, max_length=200)),
                ('since', models.BigIntegerField()),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debts', to='estate.tenancy')),
            ],
            options={
                'ordering': ('since', 'id'),
            },
        ),
        migrations.CreateModel(
            name='DebtPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payment_id', models.CharField(max_length=40)),
                ('amount', models.BigIntegerField()),
                ('receipt', models.CharField(blank=True, default='', max_length=100)),
                ('at', models.BigIntegerField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.organisation')),
                ('refund', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.refund')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debt_payments', to='estate.tenancy')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='WriteOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('at', models.BigIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'waits for a second person'), ('done', 'done'), ('declined', 'declined')], default='waiting', max_length=8)),
                ('decided', models.BigIntegerField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('debt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='write_offs', to='billing.debt')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='DebtPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('why', models.CharField(choices=[('paid', 'paid'), ('off', 'written off'), ('set-off', 'set off against what was owed back'), ('withdrawn', 'the settlement that left it was put right'), ('rounding', 'finer than the currency')], max_length=9)),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('debt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='billing.debt')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='billing.debtpayment')),
                ('write_off', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='part', to='billing.writeoff')),
            ],
            options={
                'ordering': ('at', 'id'),
            },
        ),
        migrations.AddConstraint(
            model_name='debt',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='debt_positive'),
        ),
        migrations.AddConstraint(
            model_name='debt',
            constraint=models.UniqueConstraint(fields=('of', 'number', 'part'), name='debt_of_it_once'),
        ),
        migrations.AddConstraint(
            model_name='debtpayment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='debt_payment_positive'),
        ),
        migrations.AddConstraint(
            model_name='debtpayment',
            constraint=models.UniqueConstraint(fields=('organisation', 'payment_id'), name='debt_payment_id_once'),
        ),
        migrations.AddConstraint(
            model_name='debtpayment',
            constraint=models.UniqueConstraint(condition=models.Q(('receipt', ''), _negated=True), fields=('organisation', 'receipt'), name='debt_payment_receipt_once'),
        ),
        migrations.AddConstraint(
            model_name='writeoff',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='write_off_positive'),
        ),
        migrations.AddConstraint(
            model_name='writeoff',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('debt',), name='write_off_waits_once'),
        ),
        migrations.AddConstraint(
            model_name='debtpart',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='debt_part_positive'),
        ),
        migrations.RunPython(carry),
    ]
