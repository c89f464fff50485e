"""A server that was put back from a copy of before a gateway's journal begins: nobody has the entries between. A person says
that the meter's journal goes on here from the gateway's own figures.

The alarm of the kind `journal-gap` asks it; its data: `seq`, `head` and `account` of the gateway's state, and the figures.
The row of the kind `opening` in the journal's table holds that account, in the place of the entries that are not there.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from ...kernel.account import Account
from ...kernel.currencies import format_with_code
from ...kernel.entries import Debit, GrantCredit, decode_command
from ...kernel.naming import id_of
from ...kernel.units import exact_kwh
from ..core.time import now
from ..ledger.books import book_emergency
from ..metering.accounts import kept, stored_account
from ..metering.alarms import raise_alarm, settle
from ..metering.locking import for_update
from ..metering.models import Alarm, JournalEntry, Meter
from ..vending.credit_log import renumber, step_aside
from ..vending.emergency_codes import take_up_state
from ..vending.models import OPEN, Command

GAP = "journal-gap"
OPENED = "journal-opened"
"""Kind of the alarm that what was paid and charged meanwhile is not in the books yet (`as_metered`)."""
OPENING = "opening"


def tell(meter: Meter, state: Account, head: bytes) -> None:
    """A gateway has told how a meter stands of which nobody has the entries between: ask a person, once. What was paid
    meanwhile, under numbers that the meter has used, is on its way at once.
    """
    here = stored_account(meter)
    # What its status said last may have been of a journal that was put back since.
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
    given = {
        "meter": meter,
        "first": here.seq + 1,
        "here": format_with_code(here.balance, currency),
        "there": format_with_code(state.balance, currency),
        "charged": format_with_code(state.charged - here.charged, currency),
        "credited": format_with_code(state.credited - here.credited, currency),
        "debited": format_with_code(state.debited - here.debited, currency),
        "register": "–" if state.shown is None else exact_kwh(state.shown),
    }
    text = (
        _(
            "Nobody has the entries of meter %(meter)s from %(first)d on: this server was put back from a copy that is older than "
            "the journal at its gateway, or that journal is damaged there. So nothing of it is taken into the books. The meter "
            "goes on, and payments reach it. "
            "It has %(there)s, and stands at %(register)s kWh; here it has %(here)s. In between %(charged)s were charged, "
            "%(credited)s credited and %(debited)s taken off: for what in particular is not known. Let the books go on from the "
            "meter's figures, unless they can't be right."
        )
        % given
    )
    data = {"seq": state.seq, "head": head.hex(), "account": state.dump().hex()}
    raise_alarm(GAP, text, now(), meter=meter, seq=here.seq + 1, data=data)


@transaction.atomic
def go_on(alarm: Alarm, by: str) -> None:
    """Let a meter's journal go on here from its gateway's state, and settle the alarm. What was paid meanwhile is applied
    where its id tells so; of other orders that may have been carried out nobody knows: they are left out, and told. What
    the books lack then is another alarm's. Asked twice, it is done once.
    """
    meter = for_update(Meter.objects).get(alarms=alarm)
    locked = for_update(Alarm.objects).get(pk=alarm.pk)
    state = Account.load(bytes.fromhex(locked.data["account"]))
    if locked.is_resolved:
        return
    settle(locked, by)
    if state.seq <= meter.seq:
        # What was missing has come after all.
        return
    before, head = stored_account(meter), bytes.fromhex(locked.data["head"])
    JournalEntry.objects.create(
        meter=meter, seq=state.seq, at=state.at, kind=OPENING, balance=state.balance, body=state.dump(), hash=head
    )
    Meter.objects.filter(pk=meter.pk).update(
        **kept(state, head), seq=state.seq, offset=0, at=state.at, balance=state.balance, register=state.shown,
        read_at=state.read_at, closed=state.closed, low=state.is_low(), serial=state.serial, taken=state.command,
        commands=Greatest(F("commands"), state.command),
    )  # fmt: skip
    book_emergency(meter, state.at, state.seq, state.emergency_out)
    unknown = _close_commands(meter, state)
    take_up_state(meter, state)
    renumber(meter)
    text = _(
        "The journal of meter %(meter)s goes on here from entry %(seq)d. What it was credited and charged since the copy is not in "
        "the books. First have the providers' files fetched: what they tell is booked under its own id, and the meter takes none "
        "twice. Cash that was taken since is at the meter already: do not enter it again. Then take the rest into the books."
    ) % {"meter": meter, "seq": state.seq}
    if unknown:
        text += " " + _("Look also whether these were carried out, and order them anew if not: %(orders)s.") % {
            "orders": ", ".join(unknown)
        }
    data = {"charged": state.charged - before.charged}
    raise_alarm(OPENED, text, now(), meter=meter, key=str(state.seq), seq=state.seq, data=data)


def _close_commands(meter: Meter, state: Account) -> list[str]:
    """Close the open commands that the state has taken up; which orders may be among them, that nobody knows of."""
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
            row.state, row.reason = Command.State.REJECTED, _("nobody knows whether it was carried out")
            unknown.append(f"{row.kind} {row.number}")
        row.applied_seq, row.applied_at = state.seq, state.at
        row.save(update_fields=["state", "reason", "applied_seq", "applied_at"])
    return unknown
