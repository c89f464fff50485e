"""A house of played meters: its lines, and what hangs on them, as one process that serves them.

`python -m prewatt.sim.meters HOUSE.json` serves a house until it is ended, and writes into the file `ports` which port each
line has: the path of a pty, or `tcp://HOST:PORT`. The faults of a line and of its meters can be changed while it runs: the
file is read again when it changes, and the time of its change is written beside it when that is done (`.taken`).
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from ...clock import Clock, SharedClock, SystemClock
from ...edge.drivers.recorded import RecordedMeter
from ...edge.recording import Recording, load_recordings
from ...kernel.calendar import zone
from . import played_as
from .line import Line, LineFaults
from .on_pty import OnPty
from .on_tcp import OnTcp
from .plan import TAKEN, HousePlan, HungMeter, HungModule, LinePlan
from .played import MeterFaults, PlayedMeter, Responder

LOOK_EVERY = 0.2
"""Seconds between looks whether the house's file has changed."""


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
        return played_as(hung.model).meter(meter, hung, line, plan)

    def _module(self, line: LinePlan, module: HungModule) -> Responder:
        return played_as(module.model).module([self.meters[serial] for serial in module.switches], module, line)

    def ports(self) -> dict[str, str]:
        """Return the port of each line, as `edge.toml` names it."""
        return {
            name: served.path if isinstance(served, OnPty) else f"tcp://{served.address[0]}:{served.address[1]}"
            for name, served in self.served.items()
        }

    def change(self, plan: HousePlan) -> None:
        """Take over the faults of a changed plan, which must have the same lines and meters."""
        for line in plan.lines:
            self.lines[line.name].faults = LineFaults(**line.faults)
            for hung in line.meters:
                meter, faults = self.meters[hung.serial], MeterFaults(**hung.faults)
                pressed, meter.faults = meter.faults.button and not faults.button, faults
                if pressed:
                    # Who waits for the power presses the button at last.
                    meter.press_button()

    def close(self) -> None:
        """End the lines."""
        for served in self.served.values():
            served.close()


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
                path.with_suffix(TAKEN).write_text(f"{seen}")
    finally:
        house.close()
