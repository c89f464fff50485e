"""A broken row harms only itself. What cannot be read is worked out again from other rows, and reported. What cannot be
mended is set aside, and everything else goes on.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction

from ..kernel.account import Account
from ..kernel.entries import EntryError, chain, decode_command, decode_entry, genesis
from ..kernel.sentences import sentence
from ..server.core.home_secrets import signing_key
from ..server.core.time import now
from ..server.metering.accounts import kept, stored_account
from ..server.metering.alarms import raise_alarm
from ..server.metering.models import Gateway, JournalEntry, Meter
from ..server.sales.differences import taken_over
from ..server.sales.mending import mend
from ..server.sales.openings import OPENING
from ..server.vending import emergency_use
from ..server.vending.models import Command
from ..wire.messages import SignedCommand
from ..wire.signing import VerifyKey, command_is_signed
from .batch import MeterPlan
from .ingest import take_entry

log = logging.getLogger("prewatt.headend")


AGAIN = 600.0
"""Seconds after which a meter that is set aside is tried again."""
SET_ASIDE = "set-aside"
"""The kind of the alarm that nothing from a meter is stored."""


class SetAside(ValueError):
    """A meter's account cannot be replayed from its entries either; the message says why."""


def load(row: Meter) -> Account:
    """Return a meter's stored account. Raises ValueError if it cannot be read, or does not belong to the row."""
    account = stored_account(row)
    sums = account.credited - account.charged - account.debited
    if (account.seq, account.balance, account.balance) != (row.seq, row.balance, sums):
        raise ValueError(
            f"the stored account ends at entry {account.seq} with a balance of {account.balance}, but its row says entry "
            f"{row.seq} and {row.balance}"
        )
    return account


def rebuild(row: Meter) -> Account | None:
    """Replay a meter's account from its stored entries and its whole credit log, store it, and raise an alarm. Returns
    None if that fails: then the meter stays set aside, and its messages wait at the gateway.
    """
    try:
        plan = _replayed(row)
    except Exception as error:  # whatever it is, it is this meter's alone
        log.exception("meter %s is set aside", row.name)
        text = sentence(
            "The server can't read the account of meter %(meter)s, and could not calculate it again from the entries "
            "(%(error)s). The meter goes on by itself. But the server stores nothing from this meter, and a payment "
            "reaches the meter only by its code. Put the database back from a copy. The gateway then sends what is "
            "missing.",
            meter=row.name,
            error=error,
        )
        raise_alarm(SET_ASIDE, text, now(), meter=row, seq=row.seq)
        return None
    with transaction.atomic():
        account = plan.account
        columns = kept(account, plan.head)
        Meter.objects.filter(pk=row.pk, seq=row.seq).update(**columns, offset=plan.offset, balance=account.balance)
        text = sentence(
            "The server could not read the account of meter %(meter)s, and calculated it again from %(count)d entries. "
            "You need to do nothing. If it happens again, check the server's disk.",
            meter=row.name,
            count=account.seq,
        )
        raise_alarm("account-replayed", text, now(), meter=row, seq=row.seq)
    row.account, row.head, row.digest = columns["account"], columns["head"], columns["digest"]
    row.offset, row.balance = plan.offset, account.balance
    return account


def _replayed(row: Meter) -> MeterPlan:
    opened = {}
    for command in Command.objects.filter(meter=row):
        try:
            opened[command.number] = decode_command(bytes(command.body))
        except EntryError:
            # Its entry is taken as the meter says it.
            log.error("meter %s: command %d can't be read", row.name, command.number)
    advance = emergency_use.orders([row], used=True).get(row.pk, {})
    plan = MeterPlan(Account(), genesis(row.name), 0, opened, advance)
    entries = JournalEntry.objects.filter(meter=row).order_by("seq").values_list("seq", "kind", "body", "hash")
    begin = 0
    for seq, kind, body, stored in entries.iterator():
        if kind == OPENING:
            begin, plan.account, plan.head, plan.offset = seq, Account.load(bytes(body)), bytes(stored), 0
            continue
        entry = decode_entry(bytes(body))
        if not plan.account.may_follow(entry) or chain(plan.head, bytes(body)) != bytes(stored):
            raise SetAside(sentence("entry %(seq)d was changed after it was stored", seq=seq))
        take_entry(plan, entry, bytes(body), late=False)
        plan.entries.clear()
    accepted = taken_over(row, begin)
    plan.account.charged -= accepted
    plan.account.balance += accepted
    plan.offset -= accepted
    if plan.account.seq != row.seq:
        raise SetAside(sentence("only %(seq)d of %(count)d entries are stored", seq=plan.account.seq, count=row.seq))
    return plan


def mend_command(row: Command) -> None:
    """Make an unreadable command again, under its number, so that it does not hold up the later ones."""
    text = mend(row)
    log.error("meter %s: %s", row.meter, text)
    raise_alarm("command-unreadable", text, now(), meter=row.meter, key=str(row.number), data={"command": row.number})


def is_signed(body: bytes, signature: bytes) -> bool:
    """Return whether the bytes are a command that this server has signed."""
    key = VerifyKey(signing_key(settings.CONFIG).public())
    try:
        decode_command(body)
        return command_is_signed(key, SignedCommand(body, signature))
    except ValueError:
        return False


def tell_of_meter(row: Meter, error: str) -> None:
    """Raise the alarm that nothing from this meter can be stored: it alone is set aside."""
    text = sentence(
        "The server can't store what meter %(meter)s sends (%(error)s). The meter goes on by itself, and its entries "
        "wait at the gateway. All other meters go on. The server tries again every ten minutes. Update the software. "
        "If that does not help, write to the makers of the software, and send them the server's log of that time.",
        meter=row.name,
        error=error,
    )
    raise_alarm(SET_ASIDE, text, now(), meter=row, seq=row.seq)


def tell_of_commands(row: Meter, error: Exception) -> None:
    """Raise the alarm that a meter's commands cannot be brought into order: it alone gets none."""
    text = sentence(
        "The server can't number the orders for meter %(meter)s (%(error)s), so it sends none. A payment reaches this "
        "meter only by its code. All other meters go on. Update the software, or put the database back from a copy.",
        meter=row.name,
        error=repr(error),
    )
    raise_alarm("orders-stuck", text, now(), meter=row, seq=row.seq)


def tell_of_gateway(row: Gateway, error: Exception) -> None:
    """Raise the alarm that a gateway's row cannot be read: it alone is not served."""
    text = sentence(
        "The server can't read what it has stored about gateway %(gateway)s (%(error)s), so it stores nothing from it. The "
        "gateway's meters go on by themselves. Make a new gateway code and enrol the gateway again.",
        gateway=row.name,
        error=error,
    )
    if raise_alarm("gateway-unreadable", text, now(), gateway=row):
        log.error("%s", text)
