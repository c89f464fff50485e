"""The command `prewatt demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..edge.conversations import protocol_names
from ..processes.supervisor import end_on_sigterm
from ..sim.demo import run
from ..sim.story import Options
from ..sim.wiring import FAULTS, MIXED
from ..terminal_texts import _
from ..wire.messages import MAX_METERS
from .command import Command, group

app = group()


PROTOCOLS = (*protocol_names(), MIXED)
PACE = 14_400.0
"""Simulated seconds per second while people watch: a day takes six seconds."""


OutageOption = Annotated[
    int, typer.Option("--outage-days", help="Number of days without a network, in the middle of the month.")
]
SeedOption = Annotated[
    int, typer.Option(help="Random seed for the tenants' behaviour. The same seed gives the same month.")
]
MetersOption = Annotated[
    int | None,
    typer.Option(
        help="Number of apartments to play: the first ones in the data.", show_default=f"all, up to {MAX_METERS}"
    ),
]
SpeedOption = Annotated[
    float | None,
    typer.Option(
        help="Simulated seconds per real second. 0 means as fast as possible.", show_default="14400; with --headless: 0"
    ),
]
ProtocolOption = Annotated[
    str | None,
    typer.Option(
        help=f"Protocol that the meters speak, over serial lines and TCP that are played. One of {', '.join(PROTOCOLS)}; "
        f"{MIXED}: a line of each.",
        show_default="the gateway reads the recorded consumption directly",
    ),
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option(help=f"Fault to switch on, with --protocol; can be repeated. One of {', '.join(FAULTS)}, or all."),
]


def _protocol(name: str | None) -> str:
    """Return the protocol that the meters speak; empty: none."""
    if name is not None and name not in PROTOCOLS:
        raise typer.BadParameter(
            _("'%(name)s' is not known. Known values: %(known)s", name=name, known=", ".join(PROTOCOLS)),
            param_hint="--protocol",
        )
    return name or ""


def _faults(names: list[str] | None, protocol: str | None) -> tuple[str, ...]:
    """Return the faults to switch on."""
    faults = tuple(FAULTS) if names == ["all"] else tuple(names or ())
    unknown = sorted(set(faults) - set(FAULTS))
    if unknown:
        raise typer.BadParameter(
            _("'%(name)s' is not known. Known values: %(known)s", name=unknown[0], known=", ".join(FAULTS)),
            param_hint="--fault",
        )
    if faults and protocol is None:
        raise typer.BadParameter(_("give --protocol too: only meters on a line have such faults"), param_hint="--fault")
    return faults


@app.command(cls=Command)
def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            help="Recorded consumption to play: CSV with the columns meter,timestamp,kwh, plain or compressed by gzip.",
            show_default="a building that comes with prewatt",
        ),
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the building.")] = "Australia/Sydney",
    days: Annotated[
        int, typer.Option(help="Number of days to play. If the data has fewer days, all of them are played.")
    ] = 30,
    meters: MetersOption = None,
    outage: OutageOption = 2,
    seed: SeedOption = 1,
    speed: SpeedOption = None,
    headless: Annotated[
        bool,
        typer.Option(
            "--headless",
            help="Play to the end without waiting for people, then print the report. Exit status 1 if a figure is wrong.",
        ),
    ] = False,
    protocol: ProtocolOption = None,
    fault: FaultOption = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the report to this file as JSON (docs/programmer/demo-json.md).")
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port of the pages. If it is in use, another port is used.", min=1, max=65_535)
    ] = 8000,
    home: Annotated[
        Path | None,
        typer.Option(help="Empty folder for all files of the demonstration.", show_default="nothing is kept"),
    ] = None,
) -> None:
    """Run a demonstration building through a month and an outage.

    It has prepaid apartments with recorded consumption, a gateway, a server and its pages. At the end it prints the
    report, exact to the last unit.
    """
    end_on_sigterm()
    pace = speed if speed is not None else (0.0 if headless else PACE)
    homes = MAX_METERS if meters is None else meters
    spoken, faults = _protocol(protocol), _faults(fault, protocol)
    options = Options(data, zone, days, homes, seed, pace, port, home, outage, protocol=spoken, faults=faults)
    raise typer.Exit(run(options, headless, json))
