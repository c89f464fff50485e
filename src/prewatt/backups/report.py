"""This module reports what a server contains that was put back from a copy, and what gateways, providers and people
have to send again.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DatabaseError, connection
from django.db.models import Count, Q
from rich.table import Table

from ..kernel.units import moment
from ..server.core import local_forms
from ..server.estate.models import Organisation
from ..server.ledger.books import trial_balance
from ..server.metering.models import Gateway, Meter
from ..server.payments.models import Payment
from ..server.vending.models import OPEN, Command
from ..server.vending.token_identifiers import skip_forgotten
from ..terminal_texts import _
from .archive import Manifest


def check_restored(copied: Manifest, environment: Mapping[str, str]) -> tuple[Table, bool, list[str]]:
    """Prepare a database that was put back, and return what `journals` and `after_restore` say of it. From now on no
    new code gets the identifier of a code that the copy does not know.
    """
    skip_forgotten()
    return journals(), *after_restore(copied, environment)


def journals() -> Table:
    """Return a table of how much the copy knows of each meter's journal."""
    table = Table(title=_("State of the meters in this copy"), title_justify="left")
    for title in (_("gateway"), _("meter"), _("unit")):
        table.add_column(title)
    table.add_column(_("entries"), justify="right")
    table.add_column(_("until (UTC)"))
    for title in (_("balance"), _("open commands")):
        table.add_column(title, justify="right")
    meters = Meter.objects.select_related("gateway__property", "unit").annotate(
        waiting=Count("credit_log", filter=Q(credit_log__state__in=OPEN))
    )
    for meter in meters.order_by("gateway__name", "unit__name", "name"):
        until = f"{moment(meter.at):%Y-%m-%d %H:%M:%S}" if meter.at is not None else _("never")
        money = local_forms.money_with_code(meter.balance, meter.gateway.property.currency)
        unit = meter.unit.name if meter.unit else meter.get_role_display()
        table.add_row(meter.gateway.name, meter.name, unit, str(meter.seq), until, money, str(meter.waiting))
    return table


def after_restore(copied: Manifest, environment: Mapping[str, str]) -> tuple[bool, list[str]]:
    """Return whether the database is consistent, and lines that say what it contains, what comes back by itself and
    what does not.
    """
    wrong = _wrong()
    lines = [_("WRONG: %(fault)s", fault=fault) for fault in wrong] or [
        _("The database is complete, and the books sum to zero.")
    ]
    commands = Command.objects.filter(state__in=OPEN).count()
    asked = Payment.objects.filter(state=Payment.State.OPEN).count()
    gateways = Gateway.objects.filter(public_key__isnull=False, is_revoked=False).count()
    day = copied.made[:10]
    lines += [
        _(
            "Open commands: %(count)s. They are sent again. A meter that has one already does not carry it out twice.",
            count=commands,
        ),
        _("Open payments by phone: %(count)s. The providers are asked about them again.", count=asked),
        "",
        _("Now start the server. This happens by itself:"),
        _("- Gateways send again what is newer in their journals. Enrolled gateways: %(count)s.", count=gateways),
        _("- New codes never get the identifier of a code that was made after this copy."),
        _(
            "- A payment made after %(at)s that has reached its meter comes back with the meter's "
            "journal. It raises an "
            "alarm, because it is at the meter but not in the books (Set-up > Alarms).",
            at=copied.made,
        ),
        "",
        _("You have to do this:"),
        _(
            "- Find the payments by phone that have not reached a meter. They are in the provider's settlement files: "
            "%(command)s",
            command=f"prewatt books reconcile --from {day} --until TODAY",
        ),
        _(
            "- Enter again what people entered after this copy was made: cash, bank statements, tenants, tariffs, "
            "logins. Before you enter a payment, check whether the meter has it already."
        ),
        _("- Enrol again the gateways that enrolled after this copy was made: prewatt gateway code NAME"),
    ]
    other = {name: value for name, value in copied.settings.items() if environment.get(name) != value}
    if other:
        lines += ["", _("The copy was made with other settings. If they are still right, set them before the start:")]
        lines += [f"  {name}={value}" for name, value in other.items()]
    return not wrong, lines


def _wrong() -> list[str]:
    faults = []
    try:
        connection.check_constraints()
    except DatabaseError as error:
        faults.append(_("the database refers to rows that it does not contain: %(error)s", error=error))
    for owner in Organisation.objects.all():
        total = sum(trial_balance(owner).values())
        if total:
            faults.append(
                _(
                    "the books of %(landlord)s sum to %(amount)s instead of zero",
                    landlord=owner,
                    amount=local_forms.money(total, owner.currency),
                )
            )
    return faults
