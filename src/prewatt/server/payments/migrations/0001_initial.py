import django.db.models.deletion
import prewatt.server.payments.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('billing', '0001_initial'),
        ('estate', '0001_initial'),
        ('vending', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=16)),
                ('name', models.CharField(max_length=40)),
                ('public_id', models.CharField(default=prewatt.server.payments.models._public_id, max_length=24, unique=True)),
                ('settings', models.JSONField(default=dict)),
                ('sealed', models.BinaryField()),
                ('is_enabled', models.BooleanField(default=True)),
                ('made_at', models.BigIntegerField()),
                ('refused', models.BigIntegerField(default=0)),
                ('refusal', models.CharField(blank=True, max_length=200)),
                ('refused_at', models.BigIntegerField(null=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merchants', to='estate.organisation')),
            ],
            options={
                'ordering': ('organisation', 'name'),
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'name'), name='merchant_name_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='BankLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=64)),
                ('day', models.DateField()),
                ('value_day', models.DateField(null=True)),
                ('amount', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('payer', models.CharField(blank=True, max_length=100)),
                ('account', models.CharField(blank=True, default='', max_length=34)),
                ('text', models.CharField(blank=True, max_length=300)),
                ('bank_id', models.CharField(blank=True, default='', max_length=80)),
                ('says_returned', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('open', 'to be booked'), ('booked', 'booked'), ('aside', 'set aside'), ('same', 'the same payment')], default='open', max_length=8)),
                ('is_separate', models.BooleanField(default=False)),
                ('bookings', models.PositiveSmallIntegerField(default=0)),
                ('uploaded_at', models.BigIntegerField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('debt_payment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bank_line', to='billing.debtpayment')),
                ('like', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alike', to='payments.bankline')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bank_lines', to='estate.organisation')),
                ('takes_back', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back_by', to='payments.bankline')),
                ('top_up', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bank_line', to='vending.topup')),
                ('merchant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payouts', to='payments.merchant')),
            ],
            options={
                'ordering': ('day', 'id'),
                'indexes': [
                    models.Index(fields=['organisation', 'day'], name='bank_line_by_day'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'fingerprint'), name='bank_line_once'),
                    models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='bank_line_of_something'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payment_id', models.CharField(max_length=32, unique=True)),
                ('asked', models.CharField(max_length=40)),
                ('amount', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('method', models.CharField(max_length=12)),
                ('payer', models.CharField(blank=True, max_length=128)),
                ('payer_address', models.CharField(blank=True, max_length=45)),
                ('link', models.TextField(blank=True)),
                ('params', models.JSONField(default=dict)),
                ('reference', models.CharField(blank=True, max_length=255)),
                ('state', models.CharField(choices=[('open', 'not paid yet'), ('paid', 'paid'), ('held', 'paid, and waits for a person'), ('closed', 'not paid'), ('returned', 'paid back'), ('debt', 'paid a debt')], default='open', max_length=8)),
                ('made_at', models.BigIntegerField()),
                ('expires_at', models.BigIntegerField()),
                ('looks', models.PositiveIntegerField(default=0)),
                ('next_look_at', models.BigIntegerField(null=True)),
                ('provider_id', models.CharField(blank=True, max_length=255)),
                ('paid_at', models.BigIntegerField(null=True)),
                ('confirmed_at', models.BigIntegerField(null=True)),
                ('seen_by', models.CharField(blank=True, max_length=12)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='payments.merchant')),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='estate.tenancy')),
                ('top_up', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payment', to='vending.topup')),
            ],
            options={
                'ordering': ('-made_at', '-id'),
                'indexes': [
                    models.Index(condition=models.Q(('state', 'open')), fields=['next_look_at'], name='payment_to_look_at'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('tenancy', 'asked'), name='payment_asked_once'),
                    models.UniqueConstraint(condition=models.Q(('provider_id', ''), _negated=True), fields=('merchant', 'provider_id'), name='payment_transaction_once'),
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_positive'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'paid'), _negated=True), ('top_up__isnull', False), _connector='OR'), name='payment_paid_is_credited'),
                ],
            },
        ),
        migrations.CreateModel(
            name='RefundPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('number', models.CharField(default=prewatt.server.payments.models.refund_number, max_length=64, unique=True)),
                ('sent_at', models.BigIntegerField(null=True)),
                ('has_failed', models.BooleanField(default=False)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refund_parts', to='payments.payment')),
                ('refund', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='vending.refund')),
            ],
            options={
                'ordering': ('refund', 'payment'),
                'constraints': [
                    models.UniqueConstraint(fields=('refund', 'payment'), name='refund_part_once'),
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_part_positive'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SettlementFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('fetched_at', models.BigIntegerField()),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='settlement_files', to='payments.merchant')),
            ],
            options={
                'ordering': ('-day',),
                'constraints': [
                    models.UniqueConstraint(fields=('merchant', 'day'), name='settlement_file_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SettlementLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line_id', models.CharField(max_length=255)),
                ('kind', models.CharField(max_length=12)),
                ('payment_id', models.CharField(blank=True, db_index=True, max_length=64)),
                ('provider_id', models.CharField(blank=True, max_length=255)),
                ('back_id', models.CharField(blank=True, default='', max_length=255)),
                ('text', models.CharField(blank=True, default='', max_length=200)),
                ('amount', models.BigIntegerField()),
                ('fee', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('at', models.BigIntegerField()),
                ('means', models.CharField(blank=True, choices=[('cost', 'a cost or a fee of the provider'), ('bank', 'moved between the provider and our bank'), ('aside', 'not ours')], default='', max_length=5)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='payments.settlementfile')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='settlement_lines', to='payments.merchant')),
            ],
            options={
                'ordering': ('at', 'id'),
                'constraints': [
                    models.UniqueConstraint(fields=('merchant', 'kind', 'line_id'), name='settlement_line_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='TakenBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('back_id', models.CharField(max_length=255)),
                ('cause', models.CharField(choices=[('refund', "refunded in the provider's own pages"), ('dispute', 'disputed by the payer'), ('return', 'returned by the bank')], max_length=8)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('payment_name', models.CharField(blank=True, max_length=64)),
                ('provider_id', models.CharField(blank=True, max_length=255)),
                ('amount', models.BigIntegerField()),
                ('returned', models.BigIntegerField(default=0)),
                ('fee', models.BigIntegerField(default=0)),
                ('currency', models.CharField(max_length=3)),
                ('at', models.BigIntegerField()),
                ('heard_at', models.BigIntegerField()),
                ('seen_by', models.CharField(max_length=12)),
                ('state', models.CharField(choices=[('waiting', 'its payment is not known yet'), ('asked', 'asked about; nothing is taken yet'), ('decide', 'waits for a person'), ('booked', 'taken back from the tenant'), ('cost', 'a cost of the landlord'), ('explained', 'nothing to book')], default='waiting', max_length=9)),
                ('is_sum', models.BooleanField(default=False)),
                ('booked_at', models.BigIntegerField(null=True)),
                ('debited', models.BigIntegerField(default=0)),
                ('grace_until', models.BigIntegerField(null=True)),
                ('closed_at', models.BigIntegerField(null=True)),
                ('bank_line', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='payments.bankline')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('command', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command')),
                ('merchant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='payments.merchant')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='estate.organisation')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='payments.payment')),
                ('refund', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.refund')),
                ('top_up', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='vending.topup')),
                ('within', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='payments.takenback')),
            ],
            options={
                'ordering': ('-at', '-id'),
                'indexes': [
                    models.Index(fields=['merchant', 'provider_id'], name='taken_back_of'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('merchant', 'back_id'), name='taken_back_once'),
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('returned__gte', 0), ('returned__lte', models.F('amount'))), name='taken_back_amounts'),
                    models.CheckConstraint(condition=models.Q(models.Q(('bank_line__isnull', True), ('merchant__isnull', False)), models.Q(('bank_line__isnull', False), ('merchant__isnull', True)), _connector='OR'), name='taken_back_by_one'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Unexpected',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider_id', models.CharField(max_length=255)),
                ('amount', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('at', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('is_resolved', models.BooleanField(default=False)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='unexpected', to='payments.merchant')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='unexpected', to='payments.payment')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('merchant', 'provider_id'), name='unexpected_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='WaitingStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.BinaryField()),
                ('at', models.BigIntegerField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='estate.organisation')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'by'), name='waiting_statement_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='BankLayout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=64)),
                ('has_names', models.BooleanField(default=True)),
                ('columns', models.JSONField()),
                ('order', models.CharField(blank=True, max_length=3)),
                ('direction', models.CharField(blank=True, max_length=8)),
                ('words_in', models.JSONField(default=list)),
                ('made_at', models.BigIntegerField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bank_layouts', to='estate.organisation')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'fingerprint'), name='bank_layout_once'),
                ],
            },
        ),
    ]
