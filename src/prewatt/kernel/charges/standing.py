"""The standing charge of each day."""

from __future__ import annotations

from ..texts import gettext_noop as _
from .interface import PerDay


class StandingCharge(PerDay):
    """An amount for each local day, whatever is used."""

    name = "standing"
    field = "standing_charge_per_day"
    place = 20
    label = _("Standing charge a day")
    fact = _("standing charge %(amount)s a day")
    line = _("Standing charge, %(days)d days")
    revenue = "standing-revenue"
    figure = "standing_charge"


CHARGE = StandingCharge()
