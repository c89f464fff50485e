import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
        ('ledger', '0001_initial'),
        ('metering', '0001_initial'),
        ('vending', '0001_initial'),
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
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='debt_positive'),
                    models.UniqueConstraint(fields=('of', 'number', 'part'), name='debt_of_it_once'),
                ],
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
                ('undone_at', models.BigIntegerField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.organisation')),
                ('refund', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.refund')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='debt_payments', to='estate.tenancy')),
            ],
            options={
                'ordering': ('-at', '-id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='debt_payment_positive'),
                    models.UniqueConstraint(fields=('organisation', 'payment_id'), name='debt_payment_id_once'),
                    models.UniqueConstraint(condition=models.Q(('receipt', ''), _negated=True), fields=('organisation', 'receipt'), name='debt_payment_receipt_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='MoveChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('reason', models.CharField(max_length=200)),
                ('was', models.JSONField()),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='move_changes', to='estate.tenancy')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Spread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('share', models.PositiveSmallIntegerField()),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('debt', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='spread', to='billing.debt')),
                ('silence', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='spreads', to='metering.silence')),
            ],
            options={
                'ordering': ('at', 'id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('share__gte', 1), ('share__lte', 100)), name='spread_share_percent'),
                ],
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
                ('decided_at', models.BigIntegerField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('debt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='write_offs', to='billing.debt')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='write_off_positive'),
                    models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('debt',), name='write_off_waits_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DebtPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('why', models.CharField(choices=[('paid', 'paid'), ('written-off', 'written off'), ('set-off', 'set off against a refund'), ('withdrawn', 'the settlement was corrected'), ('rounding', 'rounded off'), ('share', 'a share of a payment'), ('settled', 'settled with the account')], max_length=11)),
                ('undone_at', models.BigIntegerField(null=True)),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('debt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='billing.debt')),
                ('top_up', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='debt_parts', to='vending.topup')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='billing.debtpayment')),
                ('write_off', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='part', to='billing.writeoff')),
            ],
            options={
                'ordering': ('at', 'id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='debt_part_positive'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Bill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('who', models.CharField(max_length=100)),
                ('begins', models.BigIntegerField()),
                ('ends', models.BigIntegerField()),
                ('made_at', models.BigIntegerField()),
                ('due_at', models.BigIntegerField()),
                ('owed', models.BigIntegerField()),
                ('total', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('is_complete', models.BooleanField()),
                ('document', models.JSONField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bills', to='estate.organisation')),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bills', to='estate.tenancy')),
            ],
            options={
                'ordering': ('number',),
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'number'), name='bill_number_once'),
                    models.UniqueConstraint(fields=('tenancy', 'ends'), name='bill_of_a_span_once'),
                    models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('ends__gt', models.F('begins')), ('total__gte', 0)), name='bill_in_bounds'),
                ],
            },
        ),
    ]
