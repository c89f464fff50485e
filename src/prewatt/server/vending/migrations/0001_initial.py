import django.db.models.deletion
import prewatt.tokens.keys
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
        ('metering', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Command',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField()),
                ('kind', models.CharField(max_length=16)),
                ('body', models.BinaryField()),
                ('signature', models.BinaryField()),
                ('issued_at', models.BigIntegerField()),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('sent', 'sent'), ('applied', 'applied'), ('rejected', 'refused')], default='queued', max_length=8)),
                ('applied_seq', models.BigIntegerField(null=True)),
                ('applied_at', models.BigIntegerField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('tid', models.IntegerField(null=True)),
                ('coded_seq', models.BigIntegerField(null=True)),
                ('coded_at', models.BigIntegerField(null=True)),
                ('earlier_number', models.BigIntegerField(null=True)),
                ('is_from_journal', models.BooleanField(default=False)),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credit_log', to='metering.meter')),
            ],
            options={
                'ordering': ('meter', 'number'),
                'indexes': [
                    models.Index(condition=models.Q(('state__in', ('queued', 'sent'))), fields=['meter', 'number'], name='command_open'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('meter', 'number'), name='command_number_once'),
                    models.UniqueConstraint(condition=models.Q(('state__in', ('queued', 'sent')), ('tid__isnull', False)), fields=('meter', 'tid'), name='command_tid_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Code',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tid', models.IntegerField(null=True)),
                ('kind', models.CharField(choices=[('money', 'credit in money'), ('units', 'credit in 0.1 kWh'), ('management', 'management'), ('key', 'key change'), ('order', 'order'), ('emergency', 'made in advance, for an emergency')], max_length=10)),
                ('digits', models.CharField(max_length=20)),
                ('amount', models.BigIntegerField(default=0)),
                ('detail', models.CharField(blank=True, max_length=200)),
                ('at', models.BigIntegerField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('command', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='code', to='vending.command')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('adjustment_id', models.CharField(max_length=40, null=True)),
                ('of', models.CharField(blank=True, choices=[('top-up', 'top-up'), ('refund', 'refund'), ('refund-part', 'part of a refund'), ('payment', 'payment'), ('bank-line', 'bank line'), ('fee', 'fee'), ('line', 'line of a settlement file'), ('taken-back', 'money taken back'), ('adjustment', 'adjustment'), ('share', 'share of a cost'), ('correction', 'correction'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('move', 'move'), ('move-right', 'move put right'), ('debt-part', 'part of a debt'), ('debt-payment', 'payment of a debt'), ('spread', 'spread over payments'), ('terms', 'terms of payment'), ('paid-out', 'paid out'), ('alarm', 'alarm'), ('reading', 'reading'), ('early', 'charged early'), ('cleared', 'credit cleared'), ('emergency', 'emergency credit')], default='', max_length=12)),
                ('number', models.BigIntegerField(null=True)),
                ('part', models.CharField(blank=True, default='', max_length=32)),
                ('kind', models.CharField(choices=[('given', 'given freely'), ('charged', 'a charge is corrected'), ('metered', "the meter's balance is taken into the books")], default='given', max_length=8)),
                ('amount', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('at', models.BigIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'waits for a second person'), ('done', 'done'), ('declined', 'declined')], default='waiting', max_length=8)),
                ('decided_at', models.BigIntegerField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.organisation')),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='estate.tenancy')),
                ('command', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command')),
            ],
            options={
                'ordering': ('-at', '-id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='adjustment_of_something'),
                    models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('state', 'waiting'), _negated=True), _connector='OR'), name='adjustment_decided'),
                    models.UniqueConstraint(fields=('organisation', 'adjustment_id'), name='adjustment_id_once'),
                    models.UniqueConstraint(condition=models.Q(models.Q(('of', ''), _negated=True), models.Q(('state', 'declined'), _negated=True)), fields=('of', 'number', 'part', 'tenancy'), name='adjustment_of_it_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('adjustment_id__isnull', False), ('of', '')), models.Q(models.Q(('of', ''), _negated=True), ('adjustment_id__isnull', True)), _connector='OR'), name='adjustment_named'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EmergencyCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('made_at', models.BigIntegerField()),
                ('ends', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('used_seq', models.BigIntegerField(null=True)),
                ('used_at', models.BigIntegerField(null=True)),
                ('revoked_at', models.BigIntegerField(null=True)),
                ('revoked_by', models.CharField(blank=True, default='', max_length=150)),
                ('code', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='emergency', to='vending.code')),
                ('ended', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command')),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='emergency_codes', to='metering.meter')),
            ],
            options={
                'ordering': ('-made_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='MeterExchange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.CharField(max_length=64)),
                ('serial', models.CharField(max_length=64)),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField(null=True)),
                ('end', models.CharField(choices=[('read', 'as it was last read'), ('typed', 'as its display shows'), ('unknown', 'not known')], max_length=8)),
                ('by', models.CharField(max_length=150)),
                ('command', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='exchange', to='vending.command')),
            ],
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('who', models.CharField(max_length=100)),
                ('why', models.CharField(choices=[('decided', 'refund'), ('credit', 'credit left at the move-out'), ('deposit', 'deposit'), ('cleared', 'credit cleared at the meter'), ('overpaid', 'paid more than was owed'), ('came-back', 'taken back, and later returned to us'), ('failed', 'a refund that did not arrive')], default='decided', max_length=9)),
                ('amount', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('send_to', models.CharField(blank=True, default='', max_length=200)),
                ('paid_at', models.BigIntegerField(null=True)),
                ('paid_by', models.CharField(blank=True, max_length=150)),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='estate.tenancy')),
            ],
            options={
                'ordering': ('-at', '-id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_positive'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PayOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('way', models.CharField(choices=[('cash', 'cash'), ('transfer', 'transfer'), ('provider', 'by the payment provider'), ('set-off', 'set off against a debt'), ('withdrawn', 'not owed after all'), ('rounding', 'rounded off')], max_length=9)),
                ('day', models.DateField()),
                ('number', models.CharField(blank=True, default='', max_length=100)),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('refund', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pay_outs', to='vending.refund')),
            ],
            options={
                'ordering': ('at', 'id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='pay_out_positive'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SupplyGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=6)),
                ('revision', models.PositiveSmallIntegerField(default=1)),
                ('expiry', models.PositiveSmallIntegerField(default=255)),
                ('key_type', models.PositiveSmallIntegerField(default=prewatt.tokens.keys.KeyType['UNIQUE'])),
                ('base', models.PositiveSmallIntegerField(default=prewatt.tokens.keys.BaseDate['D2014'])),
                ('dkga', models.PositiveSmallIntegerField(default=prewatt.tokens.keys.Dkga['KDF'])),
                ('algorithm', models.PositiveSmallIntegerField(default=prewatt.tokens.keys.Algorithm['MISTY1'])),
                ('is_own', models.BooleanField(default=False)),
                ('sealed', models.BinaryField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='supply_groups', to='estate.organisation')),
            ],
            options={
                'ordering': ('organisation', 'code', 'revision'),
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'code', 'revision'), name='supply_group_revision_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='TokenMeter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64)),
                ('pan', models.CharField(max_length=18)),
                ('tariff_index', models.PositiveSmallIntegerField(default=1)),
                ('last_tid', models.IntegerField(default=-1)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meters', to='vending.supplygroup')),
                ('meter', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='token_meter', to='metering.meter')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='token_meters', to='estate.organisation')),
            ],
            options={
                'ordering': ('organisation', 'name'),
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'pan'), name='pan_once'),
                ],
            },
        ),
        migrations.AddField(
            model_name='code',
            name='token_meter',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='vending.tokenmeter'),
        ),
        migrations.CreateModel(
            name='TopUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('credit_id', models.CharField(max_length=40)),
                ('amount', models.BigIntegerField()),
                ('paid_at', models.BigIntegerField()),
                ('note', models.CharField(blank=True, max_length=100)),
                ('receipt', models.CharField(blank=True, default='', max_length=100)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('command', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='top_up', to='vending.command')),
                ('moved_from', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='moved_to', to='vending.topup')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.organisation')),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='top_ups', to='estate.tenancy')),
            ],
            options={
                'ordering': ('-paid_at', '-id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='top_up_positive'),
                    models.UniqueConstraint(fields=('organisation', 'credit_id'), name='top_up_credit_id_once'),
                    models.UniqueConstraint(condition=models.Q(('receipt', ''), _negated=True), fields=('organisation', 'receipt'), name='top_up_receipt_once'),
                ],
            },
        ),
    ]
