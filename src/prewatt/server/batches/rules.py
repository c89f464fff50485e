"""Rules for many flats: the power limit of each meter, and the tariff of the property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..accounts.rights import Right
from ..core.time import now
from ..estate.models import Property
from ..estate.power_by_hour import read_power
from ..estate.wall_clock import shown, wall_clock
from ..metering.locking import for_update
from ..metering.models import Meter
from ..tariffs.models import Tariff, TariffVersion
from ..tariffs.versions import apply_now, schedule
from ..vending.account_settings import send_settings_to
from .acts import Act, Planned
from .flats import Batch, CantBe, Flat

LITTLE = 1000
"""People are asked about a smaller power limit (W): perhaps kW was typed, and all of the flats would go dark."""


class PowerLimits(Act):
    """Each meter gets the same power limit, or has the property's again."""

    do = "power-limit"
    right = Right.SETTINGS

    def read(self, property_: Property, given: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002
        """Return the power limit as a meter's page takes it; empty for the property's."""
        text = " ".join(given.get("power_limit", "").split())
        field = Meter._meta.get_field("power_limit")
        try:
            field.clean(text, None)
        except ValidationError as error:
            raise ValidationError({"power_limit": error.messages}) from None
        return {"power_limit": text}

    def plan(self, batch: Batch, flat: Flat, before: int) -> Planned:  # noqa: ARG002
        """Return the old power limit and the new one, in words."""
        if flat.meter is None:
            raise CantBe(_("This flat has no meter."))
        limit = batch.values["power_limit"]
        if flat.meter.power_limit == limit:
            raise CantBe(_("This flat has this power limit already."))
        said = _("Power limit: %(new)s instead of %(old)s.")
        text = said % {"new": _limit(limit), "old": _limit(flat.meter.power_limit)}
        least = min((watts for watts in read_power(limit) if watts), default=LITTLE)
        doubt = _("A kettle alone needs more than %(watts)d W: the power would be cut off each time.")
        return Planned(text, doubt % {"watts": least} if least < LITTLE else "")

    def carry_out(self, batch: Batch, flats: Sequence[Flat]) -> str:
        """Store the power limit of one meter, and send it."""
        (flat,) = flats
        meter = for_update(Meter.objects).filter(unit=flat.unit).first()
        if meter is None:
            raise CantBe(_("This flat has no meter."))
        meter.power_limit = batch.values["power_limit"]
        meter.save(update_fields=["power_limit"])
        send_settings_to(meter)
        return _("Power limit: %(new)s. It is on its way to the meter.") % {"new": _limit(meter.power_limit)}


def _limit(text: str) -> str:
    if not text:
        return _("as for the building")
    return f"{text} W" if text.isdecimal() else text


class Tariffs(Act):
    """A tariff is put in force. It is the property's, so it holds for all of its flats."""

    do = "tariff"
    right = Right.PRICES
    is_whole = True
    every_flat = True

    def read(self, property_: Property, given: Mapping[str, str]) -> dict[str, Any]:
        """Return the number of the tariff, and the instant from which it holds; None for at once."""
        text = given.get("tariff", "")
        pk = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
        tariff = Tariff.objects.in_use().filter(organisation=property_.organisation, pk=pk).first()
        if tariff is None:
            raise ValidationError({"tariff": _("Choose a tariff.")})
        effective = None
        if given.get("hold") == "at":
            effective = wall_clock(given.get("effective", ""), property_, "effective")
        TariffVersion(property=property_, tariff=tariff, effective_at=effective or now()).full_clean()
        return {"tariff": tariff.pk, "effective": effective}

    def plan(self, batch: Batch, flat: Flat, before: int) -> Planned:  # noqa: ARG002
        """Return which tariff holds from when on."""
        tariff, effective = self._tariff(batch), batch.values["effective"]
        if effective is None:
            return Planned(_("%(tariff)s applies from now on.") % {"tariff": tariff.name})
        values = {"tariff": tariff.name, "when": shown(effective, batch.property_)}
        return Planned(_("%(tariff)s applies from %(when)s on.") % values)

    def carry_out(self, batch: Batch, flats: Sequence[Flat]) -> str:  # noqa: ARG002
        """Put the tariff in force at the property."""
        tariff, effective = self._tariff(batch), batch.values["effective"]
        if effective is None:
            apply_now(batch.property_, tariff)
        else:
            schedule(batch.property_, tariff, effective)
        return _("%(name)s is on its way to the meters.") % {"name": tariff.name}

    def _tariff(self, batch: Batch) -> Tariff:
        return Tariff.objects.get(organisation=batch.property_.organisation_id, pk=batch.values["tariff"])
