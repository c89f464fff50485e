"""Emergency codes are made in advance, for a landlord's phone or paper: each lends an amount at one meter, without a
network. The property's rules bound them, and so does what one person may give alone (`second_person`).

A meter takes each code once, until the day that the code carries. A code that is revoked here becomes worthless when
the meter hears of it; until then it still lends its amount, but not after its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ...kernel.units import DAY
from ...tokens import BaseDate, NotCarried, instant_of
from ...wire.order_codes import emergency_token
from ..core import local_forms
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..estate.occupancy import holder_at
from ..metering.locking import lock_meters
from ..metering.models import Meter
from .code_steps import in_steps
from .codes import vend
from .emergency_bounds import EmergencyError, bounds, check_terms
from .models import Code, Command, EmergencyCode, TokenMeter
from .refusals import VendError
from .second_person import is_too_much, limit_of, lock_books
from .token_identifiers import next_tid


@transaction.atomic
def make(property_: Property, meters: Sequence[Meter], amount: int, days: int, by: Any) -> list[EmergencyCode]:
    """Make one code for each of these meters, which lends `amount` nano there and holds for `days` days. Raises
    EmergencyError, which names the field, if one code is not possible; then none is made.
    """
    lock_books(property_.organisation)
    check_terms(property_, amount, days)
    if not meters:
        raise EmergencyError(_("Choose at least one flat."), "units")
    rows = Meter.objects.filter(pk__in=[each.pk for each in meters])
    locked = lock_meters(rows.select_related("unit", "gateway__property__organisation"))
    return [_make_one(each, amount, days, by) for each in locked]


def check_meter(meter: Meter, amount: int, by: Any, before: int = 0) -> TokenMeter:
    """Return the row of a meter that takes codes. Raises EmergencyError if the meter takes none, or can't have one more code of
    `amount` nano by this person, who makes `before` others of the same amount first.
    """
    place, at, organisation = meter.unit or meter.name, now(), meter.property.organisation
    currency = meter.property.currency
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    if token_meter is None:
        raise EmergencyError(_("%(where)s: its meter takes no codes. Choose other flats.") % {"where": place}, "units")
    holding = EmergencyCode.objects.filter(meter=meter, ends__gt=at).exclude(
        Q(revoked_at__isnull=False, used_at__isnull=True, ended__state=Command.State.APPLIED)
    )
    if holding.count() >= bounds(meter.property).number:
        text = _(
            "%(where)s: %(number)d codes are valid already, and no more are allowed. A used code counts until its "
            "end. Revoke one, wait for its end, or allow more."
        )
        raise EmergencyError(text % {"where": place, "number": holding.count()}, "units")
    tenancies = Tenancy.objects.filter(unit=meter.unit_id) if meter.unit_id else ()
    tenancy = holder_at(tenancies, at)
    # What is made before counts for the person, and not for this flat.
    is_over = is_too_much(organisation, tenancy, meter, amount, currency, by)
    if is_over or (before and is_too_much(organisation, None, None, amount * (before + 1), currency, by)):
        text = _(
            "%(where)s: together with what was given and lent in the last 30 days, and with the codes that are valid, "
            "this is more than %(limit)s, which is the most that one person may give alone. Make fewer or smaller "
            "codes."
        )
        limit = local_forms.money(limit_of(organisation, currency), currency)
        values = {"where": place, "limit": limit}
        raise EmergencyError(text % values, "amount")
    return token_meter


def _make_one(locked: Meter, amount: int, days: int, by: Any) -> EmergencyCode:
    token_meter, at = check_meter(locked, amount, by), now()
    try:
        tid = next_tid(token_meter)
        token = emergency_token(amount, days, tid, locked.property.currency)
        code = vend(token_meter, token, Code.Kind.EMERGENCY, by, amount, f"{days} days")
    except NotCarried:
        raise EmergencyError(
            _(
                "A code carries an amount in steps of %(fine)s up to %(upto)s, and of %(coarse)s above: choose such an amount."
            )
            % in_steps(locked.property.currency),
            "amount",
        ) from None
    except VendError as error:
        raise EmergencyError(str(error)) from None
    ends = instant_of(BaseDate(token_meter.group.base), tid) + days * DAY
    return EmergencyCode.objects.create(
        code=code, meter=locked, amount=amount, made_at=at, ends=ends, by=name_of(by)[:150]
    )
