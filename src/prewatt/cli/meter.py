"""The commands `prewatt meter`: orders, tokens and exchanges of meters."""

from __future__ import annotations

from typing import Annotated

import typer
from django.db.models import Q

from ..kernel.orders import BY_MANAGER, RESTORE_LONGEST
from ..kernel.supply import WATTS_MAX
from ..kernel.units import HOUR, exact_kwh
from ..server.core import local_forms
from ..server.core.amounts import typed_kwh, typed_money
from ..server.core.time import now
from ..server.metering.models import Gateway, Meter
from ..server.sales.leading_back import lead_back as lead_meter_back
from ..server.sales.leading_back import lead_back_all
from ..server.vending.controls import control
from ..server.vending.exchanges import UNKNOWN, look
from ..server.vending.exchanges import exchange as exchange_meter
from ..server.vending.key_change import change_key
from ..server.vending.management_codes import meter_test_code, vend_management
from ..server.vending.models import TokenMeter
from ..server.vending.named_orders import read_action
from ..server.vending.own_supply_group import renew_own_group
from ..terminal_texts import _
from ..tokens import Function, grouped
from .command import CommandError, group
from .lookup import CONSOLE, property_named, unit_named, with_token
from .on_server import DatabaseCommand, PropertyOption, UnitArgument

app = group()
TOKENS = {
    "set-power-limit": Function.SET_POWER_LIMIT,
    "clear-credit": Function.CLEAR_CREDIT,
    "clear-tamper": Function.CLEAR_TAMPER,
}
"""Management tokens that also travel as commands. `change-key` is made of several tokens, and `test` is of class 1."""
KINDS = (*TOKENS, "change-key", "test")


@app.command(cls=DatabaseCommand)
def order(
    unit: UnitArgument,
    do: Annotated[str, typer.Argument(help=f"One of: {', '.join(BY_MANAGER)}.")],
    reason: Annotated[str, typer.Option(help="Reason. The journal records it.")],
    override: Annotated[
        bool, typer.Option("--override", help="For close: close the switch even if it is locked.")
    ] = False,
    watts: Annotated[
        int | None, typer.Option(help="For limit: highest power in W. 0 means the limit of the supply rules.")
    ] = None,
    amount: Annotated[
        str, typer.Option(help="For restore: the highest amount that the tenant may use on credit.")
    ] = "",
    hours: Annotated[
        int,
        typer.Option(
            help="For restore and limit: duration in hours. 0 means no end; restore then needs --amount.",
            min=0,
            max=RESTORE_LONGEST // HOUR,
        ),
    ] = 0,
    property_name: PropertyOption = "",
) -> None:
    """Order the meter of a unit to switch, or to do something else.

    The order is sent at once if the building is online. Otherwise it is sent as soon as the building is online again. If
    the order has a code, somebody can type that code at the meter instead.
    """
    property_ = property_named(property_name)
    if not reason.strip():
        raise CommandError(_("--reason: write a reason. The journal records it with the order"))
    meter = Meter.objects.filter(unit=unit_named(property_, unit)).select_related("gateway").first()
    if meter is None:
        raise CommandError(_("unit '%(unit)s' has no meter, so there is nothing to order", unit=unit))
    until = now() + hours * HOUR if hours else 0
    credit = typed_money(amount, "--amount", property_.currency) if amount else 0
    action = read_action(do, override=override, watts=watts, amount=credit, until=until)
    command = control(meter, action, CONSOLE, reason)
    typer.echo(_on_its_way(meter, command.number) + with_token(command))


@app.command("lead-back", cls=DatabaseCommand)
def lead_back(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a meter, a unit or a gateway. With a gateway, all its meters that have dates in the future "
            "are repaired."
        ),
    ],
    property_name: PropertyOption = "",
) -> None:
    """Repair a meter whose journal has dates in the future.

    They come from a wrong clock. The journal goes on from the present time. Nothing in it is lost, and nothing is charged
    twice (docs/landlord/alarms.md).
    """
    property_ = property_named(property_name)
    gateway = Gateway.objects.filter(property=property_, name=name).first()
    if gateway is not None:
        count = len(lead_back_all(gateway, CONSOLE))
        typer.echo(_("Journals of %(gateway)s that are being set back: %(count)s.", gateway=name, count=count))
        return
    meter = Meter.objects.filter(Q(name=name) | Q(unit__name=name), gateway__property=property_).first()
    if meter is None:
        raise CommandError(
            _("%(property)s has no meter, unit or gateway '%(name)s'", property=property_.name, name=name)
        )
    command = lead_meter_back(meter, CONSOLE)
    typer.echo(
        _("The order is on its way already.")
        if command is None
        else _("Order %(number)s is on its way.", number=command.number)
    )


@app.command(cls=DatabaseCommand)
def token(
    unit: UnitArgument,
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(KINDS)}.")],
    watts: Annotated[int, typer.Option(help="For set-power-limit: highest power in W.", min=0, max=WATTS_MAX)] = 0,
    tests: Annotated[
        int,
        typer.Option(
            "--test-bits",
            help="For test: the tests to run. Each bit of the number means one test.",
            min=1,
            max=1_000_000,
        ),
    ] = 1,
    property_name: PropertyOption = "",
) -> None:
    """Make management tokens that are typed at the meter of a unit.

    All but change-key and test are also sent as commands, and whichever arrives first counts. The tokens of change-key
    must be typed before any later token.
    """
    property_ = property_named(property_name)
    token_meters = TokenMeter.objects.filter(meter__unit=unit_named(property_, unit)).select_related("group", "meter")
    token_meter = token_meters.first()
    if token_meter is None:
        raise CommandError(_("unit '%(unit)s' has no meter that takes codes", unit=unit))
    if kind == "change-key":
        for part in change_key(token_meter, renew_own_group(property_.organisation), token_meter.tariff_index):
            typer.echo(f"{part}  ({part.detail})")
    elif kind == "test":
        typer.echo(grouped(meter_test_code(tests)))
    elif kind in TOKENS:
        typer.echo(f"{vend_management(token_meter, TOKENS[kind], watts)}")
    else:
        raise CommandError(
            _("'%(kind)s' is not a known kind of token. Known kinds: %(known)s", kind=kind, known=", ".join(KINDS))
        )


@app.command(cls=DatabaseCommand)
def exchange(
    name: Annotated[
        str,
        typer.Argument(
            metavar="meter", help="Name of the meter: the serial number that it had when its journal began."
        ),
    ],
    serial: Annotated[str, typer.Option(help="Serial number of the new meter.")],
    first: Annotated[str, typer.Option("--new-kwh", help="Register of the new meter at its installation, in kWh.")],
    last: Annotated[
        str,
        typer.Option(
            "--old-kwh",
            help=f"Last register of the old meter, in kWh, or {UNKNOWN}.",
            show_default="the last reading",
        ),
    ] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Show the result only. Change nothing.")] = False,
) -> None:
    """Record that a new meter was mounted in the place of an old one.

    Credit, tariff, journal and history continue.
    """
    meter = Meter.objects.filter(name=name).select_related("gateway__property", "unit").first()
    if meter is None:
        raise CommandError(_("there is no meter '%(name)s'", name=name))
    first = exact_kwh(typed_kwh(first, "--new-kwh"))
    last = exact_kwh(typed_kwh(last, "--old-kwh")) if last.strip() and last.strip().casefold() != UNKNOWN else last
    outlook = look(meter, serial, first, last)
    typer.echo(outlook.in_words())
    if outlook.rest:
        cost = local_forms.money_with_code(outlook.cost, meter.property.currency)
        typer.echo(_("At the present prices this costs %(amount)s.", amount=cost))
    if preview:
        typer.echo(_("Nothing is changed yet. To record the exchange, leave --preview out."))
        return
    order_ = exchange_meter(meter, serial, first, last, CONSOLE)
    number = order_.command.number
    typer.echo(
        _("%(old)s is exchanged for %(new)s.", old=outlook.old, new=outlook.serial) + f" {_on_its_way(meter, number)}"
    )


def _on_its_way(meter: Meter, number: int) -> str:
    if meter.gateway.is_online:
        return _("Order %(number)s is on its way.", number=number)
    return _("Order %(number)s waits for the network.", number=number)
