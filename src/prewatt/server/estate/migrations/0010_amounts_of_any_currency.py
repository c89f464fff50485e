"""Amounts of a property may have four decimals, as the finest currencies do."""

import django.core.validators
from django.db import migrations, models


def _four(name, default, text, *most):
    return migrations.AlterField(
        "property",
        name,
        models.DecimalField(
            decimal_places=4,
            default=default,
            help_text=text,
            max_digits=14,
            validators=[django.core.validators.MinValueValidator(0), *map(django.core.validators.MaxValueValidator, most)],
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("estate", "0009_terms")]

    operations = [
        _four("clearance", 0, "After a cut-off, supply again from this balance on."),
        _four("emergency_credit", 0, "What a tenant may take alone when the credit is low or used up, once; 0: nothing."),
        _four("friendly_debt", 0, "A debt of more than this cuts off in friendly hours too; 0: none does."),
        _four("emergency_code_amount", 5, "The most that one code lends which is made in advance.", 1000),
        _four("spread_over", 0, "By itself only what is more than this."),
    ]
