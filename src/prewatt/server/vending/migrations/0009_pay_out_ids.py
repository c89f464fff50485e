"""A pay-out keeps the id that its form or its program gave it, so that one that is sent twice is one pay-out."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vending", "0008_refunds_by_their_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="payout", name="pay_out_id", field=models.CharField(max_length=40, null=True)
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.UniqueConstraint(fields=("refund", "pay_out_id"), name="pay_out_id_once"),
        ),
    ]
