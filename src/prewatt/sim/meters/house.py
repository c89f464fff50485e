"""A house of played meters: its lines, and what hangs on them, as one process that serves them.

`python -m prewatt.sim.meters HOUSE.json` serves a house until it is ended, and writes into the file `ports` which port each
line has: the path of a pty, or `tcp://HOST:PORT`. The faults of a line and of its meters can be changed while it runs: the
file is read again when it changes.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ...clock import Clock, SharedClock, SystemClock
from ...edge.drivers.recorded import RecordedMeter
from ...edge.meters.dlms_model import DlmsModel
from ...edge.meters.dlt645_model import Dlt645Model
from ...edge.meters.modbus_model import ModbusModel
from ...edge.meters.model import find_model_file, protocol_of, read_model
from ...edge.protocols.dlms.acse import Mechanism
from ...edge.protocols.dlms.client import Credentials
from ...edge.protocols.dlt645.codes import Edition
from ...edge.protocols.modbus_frames import Rtu, Tcp
from ...edge.recording import Recording, load_recordings
from ...kernel.calendar import zone
from .dlms import DlmsServer, HdlcResponder
from .dlms_objects import Habits
from .dlt645 import Dlt645Responder
from .line import Line, LineFaults
from .modbus import ModbusResponder, RelayModule
from .played import MeterFaults, PlayedMeter, Responder
from .serving import OnPty, OnTcp

PASSWORD = b"12345678"
"""The password of meters that speak DLMS."""
LOOK_EVERY = 0.2
"""Seconds between looks whether the house's file has changed."""


class HungMeter(Struct, frozen=True, forbid_unknown_fields=True):
    """A meter of a line. `recording`: whose consumption it measures. `serial`: the number on its face. `address`: on the
    line.
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


class House:
    """A house that is being served. Raises ValueError if its plan is impossible."""

    def __init__(self, plan: HousePlan) -> None:
        self.clock: Clock = SharedClock(Path(plan.clock)) if plan.clock else SystemClock()
        self.meters: dict[str, PlayedMeter] = {}
        self.lines: dict[str, Line] = {}
        self.served: dict[str, OnPty | OnTcp] = {}
        recordings = load_recordings(Path(plan.data), zone(plan.zone))
        Path(plan.memory).mkdir(parents=True, exist_ok=True)
        for line in plan.lines:
            responders = [self._meter(plan, line, hung, recordings[hung.recording]) for hung in line.meters]
            responders += [self._module(line, module) for module in line.modules]
            played = Line(responders, line.baud, line.turnaround_s, LineFaults(**line.faults), line.seed)
            self.lines[line.name] = played
            self.served[line.name] = OnPty(played) if line.kind == "pty" else OnTcp(played)

    def _meter(self, plan: HousePlan, line: LinePlan, hung: HungMeter, recording: Recording) -> Responder:
        inner = RecordedMeter(hung.serial, recording, Path(plan.memory) / f"{hung.serial}.json", self.clock.now)
        meter = PlayedMeter(inner, hung.serial, self.clock.now, faults=MeterFaults(**hung.faults))
        self.meters[hung.serial] = meter
        path = find_model_file(hung.model)
        match protocol_of(path):
            case "dlt645":
                model = read_model(path, Dlt645Model)
                return Dlt645Responder(meter, hung.address, Edition(model.edition), zone=zone(plan.zone))
            case "modbus":
                return ModbusResponder(meter, read_model(path, ModbusModel), int(hung.address), _framing(line))
            case "dlms":
                dlms = read_model(path, DlmsModel)
                server = DlmsServer(meter, dlms, Credentials(Mechanism.LLS, PASSWORD), Habits(), os.urandom)
                return HdlcResponder(server, int(hung.address))
            case other:
                raise ValueError(f"{hung.model}: meters that speak {other} are not played")

    def _module(self, line: LinePlan, module: HungModule) -> Responder:
        model = read_model(find_model_file(module.model), ModbusModel)
        return RelayModule([self.meters[serial] for serial in module.switches], model, module.address, _framing(line))

    def ports(self) -> dict[str, str]:
        """Return the port of each line, as `edge.toml` names it."""
        return {
            name: served.path if isinstance(served, OnPty) else f"tcp://{served.address[0]}:{served.address[1]}"
            for name, served in self.served.items()
        }

    def change(self, plan: HousePlan) -> None:
        """Take over the faults of a changed plan."""
        for line in plan.lines:
            self.lines[line.name].faults = LineFaults(**line.faults)
            for hung in line.meters:
                self.meters[hung.serial].faults = MeterFaults(**hung.faults)

    def close(self) -> None:
        """End the lines."""
        for served in self.served.values():
            served.close()


def _framing(line: LinePlan) -> Rtu | Tcp:
    return Tcp() if line.framing == "tcp" else Rtu()


def serve(path: Path) -> None:
    """Serve the house of a file until this process is ended."""
    plan = msgspec.json.decode(path.read_bytes(), type=HousePlan)
    house = House(plan)
    ports = Path(plan.ports)
    fresh = ports.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(house.ports()))
    fresh.replace(ports)
    seen = path.stat().st_mtime_ns
    try:
        while True:
            time.sleep(LOOK_EVERY)
            if path.stat().st_mtime_ns != seen:
                seen = path.stat().st_mtime_ns
                house.change(msgspec.json.decode(path.read_bytes(), type=HousePlan))
    finally:
        house.close()
