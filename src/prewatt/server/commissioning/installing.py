"""Registers meters, and begins their journals and credit logs."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.entries import SetTariff, genesis
from ...wire.messages import MAX_METERS
from ..core.time import now
from ..estate.models import Unit
from ..metering.accounts import kept
from ..metering.locking import lock_property
from ..metering.models import LARGE_FUSE, Gateway, Meter
from ..vending.account_settings import account_settings
from ..vending.credit_log import issue
from ..vending.meter_numbers import provision


class InstallError(ValueError):
    """A meter can't be registered, or a gateway can't be enrolled. The message says why, for people; nothing was
    changed.
    """


@transaction.atomic
def install(unit: Unit | None, gateway: Gateway, name: str, **more: Any) -> Meter:
    """Register a meter. A unit's meter is sent the property's settings and tariffs; a meter without a unit has another
    `role`. `more`: other columns of the meter, such as its fuse (`power_highest`). Raises InstallError if the gateway
    can't have it, and ValidationError if a column can't be so, such as a gateway in another building.
    """
    # A tariff that is scheduled meanwhile finds the meter, or the meter finds the tariff.
    lock_property(gateway.property_id)
    if Gateway.objects.filter(pk=gateway.pk, is_revoked=True).exists():
        raise InstallError(_("%(name)s is archived. Bring it back first.") % {"name": gateway.name})
    if gateway.meters.count() >= MAX_METERS:
        raise InstallError(
            _("Gateway %(gateway)s has %(most)d meters already, and can't have more. Use another gateway.")
            % {"gateway": gateway, "most": MAX_METERS}
        )
    if unit is None:
        more = {"power_highest": LARGE_FUSE, **more}
    meter = Meter(unit=unit, gateway=gateway, name=name, **more)
    meter.full_clean()
    meter.save()
    prepare(meter)
    return meter


@transaction.atomic
def prepare(meter: Meter) -> None:
    """Begin the journal and the credit log of a new meter."""
    Meter.objects.filter(pk=meter.pk).update(**kept(Account(), genesis(meter.name)))
    issue(meter, account_settings(meter))
    # A meter that belongs to no unit has no tariff: it measures, and its switch is left alone.
    if meter.unit is not None:
        provision(meter)
        for version in meter.property.tariff_versions.in_force(now()):
            issue(meter, SetTariff(version.effective_at, version.tariff.kernel()))
