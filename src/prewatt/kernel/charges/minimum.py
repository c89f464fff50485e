"""The minimum of a month: what the month's other charges lack to it is charged."""

from __future__ import annotations

from ..texts import gettext_noop as _
from ..units import Nano
from .interface import Month, PerMonth


class Minimum(PerMonth):
    """The least that a calendar month costs, before a tax that is added. A part of a month costs at least its share."""

    name = "minimum"
    field = "minimum_per_month"
    # Behind all others: it asks what they came to.
    place = 90
    label = _("At least, per month")
    fact = _("at least %(amount)s a month")
    line = _("Up to the month's minimum")
    revenue = "minimum-revenue"
    figure = "minimum"

    def due(self, amount: Nano, month: Month) -> Nano:
        """Return the nano that the charges so far lack to the minimum of the days that counted, 0 if none."""
        return max(amount * month.days // month.length - month.charged, 0)


CHARGE = Minimum()
