"""The commands `prewatt onsite`: what staff do at a gateway over Bluetooth, without the server
(`docs/installer/onsite.md`).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated

import typer
from bumble.core import BaseBumbleError

from ..amounts import read_number
from ..kernel.orders import BY_STAFF, RESTORE_LONGEST, make_order
from ..kernel.switching import SwitchProgress
from ..kernel.units import HOUR, moment, parse_money
from ..terminal_texts import _
from ..wire.on_site import READ_HEAD, Act, Instruction, OnSiteError, ReadHead, SetClock, SiteMeter, read_grant
from ..wire.signing import SigningKey, VerifyKey
from .command import CommandError, FileCommand, group
from .visit import Visit, load_grant
from .visit import run as run_visit

app = group()
KNOWN = (*BY_STAFF, READ_HEAD)
AdapterOption = Annotated[
    str,
    typer.Option(help="Bluetooth adapter of this device, such as hci-socket:0 or usb:0 (names of the library bumble)."),
]
GatewayOption = Annotated[str, typer.Option(help="Name of the gateway.", show_default="the first one in reach")]
KeyOption = Annotated[Path, typer.Option("--key", help="File with this phone's key.")]
GrantOption = Annotated[Path, typer.Option("--grant", help="File with the text of the staff grant.")]
MeterArgument = Annotated[str, typer.Argument(help="Number of the meter.")]
KEY_FILE, GRANT_FILE = Path("onsite.key"), Path("onsite.grant")
ADAPTER = "hci-socket:0"


@app.command(cls=FileCommand)
def key(file: Annotated[Path, typer.Argument(help="File for the private key.")] = KEY_FILE) -> None:
    """Show this phone's public key; make the key if there is none.

    The manager then signs a grant for it with `prewatt staff grant`, or on the page Supply.
    """
    if not file.exists():
        SigningKey.generate().save(file)
    typer.echo(SigningKey.load(file).public().hex())


@app.command(cls=FileCommand)
def status(adapter: AdapterOption = ADAPTER, gateway: GatewayOption = "", grant: GrantOption = GRANT_FILE) -> None:
    """Show the state of the gateway and its meters.

    If there is a grant, which contains the gateway's key, the signature of the state is checked.
    """

    async def work(visit: Visit) -> AsyncIterator[str]:
        keys = {each.gateway: each.key for each in read_grant(load_grant(grant)).gateways} if grant.exists() else {}
        known = keys.get(visit.gateway)
        status = await visit.status(VerifyKey(known) if known else None)
        yield _(
            "%(property)s, gateway %(gateway)s, %(time)s UTC",
            property=visit.property,
            gateway=status.gateway,
            time=f"{moment(status.at):%Y-%m-%d %H:%M:%S}",
        )
        yield _("The gateway is online.") if status.online else _("The gateway is OFFLINE.")
        yield (
            _("The signature of this state is right.")
            if known
            else _("The signature of this state is not checked, because there is no grant.")
        )
        for each in status.meters:
            entry = _("entry %(number)s", number=each.seq)
            yield f"{each.unit or each.meter:20} {each.meter:20} {state_of(each):12} {entry}"

    _visit(adapter, gateway, work)


@app.command(cls=FileCommand)
def code(
    meter: MeterArgument,
    digits: Annotated[str, typer.Argument(help="The 20 digits of the code.")],
    adapter: AdapterOption = ADAPTER,
    gateway: GatewayOption = "",
) -> None:
    """Type a code for a meter. This needs no grant."""

    async def work(visit: Visit) -> AsyncIterator[str]:
        answer = await visit.submit_code(meter, digits)
        if not answer.done:
            raise OnSiteError(answer.text)
        yield answer.text

    _visit(adapter, gateway, work)


@app.command(cls=FileCommand)
def do(
    meter: MeterArgument,
    do: Annotated[str, typer.Argument(help=f"One of: {', '.join(KNOWN)}.")],
    reason: Annotated[str, typer.Option(help="Reason. The journal records it.")] = "",
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
    watts: Annotated[
        int, typer.Option(help="For limit: highest power in W. 0 means the limit of the supply rules.", min=0)
    ] = 0,
    override: Annotated[
        bool, typer.Option("--override", help="For close: close the switch even if it is locked.")
    ] = False,
    key: KeyOption = KEY_FILE,
    grant: GrantOption = GRANT_FILE,
    adapter: AdapterOption = ADAPTER,
    gateway: GatewayOption = "",
) -> None:
    """Make the gateway act on a meter, within what the grant allows."""
    if do not in KNOWN:
        raise CommandError(_("'%(do)s' is not a known order. Known orders: %(known)s", do=do, known=", ".join(KNOWN)))
    credit = _amount(amount) if amount else 0

    def instruction(now: int) -> Instruction:
        until = now + hours * HOUR if hours else 0
        if do == READ_HEAD:
            return ReadHead(meter)
        order = make_order(BY_STAFF[do], override=override, watts=watts, amount=credit, until=until)
        return Act(meter, order, reason)

    async def work(visit: Visit) -> AsyncIterator[str]:
        await visit.open_session(SigningKey.load(key), load_grant(grant))
        # Counted on the gateway's clock, which decides.
        answer = await visit.instruct(instruction((await visit.status()).at))
        if not answer.done:
            raise OnSiteError(answer.text)
        yield f"{answer.text} {answer.head}".strip()

    _visit(adapter, gateway, work)


@app.command("set-clock", cls=FileCommand)
def set_clock(
    key: KeyOption = KEY_FILE,
    grant: GrantOption = GRANT_FILE,
    adapter: AdapterOption = ADAPTER,
    gateway: GatewayOption = "",
) -> None:
    """Set the gateway's clock to the clock of this device."""

    async def work(visit: Visit) -> AsyncIterator[str]:
        await visit.open_session(SigningKey.load(key), load_grant(grant))
        answer = await visit.instruct(SetClock(time.time_ns() // 1000))
        if not answer.done:
            raise OnSiteError(answer.text)
        yield answer.text

    _visit(adapter, gateway, work)


def _visit(adapter: str, gateway: str, work: Callable[[Visit], AsyncIterator[str]]) -> None:
    """Do `work` during a visit, and print the lines that it yields. Raises CommandError if Bluetooth fails; OnSiteError
    and OSError as `visit.run`.
    """
    try:
        lines = run_visit(adapter, gateway, work)
    except (BaseBumbleError, TimeoutError) as error:
        raise CommandError(f"Bluetooth: {error or type(error).__name__}") from None
    for line in lines:
        typer.echo(line)


def _amount(text: str) -> int:
    """Return an amount (nano) as a person types it. There is no server here that knows the person's language. Raises
    CommandError if it is no amount.
    """
    try:
        return parse_money(f"{read_number(text):f}")
    except ValueError as error:
        raise CommandError(f"--amount: {error}") from None


def state_of(meter: SiteMeter) -> str:
    """Return in a word or two whether the supply is on, or how the order to its switch stands; `?` if unknown."""
    if meter.closed is None:
        return "?"
    if meter.switch == SwitchProgress.FAILED:
        return _("NOT ON") if meter.closed else _("NOT OFF")
    if meter.switch == SwitchProgress.WAITS_FOR_BUTTON:
        return _("PRESS BUTTON")
    if meter.switch in ("", SwitchProgress.VERIFIED):
        return _("on") if meter.closed else _("OFF")
    return _("told to switch on") if meter.closed else _("told to switch off")
