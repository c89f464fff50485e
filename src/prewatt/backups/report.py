"""What a server that was put back from a copy holds, and what will be asked back: by the gateways, the providers, people."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DatabaseError, connection
from django.db.models import Count, Q
from rich.table import Table

from ..kernel.currencies import format_money, format_with_code
from ..kernel.units import moment
from ..server.estate.models import Organisation
from ..server.ledger.books import trial_balance
from ..server.metering.models import Gateway, Meter
from ..server.payments.models import Payment
from ..server.vending.models import OPEN, Command
from .archive import Manifest


def journals() -> Table:
    """How far the copy knows each meter's journal."""
    table = Table(title="State of the meters in this copy", title_justify="left")
    for title in ("gateway", "meter", "unit", "entries", "until (UTC)", "balance", "open commands"):
        table.add_column(title, justify="right" if title in ("entries", "balance", "open commands") else "left")
    meters = Meter.objects.select_related("gateway__property", "unit").annotate(
        waiting=Count("credit_log", filter=Q(credit_log__state__in=OPEN))
    )
    for meter in meters.order_by("gateway__name", "unit__name", "name"):
        until = f"{moment(meter.at):%Y-%m-%d %H:%M:%S}" if meter.at is not None else "never heard of"
        money = format_with_code(meter.balance, meter.gateway.property.currency)
        unit = meter.unit.name if meter.unit else meter.get_role_display()
        table.add_row(meter.gateway.name, meter.name, unit, str(meter.seq), until, money, str(meter.waiting))
    return table


def after_restore(copied: Manifest, environment: Mapping[str, str]) -> tuple[bool, list[str]]:
    """Whether the database holds together, and in words what it holds, what comes back by itself and what does not."""
    wrong = _wrong()
    lines = [f"WRONG: {each}" for each in wrong] or ["The database is whole, and the books sum to zero."]
    commands = Command.objects.filter(state__in=OPEN).count()
    asked = Payment.objects.filter(state=Payment.State.OPEN).count()
    gateways = Gateway.objects.filter(public_key__isnull=False, revoked=False).count()
    day = copied.made[:10]
    lines += [
        f"{commands} commands are open: they are sent again, and a meter that has them takes none twice.",
        f"{asked} payments by phone were asked for and not paid: the providers are asked about them again.",
        "",
        "Now start the server. Then",
        f"- {gateways} gateways send again what is newer in their journals, by themselves;",
        "- no code that is made from now on has the identifier of one that is forgotten;",
        f"- a payment made after {copied.made} that its meter has comes back with that journal, as an alarm: at the meter, not in "
        "the books (Set-up > Alarms);",
        f"- a payment by phone that has reached no meter is in the provider's settlement file: prewatt books reconcile --from {day} "
        f"--until TODAY;",
        "- cash, bank statements, and whatever else people entered after that (tenants, tariffs, logins), is entered again; look "
        "first whether the meter has the payment already;",
        "- a gateway that enrolled after that is not known here: prewatt gateway code NAME, and it enrols anew.",
    ]
    theirs = {name: value for name, value in copied.settings.items() if environment.get(name) != value}
    if theirs:
        lines += ["", "The copy was made under other settings. Where they still hold, set them before the start:"]
        lines += [f"  {name}={value}" for name, value in theirs.items()]
    return not wrong, lines


def _wrong() -> list[str]:
    found = []
    try:
        connection.check_constraints()
    except DatabaseError as error:
        found.append(f"the database refers to what it does not hold: {error}")
    for owner in Organisation.objects.all():
        total = sum(trial_balance(owner).values())
        if total:
            found.append(f"the books of {owner} do not sum to zero, but to {format_money(total, owner.currency)}")
    return found
