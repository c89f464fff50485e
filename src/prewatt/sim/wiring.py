"""How the building of a demonstration is wired if its meters speak a protocol: which line each hangs on, by which model, and
what is wrong with lines and meters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import structs

from ..edge.drivers.bus import BusDriverSettings, BusSettings
from ..kernel.events import EventKind
from .meters import played_as, played_protocols
from .meters.plan import HousePlan

MIXED = "mixed"
"""In place of a protocol: all of them."""
SHARE = 0.02
"""The share of answers that a fault of a line befalls."""


@dataclass(frozen=True)
class Fault:
    """A fault that can be switched on: `line` of all lines and all the time; `meter` of some meters, for a while.

    `line_words`: words of the sentence by which the gateway's page names a fault of a line. `codes`: the events and
    alarms that name a fault of a meter, each with words of its details; empty words stand for any details.
    `needs_clock`: whether only meters with a clock have it. `needs_order`: whether it shows only when the switch is told to move.
    """

    words: str
    line_words: Sequence[str] = ()
    codes: Sequence[tuple[str, str]] = ()
    line: Mapping[str, Any] = field(default_factory=dict)
    meter: Mapping[str, Any] = field(default_factory=dict)
    needs_clock: bool = False
    needs_order: bool = False


_NO_ANSWER = ("had no answer: nothing came",)
_BROKEN = ("answers arrived damaged",)
_NOISE = ("bytes that no meter had sent",)
_SWITCH = ((EventKind.SWITCH_FAILED, ""), (EventKind.SWITCH_DIFFERS, ""))

FAULTS: dict[str, Fault] = {
    "silence": Fault("answers are lost", _NO_ANSWER, line={"silence": SHARE}),
    "noise": Fault("bytes that nobody sent come before and after answers", _NOISE, line={"noise": 0.05}),
    "echo": Fault(
        "the adapter hands each question back, now and then with a byte lost",
        ("The adapter sends each question back",),
        line={"echoes": True, "echo_loses": 0.05},
    ),
    "glued": Fault(
        "the answer of another meter comes once more, in one piece with the right one",
        ("another answer that nobody had asked for",),
        line={"glues": 0.05},
    ),
    "split": Fault("answers come in pieces", ("answers came in pieces",), line={"splits": 0.2}),
    "checksum": Fault("a bit of an answer is turned", _BROKEN, line={"garbles": SHARE}),
    "late": Fault(
        "answers come when nobody waits for them any more",
        ("answers came too late",),
        line={"late": SHARE, "late_s": 0.1},
    ),
    "lost": Fault("a byte of an answer is lost", _BROKEN, line={"loses": SHARE}),
    "doubled": Fault("the first byte of an answer comes twice", _NOISE, line={"doubles": 0.05}),
    "silent": Fault(
        "some meters do not answer for days",
        codes=((EventKind.METER_LOST, ""), ("silent", "")),
        meter={"silent": True},
    ),
    "stuck": Fault(
        "the switches of some meters confirm and do not move, for days",
        codes=_SWITCH,
        meter={"sticks": True},
        needs_order=True,
    ),
    "button": Fault(
        "the switches of some meters close only when a button is pressed",
        codes=((EventKind.WAITS_FOR_BUTTON, ""), (EventKind.SWITCH_FAILED, "")),
        meter={"button": True},
        needs_order=True,
    ),
    "lie": Fault(
        "some meters report a register that can't be true, for days",
        codes=(("rebased", ""), (EventKind.REGISTER_DOUBTFUL, "")),
        meter={"says": 900_000_000},
    ),
    "refusals": Fault(
        "some meters answer each question with an error, for days",
        codes=tuple((EventKind.METER_LOST, words) for words in ("refuse", "takes no association", "")),
        meter={"refuses": True},
    ),
    "drift": Fault(
        "the clocks of some meters are an hour slow",
        codes=((EventKind.METER_CLOCK, "60 minutes behind"),),
        meter={"drift": -3_600_000_000},
        needs_clock=True,
    ),
}


def serial_of(recording: str) -> str:
    """Return the number on the face of a recording's meter: the digits of its name, or the name if it has none."""
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
    """Return the house of a demonstration. `recordings`: their names in the data, by the meters' serial numbers.
    `protocol`: with `MIXED`, each protocol has one line, and the meters take turns.
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


def befallen(plan: HousePlan, faults: Iterable[str]) -> dict[str, str]:
    """Return which of the meters' faults each meter has, by its serial number. A meter has one at most, so that none hides
    another; they take turns, and two meters are right between the last and the first.
    """
    turns = deque([*(name for name in faults if FAULTS[name].meter), None, None])
    faults_by_serial = {}
    for line in plan.lines:
        has_clock = not line.modules
        for meter in line.meters:
            name = next(name for name in turns if name is None or has_clock or not FAULTS[name].needs_clock)
            turns.remove(name)
            turns.append(name)
            if name is not None:
                faults_by_serial[meter.serial] = name
    return faults_by_serial


def with_meter_faults(plan: HousePlan, faults: Mapping[str, str]) -> HousePlan:
    """Return the same house with the meters' faults, by serial number. Without any it is healed."""
    lines = []
    for line in plan.lines:
        meters = [
            structs.replace(meter, faults=FAULTS[faults[meter.serial]].meter if meter.serial in faults else {})
            for meter in line.meters
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
