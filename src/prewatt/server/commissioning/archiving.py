"""Takes out of all lists what is not used any more, and brings it back. The books, journals and statements keep all of
it.

Nothing is archived that somebody needs: a flat in which somebody lives, a gateway to which a meter in use is connected,
a tariff that is in force.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..allocation.models import SharedCost
from ..core.time import now
from ..estate.models import Property, Tenancy, Unit
from ..metering.locking import for_update, lock_property
from ..metering.models import Gateway, Meter
from ..tariffs.models import Tariff

NO_CODE = {"code_id": "", "code_secret": None, "code_ends": None}
"""The columns of a gateway that has no valid enrolment code."""


@transaction.atomic
def archive_unit(unit: Unit) -> None:
    """Archive a unit with its meter. Raises ValidationError if somebody lives there or will, or is not settled."""
    property_ = lock_property(unit.property_id)
    _check_empty(Tenancy.objects.filter(unit=unit))
    Unit.objects.filter(pk=unit.pk, property=property_).update(archived_at=now())


@transaction.atomic
def restore_unit(unit: Unit) -> None:
    """Bring a unit back. Raises ValidationError if its property, or the gateway of its meter, is archived."""
    if unit.property.archived_at is not None:
        raise ValidationError(_("The whole building is archived. Bring the building back first."))
    for meter in Meter.objects.filter(unit=unit).select_related("gateway"):
        _check_heard(meter)
    Unit.objects.filter(pk=unit.pk).update(archived_at=None)


@transaction.atomic
def archive_property(property_: Property) -> None:
    """Archive a property with its units and gateways. Raises ValidationError as `archive_unit` does."""
    lock_property(property_.pk)
    _check_empty(Tenancy.objects.filter(unit__property=property_))
    at = now()
    _revoke(property_.gateways.filter(is_revoked=False), at)
    Property.objects.filter(pk=property_.pk).update(archived_at=at)


@transaction.atomic
def restore_property(property_: Property) -> None:
    """Bring a property back, with the gateways to which meters in use are connected: those can only have been archived
    with it. Other gateways stay archived.
    """
    Property.objects.filter(pk=property_.pk).update(archived_at=None)
    in_use = Meter.objects.filter(gateway__property=property_, archived_at=None, unit__archived_at=None)
    property_.gateways.filter(pk__in=in_use.values("gateway")).update(is_revoked=False)


@transaction.atomic
def archive_gateway(gateway: Gateway) -> None:
    """Archive a gateway: nothing that it sends is accepted any more. Raises ValidationError if it has meters in use."""
    lock_property(gateway.property_id)
    locked = for_update(Gateway.objects).get(pk=gateway.pk)
    meters = locked.meters.filter(archived_at=None, unit__archived_at=None).count()
    if meters:
        raise ValidationError(
            _(
                "%(count)d meters are connected to %(gateway)s. If you replace the mini-PC, make a new code, and type "
                "it at the new mini-PC: nothing is lost. If nobody uses the flats any more, archive them first."
            )
            % {"count": meters, "gateway": locked}
        )
    _revoke(Gateway.objects.filter(pk=locked.pk), now())


@transaction.atomic
def restore_gateway(gateway: Gateway) -> None:
    """Bring a gateway back. Raises ValidationError if its property is archived."""
    if gateway.property.archived_at is not None:
        raise ValidationError(_("The whole building is archived. Bring the building back first."))
    Gateway.objects.filter(pk=gateway.pk).update(is_revoked=False)


@transaction.atomic
def archive_meter(meter: Meter) -> None:
    """Archive a common or main meter. Raises ValidationError if a shared cost counts by it, or it is a unit's."""
    if meter.unit_id is not None:
        raise ValidationError(_("This is the meter of a unit. Archive the unit, or exchange the meter."))
    costs = SharedCost.objects.filter(meters=meter, ends=None).values_list("name", flat=True)
    if costs:
        raise ValidationError(
            _("This meter measures the energy of the shared cost %(costs)s. End that shared cost first.")
            % {"costs": ", ".join(costs)}
        )
    Meter.objects.filter(pk=meter.pk).update(archived_at=now())


@transaction.atomic
def restore_meter(meter: Meter) -> None:
    """Bring a meter back. Raises ValidationError if its gateway is archived."""
    _check_heard(meter)
    Meter.objects.filter(pk=meter.pk).update(archived_at=None)


@transaction.atomic
def archive_tariff(tariff: Tariff) -> None:
    """Archive a tariff: nobody can choose it any more. Raises ValidationError if it is in force anywhere, or will be,
    or if it is what the landlord pays for electricity.
    """
    for property_ in tariff.organisation.properties.in_use():
        if any(each.tariff_id == tariff.pk for each in property_.tariff_versions.in_force(now())):
            raise ValidationError(
                _("%(tariff)s is in force at %(property)s, or will be. Let another tariff begin there first.")
                % {"tariff": tariff, "property": property_}
            )
        if property_.purchase_tariff_id == tariff.pk:
            raise ValidationError(
                _("%(tariff)s is what you pay for electricity at %(property)s. Change that under Tariffs first.")
                % {"tariff": tariff, "property": property_}
            )
    Tariff.objects.filter(pk=tariff.pk).update(archived_at=now())


@transaction.atomic
def restore_tariff(tariff: Tariff) -> None:
    """Let people choose a tariff again."""
    Tariff.objects.filter(pk=tariff.pk).update(archived_at=None)


def _revoke(gateways: QuerySet[Gateway], at: int) -> None:
    """Accept nothing more of gateways. Their farewell is not accepted either, so it is noted here that they are away."""
    gateways.filter(is_online=True).update(is_online=False, since=at)
    gateways.update(is_revoked=True, **NO_CODE)


def _check_heard(meter: Meter) -> None:
    """Raise ValidationError if a meter's gateway is archived: no payment would reach the meter."""
    if meter.gateway.is_revoked:
        raise ValidationError(_("%(name)s is archived. Bring it back first.") % {"name": meter.gateway.name})


def _check_empty(tenancies: QuerySet[Tenancy]) -> None:
    """Raise ValidationError if a tenancy of some is not over, or its account is open."""
    rows = Tenancy.objects.filter(pk__in=tenancies.values("pk")).select_related("unit")
    for each in rows.not_over(now()):
        raise ValidationError(
            _("%(tenant)s lives at %(unit)s, or moves in. Record the move-out first.")
            % {"tenant": each.tenant, "unit": each.unit.name}
        )
    for each in rows.filter(settled_at=None):
        raise ValidationError(
            _("The account of %(tenant)s at %(unit)s is not settled yet. Settle it on the unit's page first.")
            % {"tenant": each.tenant, "unit": each.unit.name}
        )
