"""Restores a command that cannot be read any more, from what else the database knows of it."""

from __future__ import annotations

from ...kernel.entries import AnyOrder, Debit, EntryError, GrantCredit, decode_command
from ...kernel.entries import Command as KernelCommand
from ...kernel.sentences import Sentence, sentence
from ..allocation.models import Share
from ..ledger.books import booked
from ..ledger.references import Of, Part, Reference, at_meter
from ..vending.account_settings import account_settings
from ..vending.models import Adjustment, Code, Command, TopUp
from ..vending.signed_commands import sign_anew


def mend(row: Command) -> Sentence:
    """Restore the order of a command that cannot be read, or whose signature is wrong, under the same number, and sign
    it. If nothing else shows the order, the readable order is signed; if it is not readable either, the meter's
    settings take its place, so that it does not block later commands. Returns what was done, for people.
    """
    order, readable = _known(row), _read(row)
    values = {"meter": row.meter, "number": row.number, "kind": row.kind}
    if order is not None:
        sign_anew(row, row.number, order)
        return sentence(
            "Command %(number)d (%(kind)s) of meter %(meter)s could not be read here: it was made again, "
            "exactly as it was.",
            **values,
        )
    sign_anew(row, row.number, readable or account_settings(row.meter))
    if readable is not None:
        return sentence(
            "Command %(number)d (%(kind)s) of meter %(meter)s differed from what was signed: it is sent as "
            "it is now. Check it; if it is wrong, order it again.",
            **values,
        )
    return sentence(
        "Command %(number)d (%(kind)s) of meter %(meter)s can't be read here, and nobody knows what it was: "
        "it is left out. Find out what was ordered then, and order it again.",
        **values,
    )


def _read(row: Command) -> AnyOrder | None:
    try:
        command = decode_command(bytes(row.body))
    except EntryError:
        return None
    if not isinstance(command, KernelCommand) or (command.meter, command.number) != (row.meter.name, row.number):
        return None
    return command.order


def _code(row: Command) -> tuple[int | None, int]:
    """Return the identifier of a command's code and the amount that it carries (nano); None and 0 without a code."""
    code = Code.objects.filter(command=row).first()
    return (code.tid, code.amount) if code else (None, 0)


def _known(row: Command) -> AnyOrder | None:
    top_up = TopUp.objects.filter(command=row).first()
    if top_up is not None:
        tid, coded = _code(row)
        return GrantCredit(top_up.credit_id, top_up.amount, tid=tid, coded=coded)
    adjustment = Adjustment.objects.filter(command=row, amount__gt=0).first()
    if adjustment is not None and not row.is_from_journal:
        name = at_meter(Reference(Of.ADJUSTMENT, adjustment.pk), adjustment.decided_at or 0)
        tid, coded = _code(row)
        return GrantCredit(name, adjustment.amount, adjustment.reason, tid, coded)
    share = Share.objects.filter(command=row).select_related("run").first()
    if share is not None:
        of = Reference(Of.SHARE, share.pk)
        return Debit(at_meter(of, share.run.made_at), share.amount, _reason(of))
    share = Share.objects.filter(reversal=row).select_related("run").first()
    if share is not None:
        of = Reference(Of.SHARE, share.pk).and_(Part.BACK)
        return GrantCredit(at_meter(of, share.run.reversed_at or 0), share.amount, _reason(of))
    return account_settings(row.meter) if row.kind == "settings" else None


def _reason(of: Reference) -> str:
    """Return the reason of an order, which the books hold as its memo. It must be the very same text: the command's name is
    made of it, and the meter's journal shows the command by this name.
    """
    transfer = booked(of)
    return transfer.memo if transfer is not None else ""
