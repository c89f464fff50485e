"""The landlord's service fee on each kWh."""

from __future__ import annotations

from ..texts import gettext_noop as _
from .interface import PerKwh


class ServiceFee(PerKwh):
    """A fee on each kWh, the same at all rates."""

    name = "fee"
    field = "service_fee_per_kwh"
    place = 10
    label = _("Service fee per kWh")
    fact = _("service fee %(amount)s/kWh")
    line = _("Service fee")
    revenue = "service-revenue"
    figure = "service_fee"


CHARGE = ServiceFee()
