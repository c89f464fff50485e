"""How the building of a demonstration is wired if its meters speak a protocol: which line each hangs on, by which model, and
what is wrong with lines and meters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import structs

from ..edge.drivers.bus import BusDriverSettings, BusSettings
from .meters import played_as, played_protocols
from .meters.plan import HousePlan

MIXED = "mixed"
"""In place of a protocol: all of them."""
SHARE = 0.003
"""The share of answers that a fault of a line befalls."""


@dataclass(frozen=True)
class Fault:
    """A fault that can be switched on: `line` of all lines and all the time; `meter` of some meters, for a while."""

    words: str
    line: Mapping[str, Any] = field(default_factory=dict)
    meter: Mapping[str, Any] = field(default_factory=dict)


FAULTS: dict[str, Fault] = {
    "silence": Fault("answers are lost", {"silence": SHARE}),
    "noise": Fault("bytes that nobody sent come before and after answers", {"noise": 0.05}),
    "echo": Fault(
        "the adapter hands each question back, now and then with a byte lost", {"echoes": True, "echo_loses": 0.05}
    ),
    "glued": Fault("the answer of another meter comes once more, in one piece with the right one", {"glues": 0.05}),
    "split": Fault("answers come in pieces", {"splits": 0.2}),
    "checksum": Fault("a bit of an answer is turned", {"garbles": SHARE}),
    "late": Fault("answers come when nobody waits for them any more", {"late": SHARE, "late_s": 0.08}),
    "lost": Fault("a byte of an answer is lost", {"loses": SHARE}),
    "doubled": Fault("the first byte of an answer comes twice", {"doubles": 0.05}),
    "silent": Fault("some meters do not answer for days", meter={"silent": True}),
    "stuck": Fault("the switches of some meters confirm and do not move, for days", meter={"sticks": True}),
    "button": Fault("the switches of some meters close only when a button is pressed", meter={"button": True}),
    "lie": Fault("some meters report a register that can't be true, for days", meter={"says": 1}),
    "refusals": Fault("some meters answer each question with an error, for days", meter={"refuses": True}),
    "drift": Fault("the clocks of some meters are an hour slow", meter={"drift": -3_600_000_000}),
}


def serial_of(recording: str) -> str:
    """Return the number on the face of the meter that measures a recording: the digits of its name."""
    return "".join(character for character in recording if character.isdigit()) or recording


def plan_house(
    protocol: str,
    recordings: Mapping[str, str],
    *,
    data: Path,
    zone: str,
    home: Path,
    clock: str,
    faults: Iterable[str],
) -> HousePlan:
    """Return the house of a demonstration. `recordings`: by the serial numbers of the meters. `protocol`: `MIXED` for one
    line of each, by turns.
    """
    played = played_protocols()
    kinds = list(played) if protocol == MIXED else [protocol]
    wrong = {name: value for fault in faults for name, value in FAULTS[fault].line.items()}
    lines = []
    for index, kind in enumerate(kinds):
        mine = list(recordings)[index :: len(kinds)]
        if mine:
            line = played[kind].wire(mine, recordings)
            lines.append(structs.replace(line, faults=wrong, seed=index))
    return HousePlan(str(data.absolute()), zone, str(home / "meters"), str(home / "ports.json"), tuple(lines), clock)


def with_meter_faults(plan: HousePlan, faults: Iterable[str]) -> HousePlan:
    """Return the same house with the meters' faults: every third meter has them. Without `faults`: healed."""
    wrong = {name: value for fault in faults for name, value in FAULTS[fault].meter.items()}
    lines = []
    for line in plan.lines:
        meters = [
            structs.replace(meter, faults=wrong if index % 3 == 0 else {}) for index, meter in enumerate(line.meters)
        ]
        lines.append(structs.replace(line, meters=tuple(meters)))
    return structs.replace(plan, lines=tuple(lines))


def bus_settings(plan: HousePlan, ports: Mapping[str, str]) -> BusDriverSettings:
    """Return what the gateway is told of the house. The lines of a demonstration take no time, so answers that are not there
    soon never come.
    """
    buses = {
        line.name: BusSettings(
            ports[line.name],
            line="9600 8E1",
            framing=line.framing,
            answer_s=0.05,
            pause_s=0.05,
            turnaround_s=0.0,
            rest_longest_s=0.0,
        )
        for line in plan.lines
    }
    meters: dict[str, dict[str, Any]] = {}
    for line in plan.lines:
        for hung in line.meters:
            more = played_as(hung.model).settings(plan)
            meters[hung.serial] = {"bus": line.name, "model": hung.model, "address": hung.address, **more}
        for module in line.modules:
            for channel, serial in enumerate(module.switches, 1):
                meters[serial] |= {
                    "relay_model": module.model,
                    "relay_address": str(module.address),
                    "relay_channel": channel,
                }
    return BusDriverSettings(buses, meters)
