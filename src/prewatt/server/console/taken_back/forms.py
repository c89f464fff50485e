"""The form of the rules about payments that a bank takes back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from ...core.row_forms import RowForm
from ...estate.models import Property
from ...estate.rule_fields import BACK_RULES


class BackRulesForm(RowForm):
    """The rules about payments that a bank takes back."""

    class Meta:
        model = Property
        fields = BACK_RULES
        labels = {
            "back_grace": gettext_lazy("Days of grace"),
            "back_cuts_off": gettext_lazy("May cut off after the days of grace"),
        }
