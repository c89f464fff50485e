"""What is at a meter and not in the books: found in its journal by a server that was put back from a copy.

Each is an alarm of the kind `unbooked`, with `data`: `amount` (nano; negative: taken off), `credit_id` (empty where only
its code was typed), `command`, `tid`, `seq`, `at`, `reason`. It is booked once: by a person, or by what the payment
provider says, under the credit id that it has there.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec.structs import replace

from ...kernel.calendar import local, zone
from ...kernel.currencies import format_money, format_with_code
from ...kernel.entries import AnyOrder, Control, GrantCredit, decode_command
from ...kernel.entries import Command as KernelCommand
from ...kernel.naming import CODE, id_of, name_of_code
from ...kernel.units import DAY, MINUTE
from ...tokens import BaseDate, instant_of
from ..billing.spread_found import SpreadFoundError, book_spread
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import Kind, account, book, book_top_up, tenant_account
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference, found_at, kind_at_meter
from ..metering.alarms import raise_alarm
from ..metering.locking import for_update, lock_organisation
from ..metering.models import Alarm, Meter
from ..vending.codes import codable, credit_code
from ..vending.credit_log import change_order, fill_in, issue
from ..vending.models import Code, Command, TokenMeter, TopUp
from ..vending.order_codes import code_of
from ..vending.unbooked import UNBOOKED, _open

EARLIER = 6 * MINUTE
"""A code is made when its payment is known: at most so much before the provider's own instant."""
BOOKED_ON = {Of.SHARE: Kind.SHARED_COSTS, Of.REFUND: Kind.REFUNDS, Of.TOP_UP: Kind.CASH}
"""By what an adjustment is of: the account that is its other side."""
ORDERS = {
    "tariff": gettext_lazy("a tariff"),
    "settings": gettext_lazy("settings"),
    "tenancy": gettext_lazy("a move"),
    "control": gettext_lazy("a switching order"),
    "exchange": gettext_lazy("an exchange of the meter"),
    "time": gettext_lazy("a correction of its time"),
}


class FoundError(ValueError):
    """It can't be booked; the message, for people, says why. Nothing was changed."""


# -- finding --------------------------------------------------------------------------------------------------------------


def keep(
    meter: Meter,
    *,
    seq: int,
    at: int,
    number: int | None,
    order: AnyOrder | None,
    amount: int,
    tid: int | None,
    name: bytes = b"",
) -> None:
    """A journal shows what the credit log lacks: put it into the log, and tell a person."""
    command = None
    if number is not None and order is not None and not Command.objects.filter(meter=meter, number=number).exists():
        command = fill_in(meter, number, at, order, name)
        Command.objects.filter(pk=command.pk).update(applied_seq=seq, applied_at=at)
    if tid is not None:
        _skip(meter, tid)
        _code_anew(meter, tid)
    credit_id = id_of(order)
    if tid is not None and credit_id == name_of_code(tid):
        # Only its code is known: meters that are sold to within one minute have codes of one identifier.
        credit_id = ""
    typed = _open(meter).filter(key=name_of_code(tid)).first() if tid is not None and number is not None else None
    if (
        isinstance(order, GrantCredit)
        and TopUp.objects.filter(command__meter=meter, credit_id=credit_id, amount=order.amount).exists()
    ):
        # It was entered again before the journal was here: the meter takes it as one.
        _settle_typed(typed)
        return
    data = {
        "amount": amount, "credit_id": credit_id, "command": number, "tid": tid, "seq": seq, "at": at,
        "reason": getattr(order, "reason", ""),
    }  # fmt: skip
    if typed is not None:
        # Its code was found before: it is the same money, and now there is a number to it.
        told = {"command": number, "credit_id": credit_id}
        typed.data = {**data, "seq": typed.data["seq"]} if amount else {**typed.data, **told}
        typed.key, typed.text = typed.data["credit_id"][:64] or typed.key, _text(meter, typed.data)
        typed.save(update_fields=["key", "data", "text"])
    elif amount:
        key = credit_id[:64] or name_of_code(tid)
        raise_alarm(UNBOOKED, _text(meter, data), at, meter=meter, key=key, seq=seq, data=data)
    elif order is not None and not isinstance(order, GrantCredit):
        kind = str(order.__struct_config__.tag)
        text = _(
            "Meter %(meter)s has taken up %(what)s that this server, put back from a copy, does not know. It holds. Look "
            "whether it is right; if not, give the order anew."
        ) % {"meter": meter, "what": ORDERS.get(kind, kind)}
        raise_alarm("unknown-order", text, at, meter=meter, key=kind, seq=seq, data={"command": number})


def is_known(meter: Meter, tid: int) -> None:
    """A command of the log is what a code belongs to that was typed: it is the same money, and is in the books."""
    _settle_typed(_open(meter).filter(key=name_of_code(tid)).first())


def _settle_typed(typed: Alarm | None) -> None:
    if typed is not None:
        Alarm.objects.filter(pk=typed.pk).update(is_resolved=True)


def _skip(meter: Meter, tid: int) -> None:
    """No other code is made under an identifier that is used; but one that can't have been made yet blocks none."""
    token_meter = TokenMeter.objects.filter(meter=meter, last_tid__lt=tid).select_related("group").first()
    if token_meter is not None and instant_of(BaseDate(token_meter.group.base), tid) <= now() + DAY:
        TokenMeter.objects.filter(pk=token_meter.pk).update(last_tid=tid)


def _code_anew(meter: Meter, tid: int) -> None:
    """A payment or an order that waits, and whose code got an identifier that the meter has used, gets another code."""
    for row in Command.objects.filter(meter=meter, tid=tid, state=Command.State.QUEUED).select_related("meter"):
        command = decode_command(bytes(row.body))
        if isinstance(command, KernelCommand) and isinstance(command.order, Control):
            Code.objects.filter(command=row).update(command=None)
            action, code = code_of(meter, command.order.action)
            change_order(row, replace(command.order, action=action, tid=code.tid if code else None))
            if code is not None:
                Code.objects.filter(pk=code.pk).update(command=row)
            continue
        if not isinstance(command, KernelCommand) or not isinstance(command.order, GrantCredit):
            continue
        Code.objects.filter(command=row).update(command=None)
        # As much as before: a share of a payment may pay what is spread.
        made = credit_code(meter, command.order.coded)
        fresh, carried = made[:2] if made else (None, 0)
        change_order(row, replace(command.order, tid=fresh, coded=carried))
        if made:
            Code.objects.filter(pk=made[2].pk).update(command=row)


def _text(meter: Meter, data: dict[str, Any]) -> str:
    where = meter.property
    holder = _lived_there(meter, data["at"])
    given = {
        "amount": format_with_code(abs(data["amount"]), where.currency),
        "who": ", ".join(str(each) for each in (holder.tenant if holder else "", meter.unit, meter) if each),
        "day": f"{local(data['at'], zone(where.zone)):%Y-%m-%d %H:%M}",
        "id": data["credit_id"] or _("code %(tid)s") % {"tid": data["tid"]},
    }
    if data["amount"] < 0:
        return (
            _(
                "%(amount)s were taken off on %(day)s (%(who)s; %(id)s), and this server, put back from a copy, does not know "
                "of it. It holds at the meter. Book it, or give it back with a reason."
            )
            % given
        )
    return (
        _(
            "%(amount)s were credited on %(day)s (%(who)s; %(id)s), and this server, put back from a copy, does not know of the "
            "payment. It holds at the meter. Book it; if a payment provider has it, it is booked with the provider's file."
        )
        % given
    )


# -- booking --------------------------------------------------------------------------------------------------------------


def unbooked(meter: Meter, credit_id: str, amount: int, paid: int) -> Alarm | None:
    """What was found at a meter and is the credit of this id, `amount` nano, paid at the instant `paid`; None if nothing
    is. Of a code alone the id is not known: any of this amount that was not made before will do, as they are alike.
    """
    found: Alarm | None = for_update(_open(meter)).filter(key=credit_id[:64], data__amount__gt=0).first()
    if found is not None:
        return found
    typed = for_update(_open(meter)).filter(key__startswith=CODE).order_by("pk")
    return next((each for each in typed if _fits(meter, each, amount, paid)), None)


def _fits(meter: Meter, code: Alarm, amount: int, paid: int) -> bool:
    """Whether a code that was found can be the one of a payment."""
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    if token_meter is None or code.data["amount"] != codable(amount):
        return False
    return bool(instant_of(BaseDate(token_meter.group.base), code.data["tid"]) >= paid - EARLIER)


def link(
    found: Alarm, tenancy: Tenancy, credit_id: str, amount: int, at: int, by: Any, note: str, source: Account | None
) -> TopUp:
    """Book what was found, and make its top-up; the money is in the ledger's account `source` (None: in cash). FoundError
    if its amount is another one. In the caller's transaction.
    """
    meter, data = found.meter, found.data
    assert meter is not None
    if data["credit_id"] and data["amount"] != amount:
        raise FoundError(
            _("The meter has credited %(amount)s under this id.")
            % {"amount": format_money(data["amount"], meter.property.currency)}
        )
    command = Command.objects.filter(meter=meter, number=data["command"], found=True).first()
    if command is None:
        # Only its code is at the meter: the command that follows brings what the code could not carry.
        command = issue(meter, GrantCredit(credit_id, amount, tid=data["tid"], coded=data["amount"]))
        command.coded_seq, command.coded_at = data["seq"], data["at"]
        command.save(update_fields=["coded_seq", "coded_at"])
    found.is_resolved = True
    found.data = {**found.data, "credit_id": credit_id}
    found.save(update_fields=["is_resolved", "data"])
    made = TopUp.objects.create(
        organisation=tenancy.unit.property.organisation, credit_id=credit_id, tenancy=tenancy, command=command,
        amount=amount, paid_at=at, by=by, note=note,
    )  # fmt: skip
    book_top_up(tenancy, amount, at, made.pk, source, made.memo)
    return made


def booked_by_hand(meter: Meter, amount: int, paid: int) -> TopUp | None:
    """What a person has booked of which only the code was found, if it is a payment of `amount` nano at the instant
    `paid`: it got an id of our own then, and in cash.
    """
    rows = Alarm.objects.filter(meter=meter, kind=UNBOOKED, is_resolved=True, key__startswith=CODE, data__by_hand=True)
    for each in for_update(rows).order_by("pk"):
        if _fits(meter, each, amount, paid):
            each.data = {**each.data, "by_hand": False}
            each.save(update_fields=["data"])
            return TopUp.objects.get(command__meter=meter, credit_id=each.data["credit_id"])
    return None


@transaction.atomic
def book_found(found: Alarm, by: Any, source: Account | None = None) -> TopUp | None:
    """Book what was found: a payment, into the ledger's account `source` (None: in cash); or what was given or taken
    otherwise (then None). Asked twice, it is booked once. FoundError if it can't be.
    """
    assert found.meter is not None
    lock_organisation(found.meter.property.organisation_id)
    meter = for_update(Meter.objects).select_related("unit").get(pk=found.meter.pk)
    alarm = for_update(Alarm.objects).get(pk=found.pk)
    if alarm.kind != UNBOOKED:
        raise FoundError(_("This alarm is of nothing that could be booked."))
    data = alarm.data
    credit_id = data["credit_id"] or found_at(meter.pk, data["seq"])
    known = TopUp.objects.filter(command__meter=meter, credit_id=credit_id).first()
    if alarm.is_resolved or known is not None:
        Alarm.objects.filter(pk=alarm.pk).update(is_resolved=True)
        return known
    tenancy = tenant_of(alarm)
    if tenancy is None:
        raise FoundError(_("Nobody lived there then: give it to somebody as an adjustment, and settle the alarm."))
    if tenancy.settled_at is not None:
        raise FoundError(_("This tenancy is settled: its books are closed."))
    if data["amount"] < 0 or data["reason"]:
        _book_adjustment(tenancy, alarm, meter)
        Alarm.objects.filter(pk=alarm.pk).update(is_resolved=True)
        return None
    alarm.data = {**data, "by_hand": not data["credit_id"]}
    return link(alarm, tenancy, credit_id, data["amount"], now(), by, _("found at the meter"), source)


def tenant_of(found: Alarm) -> Tenancy | None:
    """Who lived at a meter when it was credited."""
    assert found.meter is not None
    return _lived_there(found.meter, found.data["at"])


def _lived_there(meter: Meter, at: int) -> Tenancy | None:
    tenancies = Tenancy.objects.filter(unit=meter.unit_id).select_related("unit__property__organisation")
    return next((each for each in tenancies if each.holds(at)), None)


def _book_adjustment(tenancy: Tenancy, alarm: Alarm, meter: Meter) -> None:
    organisation, own, data = tenancy.unit.property.organisation, tenant_account(tenancy), alarm.data
    memo, name = data["reason"] or _("found at the meter"), Reference(Of.ALARM, alarm.pk).and_(Part.FOUND)
    try:
        amount = book_spread(tenancy, meter, alarm, name, memo)
    except SpreadFoundError as error:
        raise FoundError(str(error)) from None
    if not amount:
        return
    of = kind_at_meter(data["credit_id"])
    other = account(organisation, BOOKED_ON.get(of, Kind.ADJUSTMENTS) if of else Kind.ADJUSTMENTS)
    debit, credit = (other, own) if amount > 0 else (own, other)
    book(Transfer.Kind.ADJUSTMENT, debit, credit, abs(amount), now(), name, memo, meter)
