from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vending', '0010_emergency_codes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='adjustment',
            name='of',
            field=models.CharField(blank=True, choices=[('top-up', 'top-up'), ('refund', 'refund'), ('refund-part', 'part of a refund'), ('payment', 'payment'), ('bank-line', 'bank line'), ('fee', 'fee'), ('line', 'line of a settlement file'), ('taken-back', 'money taken back'), ('adjustment', 'adjustment'), ('share', 'share of a cost'), ('correction', 'correction'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('move', 'move'), ('move-right', 'move put right'), ('debt-part', 'part of a debt'), ('debt-payment', 'payment of a debt'), ('spread', 'spread over payments'), ('paid-out', 'paid out'), ('alarm', 'alarm'), ('reading', 'reading'), ('early', 'charged early'), ('cleared', 'credit cleared'), ('emergency', 'emergency credit'), ('earlier', 'of an earlier version')], default='', max_length=12),
        ),
    ]
