"""How far a landlord is with setting up a property. It is worked out from what is there, and nothing is noted: so steps
may be done in any order, left for later, or done by a command.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from ..estate.models import Organisation, Property, Tenancy, Unit
from ..estate.terms import Terms
from ..metering.models import Gateway, Meter
from ..tariffs.models import TariffVersion
from ..vending.key_models import TokenMeter
from ..vending.models import TopUp


class Step(StrEnum):
    """A step of the way from nothing to a first payment."""

    PROPERTY = "property"
    UNITS = "units"
    PRICE = "price"
    GATEWAY = "gateway"
    PAYMENT = "payment"


@dataclass(frozen=True)
class Progress:
    """What a property (`building`) has: how many `units`, `meters`, and units with `tenants`; the name of the `tariff`
    in force, or else of the next one; how many `gateways`, and how many that are `enrolled`; and whether anybody has
    `paid`. If `building` is None, nothing is there.
    """

    building: Property | None
    units: int = 0
    meters: int = 0
    tenants: int = 0
    tariff: str = ""
    gateways: int = 0
    enrolled: int = 0
    paid: bool = False

    def is_done(self, step: Step) -> bool:
        """Return whether a step is done."""
        return {
            Step.PROPERTY: self.building is not None,
            Step.UNITS: bool(self.units),
            Step.PRICE: bool(self.tariff),
            Step.GATEWAY: bool(self.enrolled),
            Step.PAYMENT: self.paid,
        }[step]

    @property
    def next(self) -> Step | None:
        """The first step that is not done; None if all are."""
        return next((step for step in Step if not self.is_done(step)), None)


def progress_of(property_: Property | None, at: int) -> Progress:
    """Return how far a property is at an instant."""
    if property_ is None:
        return Progress(None)
    begun = [each for each in property_.tariff_versions.in_force(at) if each.effective_at <= at]
    coming = begun or list(property_.tariff_versions.in_force(at))
    gateways = list(property_.gateways.filter(is_revoked=False))
    units = property_.units.in_use()
    return Progress(
        property_,
        units=units.count(),
        meters=Meter.objects.filter(unit__in=units).count(),
        tenants=units.filter(tenancies__ends=None, tenancies__isnull=False).distinct().count(),
        tariff=coming[0].tariff.name if coming else "",
        gateways=len(gateways),
        enrolled=sum(each.public_key is not None for each in gateways),
        paid=TopUp.objects.filter(tenancy__unit__property=property_).exists(),
    )


def property_in_hand(organisation: Organisation) -> Property | None:
    """Return the property that is being set up: the last one that was made and is in use; None if there is none."""
    return organisation.properties.in_use().order_by("-pk").first()


def without_credit(gateway: Gateway, at: int) -> QuerySet[Tenancy]:
    """Return the tenancies behind a gateway that pay before use and have paid nothing yet. They have no power from the
    moment when the gateway knows the tariff.
    """
    after_use = Terms.objects.filter(tenancy=OuterRef("pk"), is_postpaid=True, ended_at=None)
    paid = TopUp.objects.filter(tenancy=OuterRef("pk"))
    living = Tenancy.objects.living(at).filter(unit__meter__gateway=gateway)
    return living.exclude(Exists(paid)).exclude(Exists(after_use))


def is_dark_at_first(tenancy: Tenancy, at: int) -> bool:
    """Return whether a tenancy has no power until its first payment: its gateway is enrolled, a tariff is in force, and
    the tenancy is one of `without_credit`.
    """
    meter: Meter | None = getattr(tenancy.unit, "meter", None)
    if meter is None or not meter.gateway.public_key:
        return False
    has_tariff = any(each.effective_at <= at for each in tenancy.unit.property.tariff_versions.in_force(at))
    return has_tariff and without_credit(meter.gateway, at).filter(pk=tenancy.pk).exists()


def unfinished(properties: Iterable[Property]) -> list[tuple[Property, Step]]:
    """Return, by one query, those properties that have no unit, no tariff, or neither an enrolled gateway nor a keypad
    meter yet, each with the first of these steps that is missing.
    """
    gateways = Gateway.objects.filter(property=OuterRef("pk"), is_revoked=False, public_key__isnull=False)
    keypads = TokenMeter.objects.filter(unit__property=OuterRef("pk"))
    begun = {
        Step.UNITS: Q(Exists(Unit.objects.in_use().filter(property=OuterRef("pk")))),
        Step.PRICE: Q(Exists(TariffVersion.objects.filter(property=OuterRef("pk")))),
        Step.GATEWAY: Q(Exists(gateways)) | Q(Exists(keypads)),
    }
    rows = Property.objects.filter(pk__in=[each.pk for each in properties]).exclude(*begun.values())
    missing = Case(*(When(~done, then=Value(str(step))) for step, done in begun.items()))
    return [(each, Step(each.missing)) for each in rows.annotate(missing=missing)]
