import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vending', '0002_typed_ids'),
    ]

    operations = [
        *[
            migrations.AlterField(name, 'organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.organisation'))
            for name in ('topup', 'adjustment')
        ],
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.UniqueConstraint(fields=('organisation', 'adjustment_id'), name='adjustment_id_once'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('of', ''), _negated=True), models.Q(('state', 'declined'), _negated=True)), fields=('of', 'number', 'part', 'tenancy'), name='adjustment_of_it_once'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('adjustment_id__isnull', False), ('of', '')), models.Q(models.Q(('of', ''), _negated=True), ('adjustment_id__isnull', True)), _connector='OR'), name='adjustment_named'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.UniqueConstraint(fields=('organisation', 'credit_id'), name='top_up_credit_id_once'),
        ),
    ]
