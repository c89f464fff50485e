"""The command line: `prewatt demo | setup | server | web | headend | worker | backup | restore | edge | onsite | tariff |
shared-cost | statement | bills | terms | balance | reconcile | order | give | emergency | exchange | code | pin |
gateway-code | grant | api-token | notices | move-in | contact | contacts | sim | manage`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

import typer

if TYPE_CHECKING:
    from .onsite import Visit
    from .server.config import ServerConfig
    from .server.tariffs.compare import Comparison

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Prepaid electricity for rental apartments.",
    pretty_exceptions_enable=False,
)
edge_app = typer.Typer(no_args_is_help=True, help="The agent in the building.")
app.add_typer(edge_app, name="edge")
tariff_app = typer.Typer(no_args_is_help=True, help="Tariffs: check, schedule, compare, correct.")
app.add_typer(tariff_app, name="tariff")
emergency_app = typer.Typer(no_args_is_help=True, help="Codes made in advance, for the day when nothing works.")
onsite_app = typer.Typer(no_args_is_help=True, help="On site, over Bluetooth: status, codes, and what a grant allows.")
app.add_typer(onsite_app, name="onsite")
app.add_typer(emergency_app, name="emergency")
terms_app = typer.Typer(no_args_is_help=True, help="How tenancies pay: before use, or after it by a bill a month.")
app.add_typer(terms_app, name="terms")
shared_app = typer.Typer(no_args_is_help=True, help="What is used in common: preview, book, give back.")
app.add_typer(shared_app, name="shared-cost")
notices_app = typer.Typer(no_args_is_help=True, help="Notices: what tenants and managers are told.")
app.add_typer(notices_app, name="notices")
PropertyOption = Annotated[str, typer.Option("--property", help="The property; may be left out if there is one.")]
FromOption = Annotated[str, typer.Option("--from", help="The property's wall clock, such as 2025-11-01T00:00.")]
UntilOption = Annotated[str, typer.Option("--until", help="The end, on the same clock.")]
FirstDay = Annotated[str, typer.Option("--from", help="The first day, such as 2025-11-01.")]
LastDay = Annotated[str, typer.Option("--until", help="The last day, inclusive.")]


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _fail(command: str, error: object) -> typer.Exit:
    typer.echo(f"prewatt {command}: {error}", err=True)
    return typer.Exit(2)


@app.command()
def demo(
    data: Annotated[
        Path | None, typer.Option(help="Consumption to play, CSV (meter,timestamp,kwh), plain or gzip'd.")
    ] = None,
    zone: Annotated[str, typer.Option(help="The building's time zone.")] = "Australia/Sydney",
    days: Annotated[int, typer.Option(help="Days to play, as far as the data goes.")] = 30,
    meters: Annotated[
        int | None,
        typer.Option(help="Apartments, the first of the data. [default: all, up to 250]", show_default=False),
    ] = None,
    outage: Annotated[int, typer.Option(help="Days without a network, in the middle.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the tenants' habits.")] = 1,
    speed: Annotated[
        float | None,
        typer.Option(help="Simulated seconds per second; 0 for as fast as it goes. [default: 14400, headless 0]"),
    ] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="Run to the end, print the table, exit with 1 if a unit is missing.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write the account as JSON (docs/demo-json.md).")] = None,
    port: Annotated[int, typer.Option(help="Port of the pages, if it is free.", min=1, max=65_535)] = 8000,
    home: Annotated[
        Path | None, typer.Option(help="An empty folder to keep everything in; otherwise nothing is kept.")
    ] = None,
) -> None:
    """A building of prepaid apartments lives through a month and an outage."""
    from .processes.supervisor import end_on_sigterm
    from .sim.demo import run
    from .sim.story import Options
    from .wire.messages import MAX_METERS

    end_on_sigterm()
    pace = speed if speed is not None else (0.0 if headless else 14_400.0)
    homes = MAX_METERS if meters is None else meters
    raise typer.Exit(run(Options(data, zone, days, homes, seed, pace, port, home, outage), headless, json))


def _server_config() -> ServerConfig:
    from django.core.exceptions import ImproperlyConfigured

    from .processes.database import setup_django

    try:
        setup_django()
        from django.conf import settings

        config: ServerConfig = settings.CONFIG
        return config
    except ImproperlyConfigured as error:
        raise _fail("server", error) from None


@app.command()
def setup(
    apartments: Annotated[
        Path, typer.Option(help="CSV or .xlsx with the columns unit,meter,tenant, and phone,email,language.")
    ],
    organisation: Annotated[str, typer.Option(help="The landlord.")],
    name: Annotated[str, typer.Option(help="The building.")],
    zone: Annotated[str, typer.Option(help="Its time zone, such as Europe/Berlin.")],
    currency: Annotated[str, typer.Option(help="Three capitals, such as EUR.")],
    manager: Annotated[str, typer.Option(help="Login of the manager.")] = "manager",
    price: Annotated[str, typer.Option(help="A flat price per kWh, such as 0.32.")] = "",
    tariff: Annotated[Path | None, typer.Option(help="A tariff as JSON instead (docs/tariff.md).")] = None,
    gateway: Annotated[str, typer.Option(help="Name of the building's gateway.")] = "gateway-1",
) -> None:
    """Set a building up: units, meters, tenants, tariff, logins, and the gateway's one-time code."""
    if bool(price) == bool(tariff):
        raise _fail("setup", "give either --price or --tariff")
    config = _server_config()
    from django.core.exceptions import ValidationError

    from .kernel.tariff import TariffError, flat_tariff
    from .kernel.units import short_price
    from .server.amounts import typed_price
    from .server.errors import for_people
    from .server.tariffs.reading import read_file

    try:
        if tariff:
            priced = read_file(tariff, zone=zone, currency=currency)
        else:
            micro = typed_price(price, "--price", currency)
            priced = flat_tariff(f"flat {short_price(micro)}", currency, zone, micro)
    except (OSError, ValueError, TariffError, ValidationError) as error:
        raise _fail("setup", for_people(error)) from None
    from .server.estate.setup import SetupError, read_apartments, set_up_building

    try:
        building = set_up_building(
            organisation=organisation,
            name=name,
            zone=zone,
            currency=currency,
            tariff=priced,
            apartments=read_apartments(apartments, currency, zone),
            gateway=gateway,
            manager=manager,
        )
    except (SetupError, ValueError) as error:
        raise _fail("setup", error) from None
    typer.echo(f"{'Login':<20} {'Password':<16} Whose; passwords are shown this once")
    for login, password, whose in building.logins:
        typer.echo(f"{login:<20} {password:<16} {whose}")
    typer.echo()
    for box, code in building.codes.items():
        typer.echo(f"On the gateway {box}: prewatt edge enrol http://THIS-SERVER:{config.http.port} {code}")


@app.command()
def server() -> None:
    """Run broker, head-end and pages; settings by PREWATT_* (docs/operate.md)."""
    from .processes.serve import Server, open_pages
    from .processes.supervisor import ChildFailedError, Supervisor, end_on_sigterm
    from .server.config import ConfigError

    end_on_sigterm()
    config = _server_config()
    supervisor = Supervisor(config.home / "run")
    try:
        whole = Server(config, supervisor, open_pages(config.http))
        whole.wait_until_up()
        typer.echo(
            f"prewatt is up: pages on {config.http.host}:{config.http.port}, broker on {config.mqtt.host}:{config.mqtt.port}"
        )
        while True:
            time.sleep(1)
            whole.refresh_broker()
            for name, code in supervisor.look_after():
                # By the log, which nothing stops: where this is written to may be the disk that is full.
                logging.getLogger("prewatt.server").warning("%s ended (%d) and was started again", name, code)
    except KeyboardInterrupt:
        pass
    except (ConfigError, ChildFailedError, FileNotFoundError) as error:
        raise _fail("server", error) from None
    finally:
        supervisor.stop()


@app.command()
def web(
    inherited: Annotated[int | None, typer.Option("--socket", help="Number of an open socket to serve on.")] = None,
) -> None:
    """Serve the pages alone."""
    import socket

    import waitress

    config = _server_config()
    from .processes.serve import open_pages
    from .server.config import ConfigError
    from .server.wsgi import application

    try:
        pages = open_pages(config.http) if inherited is None else socket.socket(fileno=inherited)
    except (ConfigError, OSError) as error:
        raise _fail("web", error) from None
    waitress.serve(application, sockets=[pages], threads=8, ident="prewatt", trusted_proxy="127.0.0.1")


@app.command()
def headend(
    resend: Annotated[float, typer.Option(help="Seconds after which an unanswered command is sent again.")] = 5.0,
    silence: Annotated[
        float, typer.Option(help="Seconds without a message after which a gateway counts as offline.")
    ] = 25.0,
) -> None:
    """Run one head-end worker; PREWATT_SHARDS says which gateways are its own."""
    _log_to_stderr()
    config = _server_config()
    from .headend.dispatch import DispatchPolicy
    from .headend.shell import run

    raise typer.Exit(run(config, DispatchPolicy(resend, silence)))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The copy; an earlier one of that name is replaced.")],
) -> None:
    """Copy the server: its database and its keys, while it runs. Keep the file where nobody else can read it."""
    from .backups import server as copies
    from .server.config import load_config

    try:
        config = load_config()
        made = copies.back_up(config, os.environ, file)
    except ValueError as error:
        raise _fail("backup", error) from None
    typer.echo(f"{file}: {', '.join(made.files)}, at {made.made}")
    if config.database:
        typer.echo(
            "THE DATABASE IS NOT IN IT: PostgreSQL's own tools copy it.\n"
            '  pg_dump --format=custom --file=prewatt.dump "$PREWATT_DATABASE"',
            err=True,
        )


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="What `prewatt backup` has written.")]) -> None:
    """Put the server's copy back, and say what will be asked back from the gateways. What lies there now is kept aside.

    Exit status 0: put back; 1: put back, and the check found something; 2: nothing was changed.
    """
    from .backups import server as copies
    from .folder import BusyError
    from .server.config import load_config

    try:
        config = load_config()
        done = copies.put_back(config, file)
    except BusyError as error:
        said = "stop the server first (Ctrl-C where it runs, `systemctl stop` if a service manager runs it), and programs like it"
        raise _fail("restore", f"{error}: {said}. Nothing was changed") from None
    except (ValueError, OSError) as error:
        raise _fail("restore", error) from None
    typer.echo(f"{config.home} is as it was at {done.copy.made}.")
    if done.aside:
        typer.echo(f"What lay there before is in {done.aside}; it holds keys: remove it when all is well.")
    from django.db import DatabaseError
    from rich.console import Console

    try:
        _server_config()
        from .backups.report import after_restore, journals
        from .server.vending.codes import skip_forgotten

        skip_forgotten()
        table = journals()
        well, lines = after_restore(done.copy, os.environ)
    except DatabaseError as error:
        typer.echo(f"prewatt restore: what was put back can't be looked through: {error}", err=True)
        raise typer.Exit(1) from None
    Console(width=None if os.isatty(1) else 200).print(table)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(0 if well else 1)


@edge_app.command("backup")
def edge_backup(
    file: Annotated[Path, typer.Argument(help="The copy; an earlier one of that name is replaced.")],
    config: Annotated[Path, typer.Option(help="The settings that enrolment wrote.")] = Path("edge.toml"),
) -> None:
    """Copy the gateway: its journal, key and settings, while it runs. Keep the file where nobody else can read it."""
    from .backups import gateway as copies

    try:
        made = copies.back_up(config, file)
    except ValueError as error:
        raise _fail("edge backup", error) from None
    typer.echo(f"{file}: {', '.join(made.files)}, at {made.made}")


@edge_app.command("restore")
def edge_restore(
    file: Annotated[Path, typer.Argument(help="What `prewatt edge backup` has written.")],
    folder: Annotated[Path, typer.Option(help="Where key, settings and journal are kept.")] = Path(),
) -> None:
    """Put the gateway's copy back, here or on the machine that replaces it. What lies there now is kept aside."""
    from .backups import gateway as copies
    from .folder import BusyError

    try:
        done = copies.put_back(file, folder)
    except BusyError as error:
        said = "stop the agent first (Ctrl-C where it runs, `systemctl stop` if a service manager runs it)"
        raise _fail("edge restore", f"{error}: {said}. Nothing was changed") from None
    except (ValueError, OSError) as error:
        raise _fail("edge restore", error) from None
    for line in copies.after_restore(done, folder):
        typer.echo(line)


@edge_app.command("run")
def edge_run(
    config: Annotated[Path, typer.Option(help="The settings that enrolment wrote.")] = Path("edge.toml"),
) -> None:
    """Run the agent of one gateway."""
    _log_to_stderr()
    from .edge.process import run

    raise typer.Exit(run(config))


@edge_app.command("enrol")
def edge_enrol(
    server: Annotated[str, typer.Argument(help="The server's address, such as http://192.0.2.1:8000.")],
    code: Annotated[str, typer.Argument(help="The one-time code that the manager was shown.")],
    folder: Annotated[Path, typer.Option(help="Where key, settings and journal are kept.")] = Path(),
    driver: Annotated[
        list[str] | None,
        typer.Option(
            help="A setting of a kind of meter, NAME.FIELD=VALUE, such as recorded.file=load.csv; once for each."
        ),
    ] = None,
    page: Annotated[str, typer.Option(help="Where the gateway serves its own page; empty: nowhere.")] = "0.0.0.0:8080",
    bluetooth: Annotated[str, typer.Option(help="Bluetooth adapter, such as hci-socket:0; empty: none.")] = "",
) -> None:
    """Make this gateway known to the server."""
    from .edge.driver_settings import read_options
    from .edge.enrol import enrol

    try:
        drivers = read_options(driver or [], folder.resolve())
        settings = enrol(server, code, folder.resolve(), drivers, page, bluetooth)
    except ValueError as error:
        raise _fail("edge enrol", error) from None
    typer.echo(f"Gateway {settings.gateway} is enrolled with {len(settings.meters)} meters. Start it:")
    typer.echo(f"  prewatt edge run --config {folder / 'edge.toml'}")


AdapterOption = Annotated[str, typer.Option(help="The Bluetooth adapter in bumble's words.")]
GatewayOption = Annotated[str, typer.Option(help="Name of the gateway; empty for the first one that is found.")]
KeyOption = Annotated[Path, typer.Option("--key", help="The phone's key.")]
GrantOption = Annotated[Path, typer.Option("--grant", help="File with the grant's text.")]
KEY_FILE, GRANT_FILE = Path("onsite.key"), Path("onsite.grant")
ADAPTER = "hci-socket:0"


@onsite_app.command("key")
def onsite_key(file: Annotated[Path, typer.Argument(help="Where it is kept.")] = KEY_FILE) -> None:
    """Make this phone's key, if it has none, and show its public part: the manager signs a grant for it."""
    from .wire.signing import SigningKey

    try:
        if not file.exists():
            SigningKey.generate().save(file)
        typer.echo(SigningKey.load(file).public().hex())
    except (OSError, ValueError) as error:
        raise _fail("onsite key", error) from None


def _on_site(command: str, adapter: str, gateway: str, work: Callable[[Visit], AsyncIterator[str]]) -> None:
    from bumble.core import BaseBumbleError

    from .onsite import run
    from .wire.on_site import OnSiteError

    try:
        for line in run(adapter, gateway, work):
            typer.echo(line)
    except (OnSiteError, OSError, ValueError, BaseBumbleError, TimeoutError) as error:
        raise _fail(f"onsite {command}", error) from None


@onsite_app.command("status")
def onsite_status(
    adapter: AdapterOption = ADAPTER, gateway: GatewayOption = "", grant: GrantOption = GRANT_FILE
) -> None:
    """How the gateway and its meters stand; checked against the gateway's key, if a grant knows it."""
    from .kernel.units import moment
    from .onsite import load_grant
    from .wire.on_site import read_grant
    from .wire.signing import VerifyKey

    async def work(visit: Visit) -> AsyncIterator[str]:
        keys = {each.gateway: each.key for each in read_grant(load_grant(grant)).gateways} if grant.exists() else {}
        known = keys.get(visit.gateway)
        status = await visit.status(VerifyKey(known) if known else None)
        yield f"{visit.property}, gateway {status.gateway}, {moment(status.at):%Y-%m-%d %H:%M:%S} UTC"
        yield f"{'online' if status.online else 'OFFLINE'}; signature {'checked' if known else 'not checked: no grant'}"
        for each in status.meters:
            state = {True: "on", False: "OFF", None: "?"}[each.closed]
            yield f"{each.unit or each.meter:20} {each.meter:20} {state:4} entry {each.seq}"

    _on_site("status", adapter, gateway, work)


@onsite_app.command("code")
def onsite_code(
    meter: Annotated[str, typer.Argument(help="The meter's number.")],
    digits: Annotated[str, typer.Argument(help="The 20 digits.")],
    adapter: AdapterOption = ADAPTER,
    gateway: GatewayOption = "",
) -> None:
    """Type a code for a meter. Needs no grant."""

    async def work(visit: Visit) -> AsyncIterator[str]:
        answer = await visit.submit_code(meter, digits)
        if not answer.done:
            raise ValueError(answer.text)
        yield answer.text

    _on_site("code", adapter, gateway, work)


def _amount(text: str) -> int:
    """An amount as a person types it, nano, where there is no server to know in which language. ValueError if it is none."""
    from .amounts import read_number
    from .kernel.units import parse_money

    return parse_money(f"{read_number(text):f}")


@onsite_app.command("do")
def onsite_do(
    meter: Annotated[str, typer.Argument(help="The meter's number.")],
    do: Annotated[
        str, typer.Argument(help="restore, open, close, hold, release, limit, clear-tamper, unlock-codes or read-head.")
    ],
    reason: Annotated[str, typer.Option(help="Journalled with it.")] = "",
    amount: Annotated[str, typer.Option(help="Most that a restoration lends.")] = "",
    hours: Annotated[int, typer.Option(help="For so long, a restoration or a limit.", min=0, max=744)] = 0,
    watts: Annotated[int, typer.Option(help="Of a limit; 0: as the rules say.", min=0)] = 0,
    override: Annotated[bool, typer.Option("--override", help="Close over a lock, knowing of it.")] = False,
    key: KeyOption = KEY_FILE,
    grant: GrantOption = GRANT_FILE,
    adapter: AdapterOption = ADAPTER,
    gateway: GatewayOption = "",
) -> None:
    """Have something done at a meter, as the grant allows."""
    from .kernel.supply import Action, Close, LimitPower, Restore
    from .kernel.units import HOUR
    from .onsite import load_grant
    from .wire.on_site import ACTIONS, READ_HEAD, Act, Instruction, ReadHead
    from .wire.signing import SigningKey

    def instruction(now: int) -> Instruction:
        until = now + hours * HOUR if hours else 0
        if do == READ_HEAD:
            return ReadHead(meter)
        kind = ACTIONS[do]
        if kind is Restore:
            return Act(meter, Restore(lent, until), reason)
        if kind is LimitPower:
            return Act(meter, LimitPower(watts, until), reason)
        return Act(meter, Close(override) if kind is Close else cast(Callable[[], Action], kind)(), reason)

    if do != READ_HEAD and do not in ACTIONS:
        raise _fail("onsite do", f"{do!r} is none of {', '.join((*ACTIONS, READ_HEAD))}")
    try:
        lent = _amount(amount) if amount else 0
    except ValueError as error:
        raise _fail("onsite do", f"--amount: {error}") from None

    async def work(visit: Visit) -> AsyncIterator[str]:
        await visit.open_session(SigningKey.load(key), load_grant(grant))
        # Counted on the gateway's clock, which decides.
        answer = await visit.instruct(instruction((await visit.status()).at))
        if not answer.done:
            raise ValueError(answer.text)
        yield f"{answer.text} {answer.head}".strip()

    _on_site("do", adapter, gateway, work)


@onsite_app.command("set-clock")
def onsite_set_clock(
    key: KeyOption = KEY_FILE,
    grant: GrantOption = GRANT_FILE,
    adapter: AdapterOption = ADAPTER,
    gateway: GatewayOption = "",
) -> None:
    """Set the gateway's clock to this device's."""
    from .onsite import load_grant
    from .wire.on_site import SetClock
    from .wire.signing import SigningKey

    async def work(visit: Visit) -> AsyncIterator[str]:
        await visit.open_session(SigningKey.load(key), load_grant(grant))
        answer = await visit.instruct(SetClock(time.time_ns() // 1000))
        if not answer.done:
            raise ValueError(answer.text)
        yield answer.text

    _on_site("set-clock", adapter, gateway, work)


@app.command()
def worker() -> None:
    """Do what is scheduled: shared costs, settlements, alarms of the building's balance."""
    _log_to_stderr()
    _server_config()
    from .processes.worker import run

    run()


def _refusable(command: str, work: Callable[[], T]) -> T:
    """Do a command's work; what it is refused for is said, with exit status 2."""
    _server_config()
    from .commands import REFUSALS
    from .server.errors import for_people

    try:
        return work()
    except (*REFUSALS, OSError) as error:
        raise _fail(command, for_people(error)) from None


@tariff_app.command("check")
def tariff_check(
    files: Annotated[list[Path], typer.Argument(help="Tariffs as JSON (docs/tariff.md).")],
    zone: Annotated[str, typer.Option(help="Stands in for a zone that a file lacks.")] = "UTC",
    currency: Annotated[str, typer.Option(help="Stands in for a currency that a file lacks.")] = "EUR",
) -> None:
    """Say whether files are tariffs, or what is wrong with them."""
    from .kernel.tariff import TariffError
    from .server.tariffs.reading import read_file

    for path in files:
        try:
            typer.echo(f"{path}: {read_file(path, zone=zone, currency=currency).name}")
        except TariffError as error:
            raise _fail("tariff check", error) from None


@tariff_app.command("schedule")
def tariff_schedule(
    tariff: Annotated[str, typer.Argument(help="A tariff's name, or a file.")],
    begin: FromOption = "",
    where: PropertyOption = "",
) -> None:
    """Let a tariff hold from an instant on; without --from, from now."""

    def work() -> str:
        from .commands import property_named, schedule_tariff

        return schedule_tariff(property_named(where), tariff, begin)

    typer.echo(_refusable("tariff schedule", work))


@tariff_app.command("prices")
def tariff_prices(
    file: Annotated[Path, typer.Argument(help="CSV or .xlsx with the columns from,price.")],
    base: Annotated[str, typer.Option(help="The tariff under them, a name or a file. [default: what holds now]")] = "",
    hundredths: Annotated[bool, typer.Option("--hundredths", help="The file's prices are in cents or pence.")] = False,
    mwh: Annotated[bool, typer.Option("--per-mwh", help="The file's prices are per MWh.")] = False,
    where: PropertyOption = "",
) -> None:
    """Load dated prices, such as half-hourly ones. Without an option their unit is what the column's name says, else per kWh."""
    if hundredths and mwh:
        raise _fail("tariff prices", "give either --hundredths or --per-mwh")

    def work() -> str:
        from .commands import load_prices, property_named

        return load_prices(property_named(where), file, base, "0.01" if hundredths else "0.001" if mwh else "")

    typer.echo(_refusable("tariff prices", work))


@tariff_app.command("correct")
def tariff_correct(
    tariff: Annotated[str, typer.Argument(help="What should have held: a tariff's name, or a file.")],
    begin: FromOption,
    until: UntilOption,
    reason: Annotated[str, typer.Option(help="Shown to the tenants.")],
    where: PropertyOption = "",
) -> None:
    """Reverse what a wrong tariff charged, and charge it anew."""

    def work() -> str:
        from .commands import correct_tariff, property_named

        return correct_tariff(property_named(where), tariff, begin, until, reason)

    typer.echo(_refusable("tariff correct", work))


@tariff_app.command("compare")
def tariff_compare(
    tariffs: Annotated[list[Path], typer.Argument(help="Up to five tariffs as JSON.")],
    data: Annotated[
        Path | None, typer.Option(help="Recorded use, CSV (meter,timestamp,kwh); the first tariff is compared with.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Zone of its timestamps that have no offset.")] = "UTC",
    begin: FromOption = "",
    until: UntilOption = "",
    where: PropertyOption = "",
    json: Annotated[Path | None, typer.Option(help="Write it all, exactly (docs/compare.md).")] = None,
) -> None:
    """Rate recorded use under several tariffs: who pays more or less, and why. Without --data, a property's last year,
    beside the tariff that holds now.
    """
    import json as jsonlib

    from rich.console import Console

    if data is None:
        _server_config()

    def work() -> Comparison:
        from .server.tariffs.compare import compare, recorded
        from .server.tariffs.reading import read_file

        if data is not None:
            from .edge.recording import load_recordings
            from .kernel.calendar import zone as zone_named

            known = load_recordings(data, zone_named(zone))
            return compare(
                {name: recorded(each.registers()) for name, each in known.items()}, [read_file(p) for p in tariffs]
            )
        from .commands import compare_tariffs, property_named

        return compare_tariffs(property_named(where), tariffs, begin, until)

    try:
        found = work() if data is not None else _refusable("tariff compare", work)
    except (ValueError, OSError) as error:
        raise _fail("tariff compare", error) from None
    if json:
        from .server.tariffs.compare import to_document

        json.write_text(jsonlib.dumps(to_document(found), indent=1, ensure_ascii=False) + "\n")
    from .server.tariffs.tables import comparison_tables

    for table in comparison_tables(found):
        Console().print(table)


@shared_app.command("run")
def shared_run(
    name: Annotated[str, typer.Argument(help="The shared cost.")],
    begin: FirstDay,
    until: LastDay,
    bill: Annotated[str, typer.Option(help="What a bill comes to, instead of what the meters used.")] = "",
    memo: Annotated[str, typer.Option(help="Shown to the tenants.")] = "",
    book: Annotated[bool, typer.Option("--book", help="Book it; otherwise it is only shown.")] = False,
    where: PropertyOption = "",
) -> None:
    """Show what a shared cost comes to for everybody, and book it."""
    from rich.console import Console

    def work() -> tuple[object, str]:
        from .commands import property_named, run_shared_cost

        return run_shared_cost(property_named(where), name, begin, until, bill, memo, book)

    table, said = _refusable("shared-cost run", work)
    Console().print(table)
    typer.echo(said)


@shared_app.command("reverse")
def shared_reverse(number: Annotated[int, typer.Argument(help="The run.")]) -> None:
    """Give a whole run back."""

    def work() -> str:
        from .commands import reverse_run

        return reverse_run(number)

    typer.echo(_refusable("shared-cost reverse", work))


@app.command()
def statement(
    unit: Annotated[str, typer.Argument(help="The unit's name.")],
    begin: FirstDay,
    until: LastDay,
    form: Annotated[str, typer.Option("--format", help="json, csv or pdf.")] = "json",
    out: Annotated[Path | None, typer.Option(help="A file to write it to.")] = None,
    where: PropertyOption = "",
) -> None:
    """A tenant's statement."""

    def work() -> str:
        from .commands import property_named, write_statement

        return write_statement(property_named(where), unit, begin, until, form, out)

    typer.echo(_refusable("statement", work))


@app.command()
def bills(where: PropertyOption = "") -> None:
    """What is open of bills, overdue first."""

    def work() -> tuple[object, str]:
        from .bill_commands import bills_table
        from .commands import property_named

        return bills_table(property_named(where))

    from rich.console import Console

    table, said = _refusable("bills", work)
    Console(width=None if os.isatty(1) else 200).print(table)
    typer.echo(said)


@terms_app.command("show")
def terms_show(unit: Annotated[str, typer.Argument(help="The unit's name.")], where: PropertyOption = "") -> None:
    """How who lives in a unit pays, and how that will be."""

    def work() -> str:
        from .bill_commands import terms_said
        from .commands import property_named

        return terms_said(property_named(where), unit)

    typer.echo(_refusable("terms show", work))


@terms_app.command("set")
def terms_set(
    unit: Annotated[str, typer.Argument(help="The unit's name.")],
    way: Annotated[str, typer.Argument(help="after use, or before: after, before.")],
    limit: Annotated[str, typer.Option(help="What may be owed at most; 0: no limit, with --no-cuts.")] = "0",
    cuts: Annotated[bool, typer.Option(help="Whether the supply ends at the limit.")] = True,
    due: Annotated[int, typer.Option(help="Days after which a bill is due.")] = 14,
    overdue: Annotated[str, typer.Option(help="When a bill is overdue: remind, ask, or cut.")] = "remind",
    after: Annotated[int, typer.Option(help="That so many days after it was due.")] = 14,
    owed: Annotated[str, typer.Option(help="What is owed when it goes back to before use: debt, or spread.")] = "debt",
    begins: FromOption = "",
    look: Annotated[bool, typer.Option("--preview", help="Only say what it comes to.")] = False,
    where: PropertyOption = "",
) -> None:
    """Let a tenancy pay otherwise, from now or an instant on."""

    def work() -> str:
        from .bill_commands import change_terms
        from .commands import property_named

        return change_terms(
            property_named(where), unit, way, limit=limit, cuts=cuts, due_days=due, overdue=overdue, overdue_days=after,
            owed=owed, begins=begins, look=look,
        )  # fmt: skip

    typer.echo(_refusable("terms set", work))


@app.command()
def balance(where: PropertyOption = "") -> None:
    """What the main meter measured beside the sum of all others, by month."""
    from rich.console import Console

    def work() -> object:
        from .commands import balance_table, property_named

        return balance_table(property_named(where))

    Console().print(_refusable("balance", work))


@app.command()
def reconcile(
    first: Annotated[str, typer.Option("--from", help="First day; without it the last seven until today.")] = "",
    last: Annotated[str, typer.Option("--until", help="Last day, with it.")] = "",
    organisation: Annotated[str, typer.Option(help="Whose books, if there are several.")] = "",
) -> None:
    """Hold the providers' settlement files, the ledger and the meters' journals against each other, day by day.

    Exit status 0: nothing to do; 1: somebody has to act; 2: the command was wrong.
    """
    from rich.console import Console

    def work() -> tuple[object, bool]:
        from .commands import reconcile_days

        return reconcile_days(organisation, first, last)

    table, to_do = _refusable("reconcile", work)
    # Wide enough to be read in a file too.
    Console(width=None if os.isatty(1) else 200).print(table)
    raise typer.Exit(1 if to_do else 0)


@app.command()
def order(
    unit: Annotated[str, typer.Argument(help="The unit's name.")],
    do: Annotated[
        str,
        typer.Argument(
            help="open, close, hold, release, restore, limit, clear-tamper, unlock-codes or emergency; lead-back, also of a meter or a "
            "gateway: a journal that is dated in the future goes on from now."
        ),
    ],
    reason: Annotated[str, typer.Option(help="Journalled with it; lead-back needs none.")] = "",
    override: Annotated[bool, typer.Option("--override", help="Close over a lock, knowing of it.")] = False,
    watts: Annotated[int | None, typer.Option(help="Of a limit; 0: as the rules say.")] = None,
    amount: Annotated[str, typer.Option(help="Most that a restoration lends.")] = "",
    hours: Annotated[int, typer.Option(help="For so long, a restoration or a limit.", min=0, max=744)] = 0,
    where: PropertyOption = "",
) -> None:
    """Order the switch of a unit's meter: at once if the building is online, else as soon as it is, or by its code."""

    def work() -> str:
        from .commands import order_meter, property_named

        return order_meter(property_named(where), unit, do, reason, override, watts, amount, hours)

    typer.echo(_refusable("order", work))


@emergency_app.command("make")
def emergency_make(
    amount: Annotated[str, typer.Argument(help="What each lends, such as 5.00.")],
    units: Annotated[
        list[str] | None, typer.Option("--unit", help="A flat; again for more. [default: all]", show_default=False)
    ] = None,
    days: Annotated[int, typer.Option(help="How long each holds.", min=1, max=31)] = 7,
    where: PropertyOption = "",
) -> None:
    """Make one for each flat, within what the rules of the property allow."""

    def work() -> str:
        from .commands import property_named
        from .emergency_commands import make_codes

        return make_codes(property_named(where), units or [], amount, days)

    typer.echo(_refusable("emergency make", work))


@emergency_app.command("list")
def emergency_list(where: PropertyOption = "") -> None:
    """What was made, for which flat, until when it holds, when it was used; and what is lost at most."""

    def work() -> tuple[object, str]:
        from .commands import property_named
        from .emergency_commands import listed, lost_at_most

        found = property_named(where)
        return listed(found), lost_at_most(found)

    from rich.console import Console

    table, said = _refusable("emergency list", work)
    Console(width=None if os.isatty(1) else 200).print(table)
    typer.echo(said)


@emergency_app.command("revoke")
def emergency_revoke(
    numbers: Annotated[
        list[int] | None, typer.Argument(help="Ids, as listed. [default: all]", show_default=False)
    ] = None,
    where: PropertyOption = "",
) -> None:
    """Let codes be worth nothing: all of them, if a phone or a sheet is lost. Each meter has to hear of it."""

    def work() -> str:
        from .commands import property_named
        from .emergency_commands import revoke_codes

        return revoke_codes(property_named(where), numbers or [])

    typer.echo(_refusable("emergency revoke", work))


@emergency_app.command("sheet")
def emergency_sheet(
    out: Annotated[Path, typer.Argument(help="The file to write, such as codes.html.")], where: PropertyOption = ""
) -> None:
    """Write the codes that can be used as a page that prints, and that a phone keeps."""

    def work() -> str:
        from .commands import property_named
        from .emergency_commands import write_sheet

        return write_sheet(property_named(where), out)

    typer.echo(_refusable("emergency sheet", work))


@app.command("give")
def give_credit(
    unit: Annotated[str, typer.Argument(help="The unit's name.")],
    amount: Annotated[str, typer.Argument(help="How much, such as 5.00.")],
    reason: Annotated[str, typer.Option(help="Shown to the tenant.")],
    by: Annotated[str, typer.Option(help="The login in whose name it is given.")],
    name: Annotated[str, typer.Option("--id", help="Your own name for it: given twice, it is one gift.")] = "",
    where: PropertyOption = "",
) -> None:
    """Give a tenant credit freely. It goes by the network and by a code, whichever comes first."""

    def work() -> str:
        from .commands import give_credit, property_named

        return give_credit(property_named(where), unit, amount, reason, by, name)

    typer.echo(_refusable("give", work))


@app.command()
def exchange(
    meter: Annotated[str, typer.Argument(help="The meter's name: the serial number that its journal began with.")],
    serial: Annotated[str, typer.Option(help="Serial number of the new one.")],
    first: Annotated[str, typer.Option(help="What the new one shows, kWh.")],
    last: Annotated[
        str, typer.Option(help="What the old one's face shows, kWh; or unknown. Left out: as it was last read.")
    ] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only say what it comes to.")] = False,
) -> None:
    """Record that another meter hangs where one hung: credit, tariff, journal and history go on."""

    def work() -> str:
        from .commands import exchange_meter

        return exchange_meter(meter, serial, first, last, preview)

    typer.echo(_refusable("exchange", work))


@app.command()
def pin(unit: Annotated[str, typer.Argument(help="The unit's name.")], where: PropertyOption = "") -> None:
    """Make a new PIN for a flat's page on the gateway. It is shown this once."""

    def work() -> str:
        from .commands import fresh_pin, property_named

        return fresh_pin(property_named(where), unit)

    typer.echo(_refusable("pin", work))


@app.command()
def code(
    unit: Annotated[str, typer.Argument(help="The unit's name.")],
    what: Annotated[str, typer.Argument(help="set-power-limit, clear-credit, clear-tamper, change-key or test.")],
    value: Annotated[int, typer.Option(help="W, of a limit; bits, of a test.", min=0, max=1_000_000)] = 0,
    where: PropertyOption = "",
) -> None:
    """Make management codes for a unit's meter, to be typed there. What they do travels as a command as well, but for a
    key change: its codes are typed before any later one.
    """

    def work() -> str:
        from .commands import make_codes, property_named

        return make_codes(property_named(where), unit, what, value)

    typer.echo(_refusable("code", work))


@app.command("gateway-code")
def gateway_code(name: Annotated[str, typer.Argument(help="The gateway.")]) -> None:
    """Make a one-time code for a gateway, or for the one that replaces it: once that enrols, the old one's key is worth
    nothing, and the meters' journals go on where the server has them.
    """

    def work() -> str:
        from .commands import gateway_code as make

        return make(name)

    typer.echo(_refusable("gateway-code", work))


@app.command()
def grant(
    holder: Annotated[str, typer.Argument(help="Whose phone it is.")],
    key: Annotated[str, typer.Argument(help="What `prewatt onsite key` shows on it.")],
    actions: Annotated[
        list[str], typer.Option("--may", help="restore, open, close, hold, release, limit, read-head, set-clock …")
    ],
    hours: Annotated[int, typer.Option(help="How long it holds.", min=1, max=2208)] = 24,
    most_amount: Annotated[str, typer.Option(help="Most that it restores.")] = "5.00",
    longest: Annotated[int, typer.Option(help="Hours that it restores for at most.", min=0, max=168)] = 12,
    where: PropertyOption = "",
) -> None:
    """Sign what a phone may do on site without the server. The text goes to its holder."""

    def work() -> str:
        from .commands import property_named, sign_grant_for

        return sign_grant_for(property_named(where), holder, key, actions, hours, most_amount, longest)

    typer.echo(_refusable("grant", work))


@app.command("api-token")
def api_token(
    login: Annotated[str, typer.Argument(help="The login that a program is to act as.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "program",
) -> None:
    """Make a key for the API (/api/v1/docs). It is shown this once."""

    def work() -> str:
        from .commands import new_token

        return new_token(login, name)

    typer.echo(_refusable("api-token", work))


@notices_app.command("preview")
def notices_preview(
    event: Annotated[list[str] | None, typer.Option(help="Only these events, such as low.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only these languages: en, zh.")] = None,
    way: Annotated[list[str] | None, typer.Option(help="Only these ways: email, push, sms, wechat, wecom.")] = None,
) -> None:
    """Print the text of every notice as each way would carry it: how many SMS it is, the lengths of WeChat's fields."""

    def work() -> list[str]:
        from .commands import preview_notices

        return preview_notices(event or [], language or [], way or [])

    for line in _refusable("notices preview", work):
        typer.echo(line)


@app.command()
def sim(
    seed: Annotated[int, typer.Option(help="The first seed.")] = 0,
    seeds: Annotated[int, typer.Option(help="How many seeds to run.", min=1)] = 1,
    days: Annotated[int, typer.Option(help="Simulated days of each.", min=1)] = 7,
    meters: Annotated[int, typer.Option(help="Meters of the gateway.", min=1)] = 3,
    bug: Annotated[str, typer.Option(help="Plant a bug, to see it found.")] = "",
    without: Annotated[str, typer.Option(help="Kinds of faults to leave out, with commas between.")] = "",
    only: Annotated[str, typer.Option(help="The only happenings, with commas between: a part of a story.")] = "",
    shrink: Annotated[bool, typer.Option(help="Shrink a seed that fails to its shortest story.")] = True,
) -> None:
    """Run the fault simulator."""
    from contextlib import nullcontext

    from .sim.bugs import BUGS
    from .sim.faults import Broken, World, shrunk

    if bug and bug not in BUGS:
        raise _fail("sim", f"--bug: there is no {bug!r}; known: {', '.join(BUGS)}")
    left_out = [each for each in without.split(",") if each]
    with BUGS[bug]() if bug else nullcontext():
        for each in range(seed, seed + seeds):
            began = time.monotonic()
            try:
                world = World(each, days, meters, only.split(",") if only else None, left_out).run()
            except Broken as error:
                typer.echo(f"seed {each}: BROKEN. {error}" + (f" --bug {bug}" if bug else ""))
                if shrink and not only:
                    typer.echo(f"\nShrinking. The shortest story:\n{shrunk(each, days, meters, left_out).story}")
                raise typer.Exit(1) from None
            typer.echo(
                f"seed {each}: all held through {world.steps} steps, {days} days in {time.monotonic() - began:.2f} s"
            )


@app.command("move-in")
def move_in_command(
    unit: Annotated[str, typer.Argument(help="The unit.")],
    tenant: Annotated[str, typer.Argument(help="Who moves in.")],
    begin: FromOption = "",
    people: Annotated[int, typer.Option(help="How many live there.", min=0, max=1000)] = 1,
    deposit: Annotated[str, typer.Option(help="What was received, such as 50.00.")] = "",
    phone: Annotated[str, typer.Option(help="As it is typed there, or with its country: +49…")] = "",
    email: Annotated[str, typer.Option(help="E-mail.")] = "",
    language: Annotated[str, typer.Option(help="en or zh.")] = "",
    where: PropertyOption = "",
) -> None:
    """Somebody moves in; without --from, now. The login is shown this once."""

    def work() -> str:
        from .commands import property_named
        from .tenant_commands import let_in

        return let_in(property_named(where), unit, tenant, begin, people, deposit, (phone, email, language))

    typer.echo(_refusable("move-in", work))


@app.command("contact")
def contact_command(
    unit: Annotated[str, typer.Argument(help="The unit.")],
    phone: Annotated[str | None, typer.Option(help="Empty: none.", show_default=False)] = None,
    email: Annotated[str | None, typer.Option(help="Empty: none.", show_default=False)] = None,
    language: Annotated[str | None, typer.Option(help="en or zh.", show_default=False)] = None,
    over: Annotated[bool, typer.Option("--over", help="Also where the tenant has changed it.")] = False,
    where: PropertyOption = "",
) -> None:
    """Say how whoever lives in a unit is reached; what is left out stays."""

    def work() -> str:
        from .commands import property_named
        from .tenant_commands import reach

        return reach(property_named(where), unit, phone, email, language, over)

    typer.echo(_refusable("contact", work))


@app.command("contacts")
def contacts_command(
    file: Annotated[
        Path | None, typer.Argument(help="CSV or .xlsx: unit,tenant and any of phone,email,language.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it; otherwise it is only shown.")] = False,
    where: PropertyOption = "",
) -> None:
    """How many tenants are reached, from a list of the flats; without a list: whom nothing reaches."""

    def work() -> str:
        from .commands import property_named
        from .tenant_commands import reach_many

        return reach_many(property_named(where), file, keep)

    typer.echo(_refusable("contacts", work))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def manage(context: typer.Context) -> None:
    """Django's own commands, such as `prewatt manage createsuperuser`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prewatt.server.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["prewatt manage", *context.args])


def main() -> None:
    """The program."""
    app()
