from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vending', '0007_as_metered'),
    ]

    operations = [
        migrations.AlterField(
            model_name='adjustment',
            name='of',
            field=models.CharField(blank=True, choices=[('top-up', 'top-up'), ('refund', 'refund'), ('refund-part', 'part of a refund'), ('payment', 'payment'), ('bank-line', 'bank line'), ('fee', 'fee'), ('line', 'line of a settlement file'), ('taken-back', 'money taken back'), ('adjustment', 'adjustment'), ('share', 'share of a cost'), ('correction', 'correction'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('move', 'move'), ('move-right', 'move put right'), ('debt-part', 'part of a debt'), ('debt-payment', 'payment of a debt'), ('paid-out', 'paid out'), ('alarm', 'alarm'), ('reading', 'reading'), ('early', 'charged early'), ('cleared', 'credit cleared'), ('emergency', 'emergency credit'), ('earlier', 'of an earlier version')], default='', max_length=12),
        ),
        migrations.AlterField(
            model_name='refund',
            name='why',
            field=models.CharField(choices=[('decided', 'refund'), ('credit', 'credit left at the move-out'), ('deposit', 'deposit'), ('cleared', 'credit cleared at the meter'), ('overpaid', 'paid more than was owed'), ('back', 'taken back, and came back to us'), ('failed', 'a refund that did not arrive')], default='decided', max_length=8),
        ),
    ]
