"""Credit that is at a meter and not in the books. A server that was restored from a copy finds it in the meter's
journal.

Each is an alarm of the kind `unbooked`. Its `data`: `amount` (nano; negative if it was taken off), `credit_id` (empty
if only its code was typed), `command`, `tid`, `seq`, `at`, `reason`. It is booked once: by a person, or by the
provider's report of the payment, under the credit id that it has there.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from msgspec.structs import replace

from ...kernel.currencies import format_money
from ...kernel.entries import AnyOrder, Control, GrantCredit, decode_command
from ...kernel.entries import Command as KernelCommand
from ...kernel.naming import CODE, id_of, name_of_code
from ...kernel.sentences import Moment, Money, Sentence, sentence, stored
from ...kernel.units import DAY, MINUTE
from ...tokens import BaseDate, instant_of
from ..billing.spread_found import SpreadFoundError, book_spread
from ..core.time import now
from ..estate.models import Tenancy
from ..estate.occupancy import holder_at
from ..ledger.books import Kind, account, book, book_top_up, tenant_account
from ..ledger.models import Account, Transfer
from ..ledger.references import Of, Part, Reference, found_at, kind_at_meter
from ..metering.alarms import raise_alarm
from ..metering.locking import for_update, lock_organisation
from ..metering.models import Alarm, Meter
from ..vending.codes import codable, credit_code
from ..vending.credit_log import fill_in, issue
from ..vending.models import Code, Command, TokenMeter, TopUp
from ..vending.order_codes import code_of
from ..vending.signed_commands import change_order
from ..vending.unbooked import UNBOOKED, _open

EARLIER = 6 * MINUTE
"""A code is made when its payment is known; that is at most this much (µs) before the provider's own instant."""
BOOKED_ON = {Of.SHARE: Kind.SHARED_COSTS, Of.REFUND: Kind.REFUNDS, Of.TOP_UP: Kind.CASH}
"""The other account of an adjustment, by the kind of thing that it belongs to."""
ORDERS = {
    "tariff": noop("a tariff"),
    "settings": noop("settings"),
    "tenancy": noop("a move"),
    "control": noop("a switching order"),
    "exchange": noop("an exchange of the meter"),
    "time": noop("a correction of its time"),
}
"""The words for people, by the kind of an order."""


class FoundError(ValueError):
    """The credit cannot be booked; the message, for people, says why. Nothing was changed."""


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
    """Store a command that the journal shows and the credit log does not have, and raise an alarm for a person. `seq`,
    `at`: the journal entry; `number`, `order`, `name`: the command, if it is known; `amount`: nano that the meter took
    up; `tid`: the identifier of a typed code.
    """
    _log(meter, number, order, name, seq, at)
    if tid is not None:
        _skip(meter, tid)
        _code_anew(meter, tid)
    credit_id = _credit_id(order, tid)
    typed = _open(meter).filter(key=name_of_code(tid)).first() if tid is not None and number is not None else None
    if _is_entered_again(meter, order, credit_id):
        _settle_typed(typed)
        return
    data = {
        "amount": amount,
        "credit_id": credit_id,
        "command": number,
        "tid": tid,
        "seq": seq,
        "at": at,
        "reason": getattr(order, "reason", ""),
    }
    if typed is not None:
        _add_command(meter, typed, data)
    elif amount:
        key = credit_id[:64] or name_of_code(tid)
        raise_alarm(UNBOOKED, _text(meter, data), at, meter=meter, key=key, seq=seq, data=data)
    elif order is not None and not isinstance(order, GrantCredit):
        _raise_unknown(meter, number, order, seq, at)


def _log(meter: Meter, number: int | None, order: AnyOrder | None, name: bytes, seq: int, at: int) -> None:
    """Store a command as applied, if it is known and the credit log does not have it."""
    if number is not None and order is not None and not Command.objects.filter(meter=meter, number=number).exists():
        command = fill_in(meter, number, at, order, name)
        Command.objects.filter(pk=command.pk).update(applied_seq=seq, applied_at=at)


def _credit_id(order: AnyOrder | None, tid: int | None) -> str:
    """Return the credit id of an order; empty if only its code is known."""
    credit_id = id_of(order)
    if tid is not None and credit_id == name_of_code(tid):
        # Codes of several meters in one minute have the same identifier.
        return ""
    return credit_id


def _is_entered_again(meter: Meter, order: AnyOrder | None, credit_id: str) -> bool:
    """Return whether a payment was entered again before the journal arrived: the meter takes both as one."""
    if not isinstance(order, GrantCredit):
        return False
    return TopUp.objects.filter(command__meter=meter, credit_id=credit_id, amount=order.amount).exists()


def _raise_unknown(meter: Meter, number: int | None, order: AnyOrder, seq: int, at: int) -> None:
    """Raise an alarm for an order that is in force at the meter and that nobody here gave."""
    kind = str(order.__struct_config__.tag)
    text = sentence(
        "Meter %(meter)s has taken up %(what)s that this server does not know, because the server was restored from a "
        "copy. The meter follows it. Check it; if it is wrong, give the order again.",
        meter=meter,
        what=sentence(ORDERS.get(kind, kind)),
    )
    raise_alarm("unknown-order", text, at, meter=meter, key=kind, seq=seq, data={"command": number})


def _add_command(meter: Meter, typed: Alarm, data: dict[str, Any]) -> None:
    """Add the command to the alarm of its typed code, which was found before: it is the same money."""
    facts = {"command": data["command"], "credit_id": data["credit_id"]}
    typed.data = {**data, "seq": typed.data["seq"]} if data["amount"] else {**typed.data, **facts}
    text = _text(meter, typed.data)
    typed.key, typed.text, typed.parts = typed.data["credit_id"][:64] or typed.key, str(text), stored(text)
    typed.save(update_fields=["key", "data", "text", "parts"])


def is_known(meter: Meter, tid: int) -> None:
    """Resolve the alarm of a typed code, since its command is in the log: it is the same money, and is in the books."""
    _settle_typed(_open(meter).filter(key=name_of_code(tid)).first())


def _settle_typed(typed: Alarm | None) -> None:
    if typed is not None:
        Alarm.objects.filter(pk=typed.pk).update(is_resolved=True)


def _skip(meter: Meter, tid: int) -> None:
    """Make sure that no other code gets an identifier that is used. An identifier from the future blocks none."""
    token_meter = TokenMeter.objects.filter(meter=meter, last_tid__lt=tid).select_related("group").first()
    if token_meter is not None and instant_of(BaseDate(token_meter.group.base), tid) <= now() + DAY:
        TokenMeter.objects.filter(pk=token_meter.pk).update(last_tid=tid)


def _code_anew(meter: Meter, tid: int) -> None:
    """Give a new code to a waiting payment or order whose code has an identifier that the meter has used."""
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
        # The new code carries as much as the old one: a share of the payment may pay a spread debt.
        credit = credit_code(meter, command.order.coded)
        fresh, coded = credit[:2] if credit else (None, 0)
        change_order(row, replace(command.order, tid=fresh, coded=coded))
        if credit:
            Code.objects.filter(pk=credit[2].pk).update(command=row)


def _text(meter: Meter, data: dict[str, Any]) -> Sentence:
    property_ = meter.property
    holder = _lived_there(meter, data["at"])
    values: dict[str, object] = {
        "amount": Money(abs(data["amount"]), property_.currency),
        "who": ", ".join(str(each) for each in (holder.tenant if holder else "", meter.unit, meter) if each),
        "day": Moment(data["at"], property_.zone),
        "id": data["credit_id"] or sentence("code %(tid)s", tid=data["tid"]),
    }
    if data["amount"] < 0:
        return sentence(
            "%(amount)s were taken off on %(day)s (%(who)s; %(id)s). The meter has counted this, but this server was "
            "restored from a copy and does not know of it. Book the amount, or give it back with a reason.",
            **values,
        )
    return sentence(
        "%(amount)s were credited on %(day)s (%(who)s; %(id)s). The meter has counted this payment, but this server "
        "was restored from a copy and does not know of it. Book the payment; if a payment provider has it, it is "
        "booked with the provider's file.",
        **values,
    )


# -- booking --------------------------------------------------------------------------------------------------------------


def unbooked(meter: Meter, credit_id: str, amount: int, paid: int) -> Alarm | None:
    """Return the alarm that says that this credit is at a meter but not in the books; None if there is none. `amount`: nano.
    `paid`: the instant of the payment. If the meter shows no credit id but only a code, an alarm fits if its amount is
    the same and its code is not older than the payment.
    """
    alarm: Alarm | None = for_update(_open(meter)).filter(key=credit_id[:64], data__amount__gt=0).first()
    if alarm is not None:
        return alarm
    typed = for_update(_open(meter)).filter(key__startswith=CODE).order_by("pk")
    return next((each for each in typed if _fits(meter, each, amount, paid)), None)


def _fits(meter: Meter, code: Alarm, amount: int, paid: int) -> bool:
    """Return whether a code that was found can belong to a payment."""
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    if token_meter is None or code.data["amount"] != codable(amount):
        return False
    return bool(instant_of(BaseDate(token_meter.group.base), code.data["tid"]) >= paid - EARLIER)


def book_new_top_up(
    tenancy: Tenancy,
    command: Command | None,
    credit_id: str,
    amount: int,
    at: int,
    by: Any,
    note: str,
    source: Account | None,
) -> TopUp:
    """Make a top-up of `amount` nano, paid at an instant, and book its money, which lies in the account `source` (None:
    cash). `command`: the one that brings it to the meter. Raises IntegrityError if the credit id is known.
    """
    top_up = TopUp.objects.create(
        organisation=tenancy.unit.property.organisation,
        credit_id=credit_id,
        tenancy=tenancy,
        command=command,
        amount=amount,
        paid_at=at,
        by=by,
        note=note,
    )
    book_top_up(tenancy, amount, at, top_up.pk, source, top_up.memo)
    return top_up


def link(
    alarm: Alarm, tenancy: Tenancy, credit_id: str, amount: int, at: int, by: Any, note: str, source: Account | None
) -> TopUp:
    """Book credit that was found, and make its top-up; the money lies in the account `source` (None: cash). The caller
    holds the transaction. Raises FoundError if the amount differs.
    """
    meter, data = alarm.meter, alarm.data
    assert meter is not None
    if data["credit_id"] and data["amount"] != amount:
        raise FoundError(
            _("The meter has credited %(amount)s under this id.")
            % {"amount": format_money(data["amount"], meter.property.currency)}
        )
    command = Command.objects.filter(meter=meter, number=data["command"], is_from_journal=True).first()
    if command is None:
        # Only its code is at the meter: the command that follows brings what the code could not carry.
        command = issue(meter, GrantCredit(credit_id, amount, tid=data["tid"], coded=data["amount"]))
        command.coded_seq, command.coded_at = data["seq"], data["at"]
        command.save(update_fields=["coded_seq", "coded_at"])
    alarm.is_resolved = True
    alarm.data = {**alarm.data, "credit_id": credit_id}
    alarm.save(update_fields=["is_resolved", "data"])
    return book_new_top_up(tenancy, command, credit_id, amount, at, by, note, source)


def booked_by_hand(meter: Meter, amount: int, paid: int) -> TopUp | None:
    """Return the top-up that a person booked when only the code was found, if it is a payment of `amount` nano at the
    instant `paid`. It has an id of ours, and was booked as cash. It is returned once: the payment then counts as found.
    """
    alarms = Alarm.objects.filter(
        meter=meter, kind=UNBOOKED, is_resolved=True, key__startswith=CODE, data__by_hand=True
    )
    for each in for_update(alarms).order_by("pk"):
        if _fits(meter, each, amount, paid):
            each.data = {**each.data, "by_hand": False}
            each.save(update_fields=["data"])
            return TopUp.objects.get(command__meter=meter, credit_id=each.data["credit_id"])
    return None


@transaction.atomic
def book_found(asked_alarm: Alarm, by: Any, source: Account | None = None) -> TopUp | None:
    """Book credit that was found. Returns the top-up of a payment, whose money lies in the account `source` (None:
    cash); None for credit that was given or taken otherwise. A repeated call books nothing more. Raises FoundError if
    it cannot be booked.
    """
    assert asked_alarm.meter is not None
    lock_organisation(asked_alarm.meter.property.organisation_id)
    meter = for_update(Meter.objects).select_related("unit").get(pk=asked_alarm.meter.pk)
    alarm = for_update(Alarm.objects).get(pk=asked_alarm.pk)
    if alarm.kind != UNBOOKED:
        raise FoundError(_("This alarm is about nothing that can be booked."))
    data = alarm.data
    credit_id = data["credit_id"] or found_at(meter.pk, data["seq"])
    top_up = TopUp.objects.filter(command__meter=meter, credit_id=credit_id).first()
    if alarm.is_resolved or top_up is not None:
        Alarm.objects.filter(pk=alarm.pk).update(is_resolved=True)
        return top_up
    tenancy = tenant_of(alarm)
    if tenancy is None:
        raise FoundError(_("Nobody lived there then: give it to a tenant as an adjustment, and settle the alarm."))
    if tenancy.settled_at is not None:
        raise FoundError(_("This tenancy is settled: its books are closed."))
    if data["amount"] < 0 or data["reason"]:
        _book_adjustment(tenancy, alarm, meter)
        Alarm.objects.filter(pk=alarm.pk).update(is_resolved=True)
        return None
    alarm.data = {**data, "by_hand": not data["credit_id"]}
    return link(alarm, tenancy, credit_id, data["amount"], now(), by, _("found at the meter"), source)


def tenant_of(alarm: Alarm) -> Tenancy | None:
    """Return the tenancy at a meter when it was credited; None if nobody lived there."""
    assert alarm.meter is not None
    return _lived_there(alarm.meter, alarm.data["at"])


def _lived_there(meter: Meter, at: int) -> Tenancy | None:
    tenancies = Tenancy.objects.filter(unit=meter.unit_id).select_related("unit__property__organisation")
    return holder_at(tenancies, at)


def _book_adjustment(tenancy: Tenancy, alarm: Alarm, meter: Meter) -> None:
    organisation, own, data = tenancy.unit.property.organisation, tenant_account(tenancy), alarm.data
    memo, name = data["reason"] or sentence("found at the meter"), Reference(Of.ALARM, alarm.pk).and_(Part.FOUND)
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
