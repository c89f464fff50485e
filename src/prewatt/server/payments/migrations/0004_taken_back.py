import django.db.models.deletion
import prewatt.server.payments.models
from django.conf import settings
from django.db import migrations, models


def name_as_before(apps, schema_editor):
    """What was sent keeps the name that the provider knows."""
    for part in apps.get_model('payments', 'RefundPart').objects.select_related('payment').iterator():
        part.number = f'{part.payment.payment_id}R{part.refund_id}'
        part.save(update_fields=['number'])


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0004_taken_back'),
        ('payments', '0003_statements'),
        ('vending', '0008_taken_back'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='refundpart',
            name='failed',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='refundpart',
            name='number',
            field=models.CharField(default='', max_length=64),
        ),
        migrations.RunPython(name_as_before, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='refundpart',
            name='number',
            field=models.CharField(default=prewatt.server.payments.models.refund_number, max_length=64, unique=True),
        ),
        migrations.AddField(
            model_name='settlementline',
            name='back_id',
            field=models.CharField(blank=True, default='', max_length=255),
        ),
        migrations.AddField(
            model_name='settlementline',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='settlementline',
            name='means',
            field=models.CharField(blank=True, choices=[('cost', 'a cost or a fee of the provider'), ('bank', 'moved between the provider and our bank'), ('aside', 'not ours')], default='', max_length=5),
        ),
        migrations.AddField(
            model_name='settlementline',
            name='text',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
        migrations.AlterField(
            model_name='settlementline',
            name='kind',
            field=models.CharField(max_length=12),
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
                ('heard', models.BigIntegerField()),
                ('seen_by', models.CharField(max_length=12)),
                ('state', models.CharField(choices=[('waiting', 'its payment is not known yet'), ('asked', 'asked about; nothing is taken yet'), ('decide', 'waits for a person'), ('booked', 'taken back from the tenant'), ('cost', 'a cost of the landlord'), ('explained', 'nothing to book')], default='waiting', max_length=9)),
                ('is_sum', models.BooleanField(default=False)),
                ('booked', models.BigIntegerField(null=True)),
                ('debited', models.BigIntegerField(default=0)),
                ('command', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command')),
                ('grace_until', models.BigIntegerField(null=True)),
                ('closed', models.BigIntegerField(null=True)),
                ('bank_line', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='payments.bankline')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('merchant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='payments.merchant')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='estate.organisation')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='payments.payment')),
                ('refund', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.refund')),
                ('top_up', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='vending.topup')),
                ('within', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='payments.takenback')),
            ],
            options={
                'ordering': ('-at', '-id'),
                'indexes': [models.Index(fields=['merchant', 'provider_id'], name='taken_back_of')],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'back_id'), name='taken_back_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('returned__gte', 0), ('returned__lte', models.F('amount'))), name='taken_back_amounts'), models.CheckConstraint(condition=models.Q(models.Q(('bank_line__isnull', True), ('merchant__isnull', False)), models.Q(('bank_line__isnull', False), ('merchant__isnull', True)), _connector='OR'), name='taken_back_by_one')],
            },
        ),
    ]
