from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', "0002_receipts"),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='reason_parts',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='unexpected',
            name='reason_parts',
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name='unexpected',
            name='reason',
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
