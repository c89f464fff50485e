"""Making a command anew that can't be read any more, from what else the database knows of it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ...kernel.entries import AnyOrder, Debit, EntryError, GrantCredit, decode_command
from ...kernel.entries import Command as KernelCommand
from ..allocation.models import Share
from ..ledger.references import Of, Part, Reference, at_meter
from ..vending.account_settings import account_settings
from ..vending.credit_log import sign_anew
from ..vending.models import Adjustment, Code, Command, TopUp


def mend(row: Command) -> str:
    """Give a command its order again that can't be read, or is not as it was signed, under its number, and sign it. Where
    nothing else tells what it was, it is what it reads as; and if it doesn't, the meter's settings take its place, so
    that it holds up nothing. Returns what was done, for people.
    """
    order, reads = _known(row), _read(row)
    given = {"meter": row.meter, "number": row.number, "kind": row.kind}
    if order is not None:
        sign_anew(row, row.number, order)
        return (
            _("Command %(number)d (%(kind)s) of meter %(meter)s could not be read here: it was made anew as it was.")
            % given
        )
    sign_anew(row, row.number, reads or account_settings(row.meter))
    if reads is not None:
        return (
            _(
                "Command %(number)d (%(kind)s) of meter %(meter)s was not as it was signed: it is sent as it reads now. Look "
                "whether it is right; if not, order it anew."
            )
            % given
        )
    return (
        _(
            "Command %(number)d (%(kind)s) of meter %(meter)s can't be read here, and nobody knows what it was: it is left "
            "out. Look what was ordered then, and order it anew."
        )
        % given
    )


def _read(row: Command) -> AnyOrder | None:
    try:
        command = decode_command(bytes(row.body))
    except EntryError:
        return None
    if not isinstance(command, KernelCommand) or (command.meter, command.number) != (row.meter.name, row.number):
        return None
    return command.order


def _known(row: Command) -> AnyOrder | None:
    top_up = TopUp.objects.filter(command=row).first()
    if top_up is not None:
        code = Code.objects.filter(command=row).first()
        if code is None:
            return GrantCredit(top_up.credit_id, top_up.amount)
        return GrantCredit(top_up.credit_id, top_up.amount, tid=code.tid, coded=code.amount)
    given = Adjustment.objects.filter(command=row, amount__gt=0).first()
    if given is not None and not row.found:
        name, code = (
            at_meter(Reference(Of.ADJUSTMENT, given.pk), given.decided_at or 0),
            Code.objects.filter(command=row).first(),
        )
        tid, carries = (code.tid, code.amount) if code else (None, 0)
        return GrantCredit(name, given.amount, given.reason, tid, carries)
    share = Share.objects.filter(command=row).select_related("run__shared_cost").first()
    if share is not None:
        name = at_meter(Reference(Of.SHARE, share.pk), share.run.made_at)
        return Debit(name, share.amount, share.run.shared_cost.name[:200])
    share = Share.objects.filter(reversal=row).select_related("run__shared_cost").first()
    if share is not None:
        name = at_meter(Reference(Of.SHARE, share.pk).and_(Part.BACK), share.run.reversed_at or 0)
        return GrantCredit(name, share.amount, share.run.shared_cost.name[:200])
    return account_settings(row.meter) if row.kind == "settings" else None
