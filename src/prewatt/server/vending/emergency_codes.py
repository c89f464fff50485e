"""Emergency codes are made in advance, for a landlord's phone or paper: each lends an amount at one meter, without a
network. The property's rules bound them, and so does what one person may give alone (`second_person`).

A meter takes each code once, until the day that the code carries. A code that is revoked here becomes worthless when
the meter hears of it; until then it still lends its amount, but not after its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.entries import Command as KernelCommand
from ...kernel.entries import Control, EndCode, OnSite, decode_command
from ...kernel.orders import Restore
from ...kernel.units import DAY, NANO, parse_money
from ...tokens import BaseDate, NotCarried, instant_of
from ...wire.order_codes import emergency_token
from ..core import local_forms
from ..core.errors import Refused
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..estate.occupancy import holder_at
from ..estate.supply_rules import MOST_CODE_DAYS
from ..metering.locking import lock_meters
from ..metering.models import Meter
from .codes import vend
from .credit_log import issue
from .models import Code, Command, EmergencyCode, TokenMeter
from .refusals import VendError
from .second_person import is_too_much, limit_of, lock_books
from .token_identifiers import next_tid

LARGEST = 1000 * NANO
"""The most that one code can lend, nano."""


class EmergencyError(Refused):
    """A code cannot be made or revoked; the message, for people, says why. Nothing was changed."""


@dataclass(frozen=True)
class Bounds:
    """The limits of a property: the amount of one code (nano), the number of codes of a flat that hold at the same
    time, and the days for which a code holds.
    """

    amount: int
    number: int
    days: int


def bounds(property_: Property) -> Bounds:
    """Return the limits of a property."""
    return Bounds(
        parse_money(str(property_.emergency_code_amount)),
        int(property_.emergency_code_number),
        int(property_.emergency_code_days),
    )


@dataclass(frozen=True)
class AtRisk:
    """What is lost at most if all usable codes fall into the wrong hands: their number, their sum (nano), and the
    instant of the last end.
    """

    number: int
    amount: int
    until: int


def at_risk(property_: Property) -> AtRisk:
    """Return what can still be used of a property's codes."""
    rows = [each for each in of_property(property_) if can_be_used(each)]
    return AtRisk(len(rows), sum(each.amount for each in rows), max((each.ends for each in rows), default=0))


def of_property(property_: Property) -> list[EmergencyCode]:
    """Return the codes of a property's meters, the latest first, at most 1000."""
    rows = EmergencyCode.objects.filter(meter__gateway__property=property_)
    return list(rows.select_related("code", "meter__unit", "ended")[:1000])


def can_be_used(each: EmergencyCode) -> bool:
    """Return whether a meter may still take a code, as far as the server knows."""
    return state(each) in ("open", "revoking")


def state(each: EmergencyCode) -> str:
    """Return the state of a code: `used`, `revoked` (the meter knows), `expired`, `revoking` (the meter does not know
    yet) or `open`.
    """
    if each.used_at is not None:
        return "used"
    if each.revoked_at is not None and each.ended is not None and each.ended.state == Command.State.APPLIED:
        return "revoked"
    if each.ends <= now():
        return "expired"
    return "revoking" if each.revoked_at is not None else "open"


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


def check_terms(property_: Property, amount: int, days: int) -> None:
    """Raise EmergencyError, which names the field, if the property's rules allow no code of an amount (nano) for so many
    days.
    """
    allowed = bounds(property_)
    if not 0 < amount <= min(allowed.amount, LARGEST):
        most = local_forms.money(allowed.amount, property_.currency)
        raise EmergencyError(_("A code must lend more than 0, and at most %(most)s.") % {"most": most}, "amount")
    if not 0 < days <= min(allowed.days, MOST_CODE_DAYS):
        raise EmergencyError(_("A code must hold for 1 to %(most)d days.") % {"most": allowed.days}, "days")


def check_meter(meter: Meter, amount: int, by: Any, before: int = 0) -> TokenMeter:
    """Return the keypad meter that a meter is for codes. Raises EmergencyError if it can't have one more code of an amount
    (nano) by this person, who makes `before` others of the same amount first.
    """
    place, at, organisation = meter.unit or meter.name, now(), meter.property.organisation
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    if token_meter is None:
        raise EmergencyError(_("%(where)s: its meter takes no codes. Choose other flats.") % {"where": place}, "units")
    holding = EmergencyCode.objects.filter(meter=meter, ends__gt=at).exclude(
        Q(revoked_at__isnull=False, used_at__isnull=True, ended__state=Command.State.APPLIED)
    )
    if holding.count() >= bounds(meter.property).number:
        text = _(
            "%(where)s: %(number)d codes hold already, and no more are allowed. A used code counts until its "
            "end. Revoke one, wait for its end, or allow more."
        )
        raise EmergencyError(text % {"where": place, "number": holding.count()}, "units")
    tenancies = Tenancy.objects.filter(unit=meter.unit_id) if meter.unit_id else ()
    tenancy = holder_at(tenancies, at)
    # What is made before counts for the person, and not for this flat.
    is_over = is_too_much(organisation, tenancy, meter, amount, by)
    if is_over or (before and is_too_much(organisation, None, None, amount * (before + 1), by)):
        text = _(
            "%(where)s: together with what was given and lent in the last 30 days, and with the codes that hold, "
            "this is more than %(limit)s, which is the most that one person may give alone. Make fewer or "
            "smaller codes."
        )
        limit = local_forms.money(limit_of(organisation), meter.property.currency)
        values = {"where": place, "limit": limit}
        raise EmergencyError(text % values, "amount")
    return token_meter


def _make_one(locked: Meter, amount: int, days: int, by: Any) -> EmergencyCode:
    token_meter, at = check_meter(locked, amount, by), now()
    try:
        tid = next_tid(token_meter)
        token = emergency_token(amount, days, tid)
        code = vend(token_meter, token, Code.Kind.EMERGENCY, by, amount, f"{days} days")
    except NotCarried:
        raise EmergencyError(
            _("A code can carry hundredths up to 100.00, and only whole units above that: choose such an amount."),
            "amount",
        ) from None
    except VendError as error:
        raise EmergencyError(str(error)) from None
    ends = instant_of(BaseDate(token_meter.group.base), tid) + days * DAY
    return EmergencyCode.objects.create(
        code=code, meter=locked, amount=amount, made_at=at, ends=ends, by=name_of(by)[:150]
    )


@transaction.atomic
def revoke(codes: Iterable[EmergencyCode], by: Any) -> int:
    """Revoke codes; each becomes worthless when its meter hears of it. Used, expired and revoked codes stay as they
    are. Returns the number of codes that are now revoked.
    """
    ordered_codes, count = sorted(codes, key=lambda code: (code.meter_id, code.pk)), 0
    lock_meters(Meter.objects.filter(pk__in=[each.meter_id for each in ordered_codes]))
    for each in ordered_codes:
        row = EmergencyCode.objects.select_related("code", "meter", "ended").get(pk=each.pk)
        if state(row) != "open":
            continue
        row.revoked_at, row.revoked_by, row.ended = now(), name_of(by)[:150], issue(row.meter, _end(row))
        row.save(update_fields=["revoked_at", "revoked_by", "ended"])
        count += 1
    return count


def _end(row: EmergencyCode) -> EndCode:
    assert row.code.tid is not None
    return EndCode(row.code.tid)


def by_code(meter: Meter, most: int = 50) -> dict[int | None, str]:
    """Return for each identifier of the last typed codes of a meter who made the code, and why."""
    authors: dict[int | None, str] = {}
    rows = Command.objects.filter(meter=meter, kind="control", coded_seq__isnull=False).order_by("-coded_seq")
    for command in rows[:most]:
        order = getattr(decode_command(bytes(command.body)), "order", None)
        if isinstance(order, Control):
            authors[command.tid] = f"{order.by}: {order.reason}" if order.reason else order.by
    for each in EmergencyCode.objects.filter(meter=meter, used_seq__isnull=False).select_related("code")[:most]:
        authors[each.code.tid] = f"{each.by}: {_('emergency code')}"
    return authors


# -- what the head-end asks ----------------------------------------------------------------------------------------------


def orders(meters: Iterable[Meter], used: bool = False) -> dict[int, dict[int, KernelCommand]]:
    """Return the orders of the codes of these meters, by the meter's primary key and the code's identifier. `used`:
    also those of used codes.
    """
    rows = EmergencyCode.objects.filter(meter__in=list(meters)).select_related("code", "meter")
    by_meter: dict[int, dict[int, KernelCommand]] = {}
    for each in rows if used else rows.filter(used_seq__isnull=True):
        order = Control(Restore(each.amount), each.by, _("emergency code"), each.code.tid)
        command = KernelCommand(each.meter.name, 1, each.made_at, order)
        by_meter.setdefault(each.meter_id, {})[each.code.tid or 0] = command
    return by_meter


def take_up(meter: Meter, entry: OnSite) -> None:
    """Mark a code as used because the meter's journal shows it, and send the meter the order that ends it."""
    if entry.tid is None:
        return
    _take_up(meter, [entry.tid], entry.seq, entry.at)


def take_up_state(meter: Meter, account: Account) -> None:
    """Mark the codes as used that a meter's account has, if nobody has the journal entries between."""
    _take_up(meter, account.coded, account.seq, account.at)


def _take_up(meter: Meter, tids: Iterable[int], seq: int, at: int) -> None:
    rows = EmergencyCode.objects.filter(meter=meter, code__tid__in=list(tids), used_seq__isnull=True)
    for row in rows.select_related("code", "meter"):
        row.used_seq, row.used_at = seq, at
        if row.ended_id is None:
            row.ended = issue(row.meter, _end(row))
        row.save(update_fields=["used_seq", "used_at", "ended"])
