"""Meters on a bus: how long a round of 32 takes, and how long an order takes until its relay is verified while a round goes
on, each beside what the frames take on the line. The line is virtual: time passes by its bytes and its pauses alone.
Four rounds count, after the bus has learnt how short its pauses may be. A meter of DLMS/COSEM that is read each minute is
read in the association that is held; one that is read each quarter of an hour has ended it meanwhile.

The limit of a round is made of the questions that a reading cannot do without (`Kind.needs`) and their answers: 11 bits a
byte, and the silence that the standard wants. That is 20 ms before an answer for DL/T 645 and HDLC, and for Modbus 3.5
characters before each frame. The played meters answer after just that silence. The limit of an order is made so of the
frames of its conversation.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from tests.edge.buses.lines import WatchedTurns

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.buses.pause import silence_s
from prewatt.edge.conversations.dlms import DlmsAccess, open_meter
from prewatt.edge.conversations.dlt645.meter import Dlt645Access, Dlt645Meter
from prewatt.edge.conversations.modbus.meter import ModbusMeter
from prewatt.edge.conversations.protocol import Conversations, OnBus
from prewatt.edge.devices import Devices, Question
from prewatt.edge.drivers.interface import Power
from prewatt.edge.effects import Effect
from prewatt.edge.meter_work import MeterWork
from prewatt.edge.meters.dlms_model import DlmsModel
from prewatt.edge.meters.dlt645_model import Dlt645Model
from prewatt.edge.meters.modbus_model import ModbusModel
from prewatt.edge.meters.model import find_model_file, read_model
from prewatt.edge.observed import Observed
from prewatt.edge.protocols.dlms.acse import Mechanism
from prewatt.edge.protocols.dlms.client import Credentials
from prewatt.edge.protocols.modbus_frames import Rtu
from prewatt.kernel.units import HOUR, SECOND
from prewatt.sim.meters.dlms import DlmsServer, HdlcResponder
from prewatt.sim.meters.dlms_objects import Habits
from prewatt.sim.meters.dlt645 import Dlt645Responder
from prewatt.sim.meters.line import Line
from prewatt.sim.meters.modbus import ModbusResponder
from prewatt.sim.meters.played import PlayedMeter, Responder

METERS = 32
LEARNING, ROUNDS = 8, 4
ORDERS = 100
GOLDEN = 0.618_034
DIGITS = "12345678"
EVERY_S = HOUR // ROUNDS // SECOND
"""Between the beginnings of two rounds, as a gateway does it that is told nothing else."""
BEGIN = 1_767_225_600 * SECOND
ANSWERS_AFTER_S = 0.02
ROUND_MOST, ORDER_MOST = 1.15, 1.3


class Load:
    """A register and a switch."""

    def __init__(self, register: int) -> None:
        self.register, self.closed = register, True

    def read_register(self) -> int:
        return self.register

    def read_switch(self) -> bool:
        return self.closed

    def read_power(self) -> Power:
        return Power(2300 if self.closed else 0)

    def set_switch(self, closed: bool) -> None:
        self.closed = closed


def played_meter(load: Load, number: int, clock: Callable[[], int]) -> PlayedMeter:
    """Return a played meter with that register and switch."""
    return PlayedMeter(cast("Any", load), f"{number:012}", clock)


@dataclass
class Asked:
    """What was asked: bytes there and back, by which thread, and when the last of them had come."""

    size: int
    thread: str
    answered_at: float = 0.0


@dataclass
class VirtualLine:
    """The port of a line on which time passes only while somebody waits. `asked`: all that was asked. `alarm`: what is done
    once when an instant has come.
    """

    line: Line
    name: str = "virtual"
    now: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    coming: list[tuple[float, bytes]] = field(default_factory=list)
    alarm: tuple[float, Callable[[], None]] | None = None

    def steady(self) -> float:
        return self.now

    def clock(self) -> int:
        return BEGIN + int(self.now * SECOND)

    def write(self, data: bytes) -> None:
        self.asked.append(Asked(len(data), threading.current_thread().name))
        at = self.now
        for piece in self.line.feed(data):
            at += piece.after_s
            self.asked[-1].size += len(piece.data)
            self.coming.append((at, piece.data))

    def read(self, wait_s: float) -> bytes:
        if self.coming and self.coming[0][0] <= self.now + wait_s:
            at, data = self.coming.pop(0)
            self._pass(max(self.now, at))
            self.asked[-1].answered_at = self.now
            return data
        self._pass(self.now + wait_s)
        return b""

    def close(self) -> None:
        self.coming.clear()

    def sleep(self, seconds: float) -> None:
        self._pass(self.now + seconds)

    def _pass(self, until: float) -> None:
        alarm = self.alarm
        if alarm is not None and alarm[0] <= until:
            self.now, self.alarm = alarm[0], None
            alarm[1]()
        self.now = max(self.now, until)

    def least_s(self, asked: Sequence[Asked], between_s: float) -> float:
        """Return what questions take by their bytes, and by the silence before each answer and before each question."""
        return self.line.line_s(sum(each.size for each in asked)) + len(asked) * (self.line.turnaround_s + between_s)


@dataclass(frozen=True)
class Kind:
    """A kind of meters. `hang(meter, number, clock)`: returns the meter's side and ours. `needs`: the questions that a reading
    cannot do without; `hourly`: those of one reading in an hour. `answers_after_s`, `between_s`: the silence before an
    answer, and before a question. `every_s`: between the beginnings of two rounds.
    """

    name: str
    hang: Callable[[PlayedMeter, int, Callable[[], int]], tuple[Responder, Conversations]]
    needs: tuple[str, ...]
    hourly: tuple[str, ...] = ()
    answers_after_s: Callable[[int], float] = lambda _: ANSWERS_AFTER_S
    between_s: Callable[[int], float] = lambda _: 0.0
    every_s: int = EVERY_S


def dlt645(meter: PlayedMeter, number: int, clock: Callable[[], int]) -> tuple[Responder, Conversations]:
    address = f"{number:012}"
    model = read_model(find_model_file("dlt645-2007"), Dlt645Model)
    return Dlt645Responder(meter, address), Dlt645Meter(model, Dlt645Access(address), clock)


def modbus(meter: PlayedMeter, number: int, _: Callable[[], int]) -> tuple[Responder, Conversations]:
    model = read_model(find_model_file("hiking-dds238-2-znsr"), ModbusModel)
    return ModbusResponder(meter, model, number, Rtu()), ModbusMeter(model, number, Rtu())


def dlms(meter: PlayedMeter, number: int, clock: Callable[[], int]) -> tuple[Responder, Conversations]:
    model = read_model(find_model_file("dlms-lls"), DlmsModel)
    server = DlmsServer(meter, model, Credentials(Mechanism.LLS, DIGITS.encode()), Habits(), bytes)
    access = DlmsAccess(str(16 + number), password=DIGITS)
    return HdlcResponder(server, 16 + number), open_meter(model, access, OnBus("line", clock))


KINDS = (
    Kind("DL/T 645", dlt645, ("energy", "status word 3"), ("export",)),
    Kind("Modbus RTU", modbus, ("import and export", "relay"), (), silence_s, silence_s),
    Kind("DLMS, each minute", dlms, ("energy", "output state"), every_s=60),
    Kind("DLMS, each 15 minutes", dlms, ("DISC", "SNRM", "AARQ", "scaler", "energy", "output state")),
)


class Wall:
    """Meters of one kind on one bus, and the gateway's side as the agent uses it."""

    def __init__(self, kind: Kind, baud: int) -> None:
        self.kind, self.between_s = kind, kind.between_s(baud)
        self.loads = {f"m{number}": Load(1_000_000 + number) for number in range(1, METERS + 1)}
        self.port = VirtualLine(Line([], baud, kind.answers_after_s(baud)))
        timing = Timing(baud, turnaround_least_s=silence_s(baud))
        self.bus = Bus(self.port, timing, self.port.steady, self.port.sleep)
        self.bus.turns = self.turns = WatchedTurns()
        meters, drivers = [], {}
        for number, (name, load) in enumerate(self.loads.items(), 1):
            meter, ours = kind.hang(played_meter(load, number, self.port.clock), number, self.port.clock)
            meters.append(meter)
            drivers[name] = MeterOnBus(name, self.bus, ours)
        self.port.line.meters = meters
        self.devices = Devices(drivers, self.port.steady)
        self.read_now, self.next_at = "", 0.0
        self.serials = {name: driver.identify().serial for name, driver in drivers.items()}

    def question(self, name: str, _: bool = False) -> Question:
        return Question(name, self.serials[name])

    def round(self) -> float:
        """Read all meters. Returns the seconds that it took."""
        began = self.port.now = max(self.port.now, self.next_at)
        self.next_at = began + self.kind.every_s
        for name, load in self.loads.items():
            self.read_now = name
            seen = self.devices.read(self.question(name))
            assert isinstance(seen, Observed), seen
            assert (seen.register // 10, seen.closed) == (load.register // 10, load.closed)
        return self.port.now - began


def rounds(kind: Kind, baud: int) -> None:
    wall = Wall(kind, baud)
    for _ in range(LEARNING):
        wall.round()
    asked = wall.port.asked
    asked.clear()
    took = [wall.round() for _ in range(ROUNDS)]
    needed = (ROUNDS * len(kind.needs) + len(kind.hourly)) * METERS
    assert len(asked) == needed, f"{kind.name}: {len(asked)} questions, and {needed} are needed"
    limit = wall.port.least_s(asked, wall.between_s) / ROUNDS
    size = sum(each.size for each in asked) // ROUNDS
    show(f"{kind.name}, {baud} baud: a round of {METERS}", took, f"{size:,} bytes", limit, ROUND_MOST)


def show(what: str, took: Sequence[float], limit_name: str, limit: float, most: float) -> None:
    mean = statistics.mean(took)
    print(f"{what:<56} {mean:>7.3f} s   limit: {limit_name:>12} {limit:>7.3f} s   {mean / limit:.2f} (goal: {most})")


class Heard:
    """Takes what the work at meters brings, as the agent does."""

    def __init__(self) -> None:
        self.moved = threading.Event()

    def on_read(self, seen: object) -> list[Effect]:
        raise NotImplementedError

    def on_looked(self, name: str, began: float, seen: object) -> list[Effect]:
        raise NotImplementedError

    def on_switch(self, name: str, closed: bool, error: Exception | None) -> list[Effect]:  # noqa: ARG002
        assert error is None, error
        self.moved.set()
        return []

    def on_allowance_failed(self, name: str, keeps: bool) -> list[Effect]:
        raise NotImplementedError


def orders(kind: Kind, baud: int) -> None:
    """Open switches while other meters are read, each at another moment of a round."""
    wall, heard = Wall(kind, baud), Heard()

    def post(do: Callable[[], list[Effect]]) -> None:
        do()

    work = MeterWork(wall.devices, wall.question, heard, post, in_step=False)
    for _ in range(LEARNING):
        round_s = wall.round()
    names = list(wall.loads)
    told: list[tuple[str, float]] = []

    def order() -> None:
        # The switch of a meter that is not being read.
        name = names[(names.index(wall.read_now) + METERS // 2) % METERS]
        told.append((name, wall.port.now))
        work.move_switch(name, not wall.loads[name].closed)
        wall.turns.await_waiting(1)

    took, least = [], []
    for number in range(ORDERS):
        wall.port.asked.clear()
        heard.moved.clear()
        wall.port.alarm = (wall.next_at + round_s * 0.9 * (number * GOLDEN % 1), order)
        wall.round()
        heard.moved.wait()
        own = [each for each in wall.port.asked if each.thread != threading.current_thread().name]
        took.append(own[-1].answered_at - told[-1][1])
        least.append(wall.port.least_s(own, wall.between_s))
    work.close()
    show(f"{kind.name}, {baud} baud: an order, verified", took, "its frames", statistics.mean(least), ORDER_MOST)
    print(f"{'':<56} {max(took):>7.3f} s   the slowest of {ORDERS}")


def main() -> None:
    for measure in (rounds, orders):
        for kind in KINDS:
            for baud in (2400, 9600):
                measure(kind, baud)


if __name__ == "__main__":
    main()
