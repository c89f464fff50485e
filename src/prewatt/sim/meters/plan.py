"""The plan of a house of played meters: its lines, and what hangs on them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

TAKEN = ".taken"
"""The end of the name of the file that says which change of the house's file was taken over last."""


class HungMeter(Struct, frozen=True, forbid_unknown_fields=True):
    """A meter of a line. `recording`: whose consumption it measures. `serial`: the number on its face. `address`: its
    address on the line.
    """

    recording: str
    serial: str
    model: str
    address: str
    faults: dict[str, Any] = {}


class HungModule(Struct, frozen=True, forbid_unknown_fields=True):
    """A relay module of a line. `switches`: the serial numbers of the meters that it switches, by its channels."""

    model: str
    address: int
    switches: tuple[str, ...]


class LinePlan(Struct, frozen=True, forbid_unknown_fields=True):
    """A line. `kind`: how it is reached. `baud`: 0 for a line that takes no time. `framing`: `tcp` for Modbus TCP."""

    name: str
    kind: Literal["pty", "tcp"]
    meters: tuple[HungMeter, ...]
    modules: tuple[HungModule, ...] = ()
    framing: Literal["line", "tcp"] = "line"
    baud: Annotated[int, Meta(ge=0)] = 0
    turnaround_s: float = 0.0
    faults: dict[str, Any] = {}
    seed: int = 0


class HousePlan(Struct, frozen=True, forbid_unknown_fields=True):
    """A house. `data`, `zone`: the recorded consumption. `memory`: the folder in which the meters keep their registers and
    switches. `clock`: the file of the accelerated clock; empty: the machine's. `ports`: the file to be written.
    """

    data: str
    zone: str
    memory: str
    ports: str
    lines: tuple[LinePlan, ...]
    clock: str = ""
