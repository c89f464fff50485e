"""Money that nobody asked for knows its currency. Of rows of before it is that of the payment, or of the landlord's first
property, unless their reason names another one.
"""

from django.db import migrations, models

OTHER = "paid in "


def fill(apps, schema_editor):
    properties = apps.get_model("estate", "Property").objects.order_by("pk")
    for row in apps.get_model("payments", "Unexpected").objects.select_related("payment", "merchant"):
        home = properties.filter(organisation=row.merchant.organisation_id).first()
        if row.reason.startswith(OTHER):
            row.currency = row.reason.removeprefix(OTHER)[:3]
        elif row.payment is not None:
            row.currency = row.payment.currency
        elif home is not None:
            row.currency = home.currency
        row.save(update_fields=["currency"])


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_taken_back"), ("estate", "__first__")]

    operations = [
        migrations.AddField("unexpected", "currency", models.CharField(default="XXX", max_length=3), preserve_default=False),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
