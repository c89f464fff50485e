"""Played meters for the tests of Modbus, and a line without faults between them and a conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from prewatt.edge.drivers.recorded import RecordedMeter
from prewatt.edge.meters.modbus_model import ModbusModel
from prewatt.edge.meters.model import find_model_file, read_model
from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.errors import NoAnswer
from prewatt.edge.protocols.exchange import Exchange
from prewatt.edge.recording import load_recordings
from prewatt.kernel.calendar import zone
from prewatt.kernel.units import HOUR
from prewatt.sim.meters.played import PlayedMeter, Responder

BEGIN = 1_704_067_200 * 10**6
SERIAL = "12345678"


def model(name: str) -> ModbusModel:
    return read_model(find_model_file(name), ModbusModel)


def played(folder: Path, serial: str = SERIAL) -> PlayedMeter:
    """A meter that draws 2 kW, an hour after its recording began; its clock stands."""
    rows = "".join(f"{serial},2024-01-01T{hour:02}:00:00Z,2\n" for hour in range(24))
    (folder / f"{serial}.csv").write_text("meter,timestamp,kwh\n" + rows)
    recording = load_recordings(folder / f"{serial}.csv", zone("UTC"))[serial]
    now = [BEGIN]
    inner = RecordedMeter(serial, recording, folder / f"{serial}.json", lambda: now[0])
    now[0] += HOUR
    return PlayedMeter(inner, serial, lambda: now[0])


@dataclass
class Together:
    """Meters on one line. Each question reaches all of them. `asked`: what was asked."""

    meters: list[Responder]
    asked: list[bytes] = field(default_factory=list)

    def ask(self, exchange: Exchange):
        self.asked.append(exchange.request)
        answer = exchange.feed(b"".join(frame for meter in self.meters for frame in meter.feed(exchange.request)))
        if answer is None:
            raise NoAnswer(exchange.seen())
        return answer.value

    def run(self, conversation):
        return converse(conversation, self.ask)
