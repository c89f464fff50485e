"""Two adapters that are ptys, with played meters on them, for tests of setting up."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from prewatt.edge.commissioning.gateway import SetUp
from prewatt.edge.commissioning.switch_test import SwitchTest
from prewatt.edge.drivers.recorded import RecordedMeter
from prewatt.edge.meters.modbus_model import ModbusModel
from prewatt.edge.meters.model import find_model_file, read_model
from prewatt.edge.protocols.modbus_frames import Rtu
from prewatt.edge.recording import load_recordings
from prewatt.kernel.calendar import zone
from prewatt.kernel.units import HOUR
from prewatt.sim.meters.dlt645 import Dlt645Responder
from prewatt.sim.meters.line import Line
from prewatt.sim.meters.modbus import ModbusResponder
from prewatt.sim.meters.played import PlayedMeter
from tests.edge.commissioning.silence import CountedPty

BEGIN = 1_704_067_200 * 10**6
DLT, DLT_TWIN, SDM, SDM_TWO = "202411110002", "202411110003", "12345678", "12345679"


def played(folder: Path, serial: str, kwh: int = 2, hours: int = 1) -> PlayedMeter:
    """A meter that draws `kwh` an hour, some hours after its recording began; its clock stands."""
    rows = "".join(f"{serial},2024-01-01T{hour:02}:00:00Z,{kwh}\n" for hour in range(24))
    (folder / f"{serial}.csv").write_text("meter,timestamp,kwh\n" + rows)
    recording = load_recordings(folder / f"{serial}.csv", zone("UTC"))[serial]
    now = [BEGIN]
    inner = RecordedMeter(serial, recording, folder / f"{serial}.json", lambda: now[0])
    now[0] += hours * HOUR
    return PlayedMeter(inner, serial, lambda: now[0])


class House:
    """Two lines. In the cellar two meters of DL/T 645 at 2400 baud; in the riser two of Modbus, at `riser` baud. `twin`: the
    second in the cellar has the address of the first.
    """

    def __init__(self, folder: Path, twin: bool = False, riser: int = 9600) -> None:
        folder.mkdir(exist_ok=True)
        self.meters = {
            DLT: played(folder, DLT),
            DLT_TWIN: played(folder, DLT_TWIN, 1, 3),
            SDM: played(folder, SDM),
            SDM_TWO: played(folder, SDM_TWO, 1, 5),
        }
        sdm = read_model(find_model_file("eastron-sdm120"), ModbusModel)
        hiking = read_model(find_model_file("hiking-dds238-2-znsr"), ModbusModel)
        self.cellar = Line(
            [Dlt645Responder(self.meters[DLT], DLT), Dlt645Responder(self.meters[DLT_TWIN], DLT if twin else DLT_TWIN)]
        )
        self.riser = Line(
            [ModbusResponder(self.meters[SDM], sdm, 1, Rtu()), ModbusResponder(self.meters[SDM_TWO], hiking, 2, Rtu())]
        )
        self._stack = ExitStack()
        self.ports = {
            "cellar": self._serve(CountedPty(self.cellar, 2400)),
            "riser": self._serve(CountedPty(self.riser, riser)),
        }

    def _serve(self, served: CountedPty) -> str:
        self._stack.callback(served.close)
        return served.path

    def readdress(self) -> None:
        """The second meter in the cellar is given its own address."""
        self.cellar.meters = [self.cellar.meters[0], Dlt645Responder(self.meters[DLT_TWIN], DLT_TWIN)]

    def close(self) -> None:
        self._stack.close()


class Later:
    """The clock by which switches are closed again later: it goes on when it is told to."""

    def __init__(self) -> None:
        self.at, self.waits = 0.0, []

    @classmethod
    def on(cls, setup: SetUp) -> tuple[SetUp, Later]:
        """Put such a clock into a gateway's setting up. Returns both."""
        later = cls()
        setup.switches = SwitchTest(setup.bench, later)
        return setup, later

    def __call__(self, after_s, work):
        waiting = _Waiting(self, self.at + after_s, work)
        self.waits.append(waiting)
        return waiting

    def passes(self, seconds: float) -> None:
        """Let time pass, and do what is due."""
        self.at += seconds
        for waiting in [each for each in self.waits if each.at <= self.at]:
            waiting.cancel()
            waiting.work()


class _Waiting:
    def __init__(self, clock, at, work) -> None:
        self.clock, self.at, self.work = clock, at, work

    def cancel(self) -> None:
        if self in self.clock.waits:
            self.clock.waits.remove(self)


def now() -> int:
    return time.time_ns() // 1000
