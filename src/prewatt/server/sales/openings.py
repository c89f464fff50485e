"""A server that was restored from a copy older than the beginning of a gateway's journal: nobody has the entries
between. A person decides that the books continue from the gateway's own figures.

The alarm of the kind `journal-gap` asks for this. Its data: `seq`, `head` and `account` of the gateway's state, and the
figures. The row of the kind `opening` in the journal's table holds that account, in the place of the missing entries.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from ...kernel.account import Account
from ...kernel.entries import Debit, GrantCredit, decode_command
from ...kernel.naming import id_of
from ...kernel.sentences import Energy, Money, sentence, several
from ..core.time import now
from ..ledger.books import book_emergency
from ..metering.accounts import kept, stored_account
from ..metering.alarms import raise_alarm, settle
from ..metering.locking import for_update
from ..metering.models import Alarm, JournalEntry, Meter
from ..vending.command_numbers import renumber, step_aside
from ..vending.emergency_use import take_up_state
from ..vending.models import OPEN, Command

GAP = "journal-gap"
"""The kind of alarm for journal entries that nobody has."""
OPENED = "journal-opened"
"""The kind of alarm for payments and charges of the gap that are not in the books yet (`as_metered`)."""
OPENING = "opening"
"""The kind of the row that takes the place of missing journal entries."""


def tell(meter: Meter, state: Account, head: bytes) -> None:
    """Take up a gateway's state of a meter whose entries nobody has, and ask a person once. Payments that have numbers
    which the meter has used are sent again at once, under new numbers.
    """
    stored = stored_account(meter)
    # The last status may belong to a journal that was replaced since.
    Meter.objects.filter(pk=meter.pk).update(told_seq=state.seq, told_command=state.command)
    stuck = [
        row.number
        for row in Command.objects.filter(meter=meter, state__in=OPEN, number__gt=0, number__lte=state.command)
        if (known := id_of(getattr(decode_command(bytes(row.body)), "order", None))) and known not in state.credit_ids
    ]
    for number in stuck:
        step_aside(meter, number)
    if stuck:
        renumber(meter)
    currency = meter.property.currency
    values: dict[str, object] = {
        "meter": meter,
        "first": stored.seq + 1,
        "here": Money(stored.balance, currency),
        "there": Money(state.balance, currency),
        "charged": Money(state.charged - stored.charged, currency),
        "credited": Money(state.credited - stored.credited, currency),
        "debited": Money(state.debited - stored.debited, currency),
        "register": "–" if state.shown is None else Energy(state.shown),
    }
    text = sentence(
        "Nobody has the entries of meter %(meter)s from %(first)d on: this server was restored from a copy that is "
        "older than the journal at its gateway, or that journal is damaged. So none of these entries is in the books. "
        "The meter goes on, and payments reach it. Its balance is %(there)s, and its register is at %(register)s kWh. "
        "On this server its balance is %(here)s. In between %(charged)s were charged, %(credited)s credited and "
        "%(debited)s taken off; nobody knows the single amounts. Let the books go on from the meter's balance and "
        "register, unless these can't be right.",
        **values,
    )
    data = {"seq": state.seq, "head": head.hex(), "account": state.dump().hex()}
    raise_alarm(GAP, text, now(), meter=meter, seq=stored.seq + 1, data=data)


@transaction.atomic
def go_on(alarm: Alarm, by: str) -> None:
    """Continue a meter's journal from its gateway's state, and resolve the alarm. Payments whose ids the meter has are
    marked as applied. Nobody knows whether other open orders were carried out: they are closed and named. A further
    alarm shows what the books lack. A repeated call changes nothing.
    """
    meter = for_update(Meter.objects).get(alarms=alarm)
    locked = for_update(Alarm.objects).get(pk=alarm.pk)
    state = Account.load(bytes.fromhex(locked.data["account"]))
    if locked.is_resolved:
        return
    settle(locked, by)
    if meter.seq >= locked.seq:
        # The first of the missing entries has arrived after all, and so the others come, or they are asked about anew.
        return
    before, head = stored_account(meter), bytes.fromhex(locked.data["head"])
    JournalEntry.objects.create(
        meter=meter, seq=state.seq, at=state.at, kind=OPENING, balance=state.balance, body=state.dump(), hash=head
    )
    Meter.objects.filter(pk=meter.pk).update(
        **kept(state, head),
        seq=state.seq,
        offset=0,
        at=state.at,
        balance=state.balance,
        register=state.shown,
        read_at=state.read_at,
        closed=state.closed,
        is_low=state.is_low(),
        serial=state.serial,
        taken=state.command,
        commands=Greatest(F("commands"), state.command),
    )
    book_emergency(meter, state.at, state.seq, state.emergency_out)
    unknown = _close_commands(meter, state)
    take_up_state(meter, state)
    renumber(meter)
    text = sentence(
        "The journal of meter %(meter)s goes on here from entry %(seq)d. Its credits and charges since the copy "
        "are not in the books. First fetch the providers' files: their payments are booked under their own ids, "
        "and the meter takes none twice. Cash that was received since is at the meter already: do not enter it "
        "again. Then take the rest into the books.",
        meter=meter,
        seq=state.seq,
    )
    if unknown:
        check = sentence(
            "Check also whether these were carried out, and order them again if not: %(orders)s.",
            orders=", ".join(unknown),
        )
        text = several([text, check])
    data = {"charged": state.charged - before.charged}
    raise_alarm(OPENED, text, now(), meter=meter, key=str(state.seq), seq=state.seq, data=data)


def _close_commands(meter: Meter, state: Account) -> list[str]:
    """Close the open commands that the state has taken up. Returns the other orders that may have been carried out, in
    words.
    """
    unknown = []
    for row in Command.objects.filter(meter=meter, state__in=OPEN).order_by("number"):
        order = getattr(decode_command(bytes(row.body)), "order", None)
        if isinstance(order, GrantCredit | Debit):
            if id_of(order) not in state.credit_ids:
                continue
            row.state = Command.State.APPLIED
        elif row.number > state.command:
            continue
        else:
            row.state, row.reason = Command.State.REJECTED, "nobody knows whether it was carried out"
            unknown.append(f"{row.kind} {row.number}")
        row.applied_seq, row.applied_at = state.seq, state.at
        row.save(update_fields=["state", "reason", "applied_seq", "applied_at"])
    return unknown
