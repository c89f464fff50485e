"""What `prewatt edge scan` does and prints."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import typer
from rich.table import Table

from ..edge.commissioning import gateway as commissioning
from ..edge.commissioning import rules
from ..edge.commissioning.access import new_code
from ..edge.commissioning.facts import values
from ..edge.commissioning.gateway import SetUp
from ..edge.commissioning.page import SetUpPage
from ..edge.serving import open_server
from ..edge.settings import page_address
from ..folder import BusyError
from ..folder import alone as folder_alone
from ..terminal_texts import _
from .command import CommandError, log_to_stderr, print_table

MISSING = 1
"""Exit status if something is missing."""


class Request(NamedTuple):
    """What a person asks of `prewatt edge scan`."""

    folder: Path
    buses: tuple[str, ...]
    lines: tuple[str, ...]
    thorough: bool
    units: Sequence[int]
    access: tuple[str, ...]
    write: bool


def print_code(folder: Path) -> None:
    """Print a new code of the page on which meters are set up."""
    code = new_code(folder)
    typer.echo(
        _(
            "%(code)s opens /setup of this gateway's page for a day. Earlier codes no longer work.",
            code=f"{code[:4]} {code[4:]}",
        )
    )


@contextmanager
def _alone(request: Request) -> Iterator[SetUp]:
    """Set up where no agent runs; one that is started meanwhile waits for the end of the block. Raises CommandError if one
    runs.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(folder_alone(request.folder))
        except BusyError:
            raise CommandError(
                _(
                    "the agent or another search runs here and uses the buses. Open /setup of the gateway's page "
                    "(prewatt edge scan --code prints a code for it), or stop the agent first"
                )
            ) from None
        setup = commissioning.alone(request.folder, _now, request.units)
        yield setup
        setup.switches.end()


def _now() -> int:
    return time.time_ns() // 1000


def scan_buses(request: Request) -> int:
    """Look for meters, print them, and put them into service if that was asked. Returns the exit status. Raises ValueError."""
    with _alone(request) as setup:
        ports = [setup.port(each) for each in request.buses] or [each.path for each in setup.buses()]
        if not ports:
            raise CommandError(
                _("no adapter is plugged in. Plug one in, or name a converter: --bus tcp://192.0.2.7:8899")
            )
        typer.echo(_("Looking for meters on %(buses)s. This can take some minutes.", buses=", ".join(ports)))
        setup.switches.close_after_tests()
        setup.scanner.scan(ports, request.lines, _access(request.access), request.thorough)
        if request.write:
            for meter in setup.write_by_number():
                typer.echo(_("Meter %(serial)s is in service at flat %(flat)s.", serial=meter.serial, flat=meter.flat))
    _print(setup, ports)
    missing = [*_problems(setup), *rules.missing(setup.survey)]
    for sentence in missing:
        typer.echo(f"- {sentence}")
    return MISSING if missing or not setup.survey.meters else 0


def _print(setup: SetUp, ports: Sequence[str]) -> None:
    print_table(_table(setup))
    for note in setup.survey.buses:
        if note.words and note.port in ports:
            typer.echo(f"{note.port}: {note.words}")


def _access(options: Sequence[str]) -> dict[str, Any]:
    pairs = [option.partition("=") for option in options]
    for name, equals, _value in pairs:
        if not name or not equals:
            raise CommandError(
                _("--access: '%(name)s' does not have the form name=value, such as password=12345678", name=name)
            )
    return {name: value for name, _equals, value in pairs}


def _problems(setup: SetUp) -> list[str]:
    survey = setup.survey
    return [
        _("Meter %(meter)s: %(words)s", meter=meter.serial, words=words)
        for meter in survey.meters
        for words in rules.problems(survey, meter)
    ]


def _table(setup: SetUp) -> Table:
    table = Table(
        *(_("Bus"), _("Line"), _("Kind"), _("Address"), _("Number"), _("Model"), _("Meter reading")),
        *(_("Voltage"), _("Load"), _("Switch"), _("Flat")),
    )
    for port, meters in rules.by_port(setup.survey.meters).items():
        for meter in meters:
            seen = meter.look
            shown = [seen.model, *values(seen)] if seen else ["", "", "", "", ""]
            state = _("%(flat)s, in service", flat=meter.flat) if meter.in_service else meter.flat
            table.add_row(port, meter.line, meter.kind, meter.address, meter.number, *shown, state)
    return table


def serve_setup(request: Request, address: str) -> None:
    """Serve the page on which meters are set up, until the command is ended. Raises ValueError, OSError."""
    log_to_stderr()
    with _alone(request) as setup:
        for port in request.buses:
            setup.add_bus(port)
        host, port_number = page_address(address)
        own = setup.settings
        title, language, names = (own.property, own.language, own.page_names) if own else ("prewatt", "", ())
        served = open_server(SetUpPage(setup, title, language=language, names=names), (host, port_number))
        print_code(request.folder)
        typer.echo(
            _(
                "The page is at http://%(address)s/setup. End it with Ctrl-C, and start the agent: prewatt edge run",
                address=f"{host}:{port_number}",
            )
        )
        setup.switches.close_after_tests()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return
        finally:
            served.close()
            # Who ends the page in the middle of a test leaves nobody in the dark.
            setup.switches.close_after_tests()
