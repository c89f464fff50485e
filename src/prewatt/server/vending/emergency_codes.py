"""Codes that are made in advance, for a landlord's phone or paper: each lends an amount at one meter, without a network. What
may be made is bounded by the property's rules, and by what one person may give alone (`second_person`).

A meter takes one once, until the day that the code itself carries. What is revoked here is worth nothing as soon as the meter
has heard of it; until then it is worth what it lends, and no longer than until its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.currencies import format_money
from ...kernel.entries import Command as KernelCommand
from ...kernel.entries import Control, EndCode, OnSite, decode_command
from ...kernel.orders import Restore
from ...kernel.units import DAY, NANO, parse_money
from ...tokens import BaseDate, NotCarried, instant_of
from ...wire.order_codes import emergency_token
from ..core.errors import Refused
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..metering.locking import lock_meters
from ..metering.models import Meter
from .codes import VendError, next_tid, vend
from .credit_log import issue
from .models import Code, Command, EmergencyCode, TokenMeter
from .second_person import is_too_much, limit_of, lock_books

LARGEST = 1000 * NANO
LONGEST = 31
"""Days."""


class EmergencyError(Refused):
    """A code can't be made or revoked; the message, for people, says why. Nothing was changed."""


@dataclass(frozen=True)
class Bounds:
    """What a property allows: nano that one code lends, codes of a flat that hold at a time, days that one holds."""

    amount: int
    number: int
    days: int


def bounds(where: Property) -> Bounds:
    """The bounds of a property."""
    return Bounds(
        parse_money(str(where.emergency_code_amount)), int(where.emergency_code_number), int(where.emergency_code_days)
    )


@dataclass(frozen=True)
class AtRisk:
    """What is lost at most if all codes that can still be used fall into other hands: how many, nano in all, until when."""

    number: int
    amount: int
    until: int


def at_risk(where: Property) -> AtRisk:
    """What can still be used of a property's codes."""
    rows = [each for each in of_property(where) if can_be_used(each)]
    return AtRisk(len(rows), sum(each.amount for each in rows), max((each.ends for each in rows), default=0))


def of_property(where: Property) -> list[EmergencyCode]:
    """The codes of a property's meters, the latest first."""
    rows = EmergencyCode.objects.filter(meter__gateway__property=where)
    return list(rows.select_related("code", "meter__unit", "ended")[:1000])


def can_be_used(each: EmergencyCode) -> bool:
    """Whether a meter may still take it, as far as is known here."""
    return state(each) in ("open", "revoking")


def state(each: EmergencyCode) -> str:
    """`used`, `revoked` (the meter knows), `expired`, `revoking` (the meter does not know yet) or `open`."""
    if each.used_at is not None:
        return "used"
    if each.revoked_at is not None and each.ended is not None and each.ended.state == Command.State.APPLIED:
        return "revoked"
    if each.ends <= now():
        return "expired"
    return "revoking" if each.revoked_at is not None else "open"


@transaction.atomic
def make(where: Property, meters: Sequence[Meter], amount: int, days: int, by: Any) -> list[EmergencyCode]:
    """Make one code for each of some meters, that lends `amount` nano there within so many days. EmergencyError if one can't
    be: then none is.
    """
    lock_books(where.organisation)
    allowed = bounds(where)
    if not 0 < amount <= min(allowed.amount, LARGEST):
        most = format_money(allowed.amount, where.currency)
        raise EmergencyError(_("A code lends more than 0 and at most %(most)s.") % {"most": most}, "amount")
    if not 0 < days <= min(allowed.days, LONGEST):
        raise EmergencyError(_("A code holds for 1 to %(most)d days.") % {"most": allowed.days}, "days")
    if not meters:
        raise EmergencyError(_("Choose at least one flat."), "units")
    rows = Meter.objects.filter(pk__in=[each.pk for each in meters])
    locked = lock_meters(rows.select_related("unit", "gateway__property__organisation"))
    return [_make_one(each, allowed, amount, days, by) for each in locked]


def _make_one(locked: Meter, allowed: Bounds, amount: int, days: int, by: Any) -> EmergencyCode:
    where, at = locked.unit or locked.name, now()
    token_meter = TokenMeter.objects.filter(meter=locked).select_related("group").first()
    if token_meter is None:
        raise EmergencyError(_("%(where)s: its meter takes no codes.") % {"where": where}, "units")
    held = EmergencyCode.objects.filter(meter=locked, ends__gt=at).exclude(
        Q(revoked_at__isnull=False, used_at__isnull=True, ended__state=Command.State.APPLIED)
    )
    if held.count() >= allowed.number:
        text = _(
            "%(where)s: %(number)d codes hold already, used ones counted until they would have ended. No more may: revoke one, wait "
            "for its end, or allow more."
        )
        raise EmergencyError(text % {"where": where, "number": held.count()}, "units")
    tenancies = Tenancy.objects.filter(unit=locked.unit_id) if locked.unit_id else ()
    tenancy = next((each for each in tenancies if each.holds(at)), None)
    if is_too_much(locked.property.organisation, tenancy, locked, amount, by):
        text = _(
            "%(where)s: with what was given and lent in the last 30 days, and the codes that hold, this is over %(limit)s, which one "
            "person may give alone. Make fewer or smaller ones."
        )
        limit = format_money(limit_of(locked.property.organisation), locked.property.currency)
        given = {"where": where, "limit": limit}
        raise EmergencyError(text % given, "amount")
    try:
        tid = next_tid(token_meter)
        token = emergency_token(amount, days, tid)
        code = vend(token_meter, token, Code.Kind.EMERGENCY, by, amount, f"{days} days")
    except NotCarried:
        raise EmergencyError(_("A code carries hundredths up to 100.00, over that whole units."), "amount") from None
    except VendError as error:
        raise EmergencyError(str(error)) from None
    ends = instant_of(BaseDate(token_meter.group.base), tid) + days * DAY
    return EmergencyCode.objects.create(
        code=code, meter=locked, amount=amount, made_at=at, ends=ends, by=name_of(by)[:150]
    )


@transaction.atomic
def revoke(codes: Iterable[EmergencyCode], by: Any) -> int:
    """Let codes be worth nothing: each as soon as its meter has heard of it. Returns how many; what is used, expired or
    revoked already stays as it is.
    """
    wanted, done = sorted(codes, key=lambda code: (code.meter_id, code.pk)), 0
    lock_meters(Meter.objects.filter(pk__in=[each.meter_id for each in wanted]))
    for each in wanted:
        row = EmergencyCode.objects.select_related("code", "meter", "ended").get(pk=each.pk)
        if state(row) != "open":
            continue
        row.revoked_at, row.revoked_by, row.ended = now(), name_of(by)[:150], issue(row.meter, _end(row))
        row.save(update_fields=["revoked_at", "revoked_by", "ended"])
        done += 1
    return done


def _end(row: EmergencyCode) -> EndCode:
    assert row.code.tid is not None
    return EndCode(row.code.tid)


def by_code(meter: Meter, most: int = 50) -> dict[int | None, str]:
    """Who made the last codes of a meter that were typed, and why, by their identifiers."""
    found: dict[int | None, str] = {}
    rows = Command.objects.filter(meter=meter, kind="control", coded_seq__isnull=False).order_by("-coded_seq")
    for command in rows[:most]:
        order = getattr(decode_command(bytes(command.body)), "order", None)
        if isinstance(order, Control):
            found[command.tid] = f"{order.by}: {order.reason}" if order.reason else order.by
    for each in EmergencyCode.objects.filter(meter=meter, used_seq__isnull=False).select_related("code")[:most]:
        found[each.code.tid] = f"{each.by}: {_('emergency code')}"
    return found


# -- what the head-end asks ----------------------------------------------------------------------------------------------


def orders(meters: Iterable[Meter], used: bool = False) -> dict[int, dict[int, KernelCommand]]:
    """What the codes of some meters order, by meter and identifier; those that were `used` too if asked for."""
    rows = EmergencyCode.objects.filter(meter__in=list(meters)).select_related("code", "meter")
    found: dict[int, dict[int, KernelCommand]] = {}
    for each in rows if used else rows.filter(used_seq__isnull=True):
        order = Control(Restore(each.amount), each.by, _("emergency code"), each.code.tid)
        command = KernelCommand(each.meter.name, 1, each.made_at, order)
        found.setdefault(each.meter_id, {})[each.code.tid or 0] = command
    return found


def take_up(meter: Meter, entry: OnSite) -> None:
    """A meter's journal shows a code used: it is listed so, and the meter is told that this is known."""
    if entry.tid is None:
        return
    _take_up(meter, [entry.tid], entry.seq, entry.at)


def take_up_state(meter: Meter, account: Account) -> None:
    """The books go on from a meter's account whose entries nobody has: it knows which codes were used."""
    _take_up(meter, account.coded, account.seq, account.at)


def _take_up(meter: Meter, tids: Iterable[int], seq: int, at: int) -> None:
    rows = EmergencyCode.objects.filter(meter=meter, code__tid__in=list(tids), used_seq__isnull=True)
    for row in rows.select_related("code", "meter"):
        row.used_seq, row.used_at = seq, at
        if row.ended_id is None:
            row.ended = issue(row.meter, _end(row))
        row.save(update_fields=["used_seq", "used_at", "ended"])
