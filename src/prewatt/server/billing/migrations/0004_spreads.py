import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0003_undone'),
        ('metering', '0005_silences'),
        ('vending', '0011_spread'),
    ]

    operations = [
        migrations.AddField(
            model_name='debtpart',
            name='top_up',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='debt_parts', to='vending.topup'),
        ),
        migrations.AddField(
            model_name='debtpart',
            name='undone',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='debtpart',
            name='why',
            field=models.CharField(choices=[('paid', 'paid'), ('off', 'written off'), ('set-off', 'set off against what was owed back'), ('withdrawn', 'the settlement that left it was put right'), ('rounding', 'finer than the currency'), ('share', 'a share of a payment'), ('settled', 'settled with the account')], max_length=9),
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
                'constraints': [models.CheckConstraint(condition=models.Q(('share__gte', 1), ('share__lte', 100)), name='spread_share_percent')],
            },
        ),
    ]
