"""Meters of DLMS/COSEM that send their values by themselves are read by what they send, and by that alone."""

import json
from pathlib import Path

import msgspec
import pytest

from prewatt.edge.buses.bus import Bus, Timing
from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.buses.ports import open_port
from prewatt.edge.commissioning.probing import Probe, is_doubled, plan, seek, still
from prewatt.edge.conversations.dlms import PROTOCOL, DlmsAccess
from prewatt.edge.conversations.dlms.pushed import READ_ONLY
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.devices import Devices, Question
from prewatt.edge.driver_settings import read_section
from prewatt.edge.drivers.interface import Identity, Power
from prewatt.edge.meters.dlms_model import DlmsModel, Push, Scale
from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.errors import NoAnswer, Unsupported, WrongAnswer
from prewatt.edge.settings import MeterSettings
from prewatt.edge.shell import Shell
from prewatt.kernel.units import MINUTE, SECOND
from prewatt.sim.meters.dlms_push import PushingResponder
from prewatt.sim.meters.line import Line
from prewatt.sim.meters.on_pty import OnPty
from prewatt.sim.meters.played import PlayedMeter
from tests.edge.buses.lines import VirtualPort
from tests.edge.protocols.dlms_wall import BEGIN, REGISTER, Load, model_of
from tests.edge.test_shell import made_settings

MODEL = model_of("landis-gyr-push")
SERIAL = "LGZ1030769231250"
VECTORS = json.loads((Path(__file__).parent / "vectors" / "dlms_transcripts.json").read_text())
PUSHES = {each["id"]: b"".join(bytes.fromhex(step["hex"]) for step in each["steps"]) for each in VECTORS["transcripts"]}


class Cellar:
    """A pushing meter at the end of a virtual line, and our side of it."""

    def __init__(self, model=MODEL):
        self.port = VirtualPort()
        self.load = Load()
        self.played = PlayedMeter(self.load, SERIAL, self.clock)
        self.responder = PushingResponder(self.played, model, model.push)
        self.bus = Bus(self.port, Timing(2400), lambda: self.port.now, self.port.sleep)
        self.meter = PROTOCOL.open(model, DlmsAccess("1"), OnBus("line", self.clock))

    def clock(self):
        return BEGIN + int(self.port.now * SECOND)

    def sends(self, *pushes, every=10.0):
        """The bytes that come from now on, a push each time."""
        self.port.coming = [(self.port.now + every * n + 1.0, push) for n, push in enumerate(pushes)]

    def pushes(self, count=3):
        self.sends(*(b"".join(self.responder.push()) for _ in range(count)))

    def run(self, conversation):
        return self.bus.run("m", conversation)


def test_register_voltages_and_number_are_those_of_the_next_push():
    cellar = Cellar()
    cellar.pushes()
    assert cellar.run(cellar.meter.identify()) == Identity(SERIAL, "Landis+Gyr", "E450")
    cellar.load.register += 1000
    cellar.pushes()
    assert cellar.run(cellar.meter.read_register()) == REGISTER + 1000
    assert cellar.run(cellar.meter.read_quantities()) == dict.fromkeys(
        ("voltage-l1", "voltage-l2", "voltage-l3"), 230_000
    )
    assert cellar.port.written == [] or all(not data for _, data in cellar.port.written), "nothing is asked"
    assert cellar.bus.figures.noisy == 0


@pytest.mark.parametrize(
    ("transcript", "serial", "energy", "voltage"),
    [
        ("d15", SERIAL, 2_607_383, 229_000),
        ("d14", "LGZ1030781910790", 0, 232_000),
        ("d18", "LGZ1030653520967", 482_939, 236_000),
    ],
)
def test_what_real_meters_were_seen_to_send_is_read(transcript, serial, energy, voltage):
    cellar = Cellar()
    for _ in range(2):
        cellar.sends(PUSHES[transcript])
        assert cellar.run(cellar.meter.identify()).serial == serial
    cellar.sends(PUSHES[transcript])
    assert cellar.run(cellar.meter.read_register()) == energy
    assert cellar.run(cellar.meter.read_quantities())["voltage-l1"] == voltage


def test_a_push_whose_beginning_was_missed_or_that_is_broken_is_waited_over():
    cellar = Cellar()
    whole = b"".join(cellar.responder.push())
    broken = bytes([*whole[:40], whole[40] ^ 1, *whole[41:]])
    cellar.sends(whole[30:], broken, whole, every=8.0)
    assert cellar.run(cellar.meter.read_register()) == REGISTER


def test_a_push_without_the_energy_is_no_reading_and_silence_is_said():
    cellar = Cellar()
    cellar.sends(PUSHES["d12"], PUSHES["d12"])
    with pytest.raises(NoAnswer, match=r"it pushes values without 1-1:1\.8\.0\*255"):
        cellar.run(cellar.meter.read_register())
    assert cellar.run(cellar.meter.read_quantities()) == {}
    cellar.port.now += 3600
    with pytest.raises(NoAnswer, match="no values were pushed"):
        cellar.run(cellar.meter.read_register())


def test_what_was_sent_long_ago_counts_no_more():
    cellar = Cellar()
    cellar.pushes()
    cellar.run(cellar.meter.read_register())
    cellar.port.now += 60
    assert cellar.run(cellar.meter.read_quantities()) == {}


def test_power_rates_and_scales_are_as_the_model_says():
    scales = {
        MODEL.energy: Scale("kWh", "0.1"),
        "1-0:1.7.0*255": Scale("V"),
        "1-1:1.8.1*255": Scale("Wh"),
    }
    model = msgspec.structs.replace(
        MODEL, push=Push(10, scales), power="1-0:1.7.0*255", rates=("1-1:1.8.1*255",), quantities={}
    )
    cellar = Cellar(model)
    cellar.load.register = 123
    cellar.pushes()
    assert cellar.run(cellar.meter.read_register()) == round(123 / 1000) * 100
    assert cellar.run(cellar.meter.read_power()) == Power(230_000)
    assert cellar.run(cellar.meter.read_rates()) == {1: 230_000}


def test_nothing_can_be_asked_of_it():
    cellar = Cellar()
    meter = cellar.meter
    for asked in (
        meter.set_switch(True),
        meter.read_clock(),
        meter.set_clock(0),
        meter.read_allowance(),
        meter.set_allowance(1),
    ):
        with pytest.raises(Unsupported, match=READ_ONLY):
            cellar.run(asked)
    assert cellar.run(meter.read_switch()) is None and cellar.run(meter.read_own_prepaid()) == ""
    assert cellar.run(meter.read_tampered()) is False and cellar.run(meter.rest()) is None
    with pytest.raises(ValueError, match="framing"):
        PROTOCOL.open(MODEL, DlmsAccess("1"), OnBus("tcp", cellar.clock))


def test_a_register_that_cannot_be_is_not_billed():
    cellar = Cellar()
    cellar.load.register = 2**32 - 1  # all bits: no value
    cellar.pushes()
    with pytest.raises(WrongAnswer, match="no value for its energy"):
        cellar.run(cellar.meter.read_register())


def test_the_agent_reads_a_played_meter_that_pushes_on_a_serial_adapter():
    model = msgspec.structs.replace(MODEL, push=msgspec.structs.replace(MODEL.push, every_s=1))
    pushing = PlayedMeter(Load(), SERIAL, lambda: BEGIN)
    responder = PushingResponder(pushing, model, model.push)
    # It sends each time that it is looked at.
    responder.unasked = responder.push
    served = OnPty(Line([responder]), 2400)
    bus = Bus(open_port(served.path, "2400 8E1"), Timing(2400))
    try:
        meter = MeterOnBus("m", bus, PROTOCOL.open(model, DlmsAccess("1"), OnBus("line", lambda: BEGIN)))
        seen = Devices({"m": meter}).read(Question("m", SERIAL, power=True, quantities=True))
        assert (seen.register, seen.closed, seen.power) == (REGISTER, None, None)
        assert seen.quantities["voltage-l2"] == 230_000
    finally:
        bus.close()
        served.close()


def test_who_opens_its_page_does_not_have_the_agent_wait_for_its_next_push(tmp_path):
    """The agent moves all switches: it must not stand still for as long as a meter sends nothing."""
    at = OnPty(Line([]), 2400)
    bus = {"port": at.path, "line": "2400 8E1"}
    section = {
        "buses": {"common": bus},
        "meters": {"m1": {"bus": "common", "model": "landis-gyr-push", "address": "1"}},
    }
    drivers = {"bus": read_section("bus", section, tmp_path)}
    shell = Shell(made_settings(tmp_path, meters=(MeterSettings("m1", "bus"),), drivers=drivers))
    shell.look_at("m1")
    assert shell.devices.asked("m1").questions == 0
    shell.journal.close()
    at.close()


def test_it_sends_as_often_as_its_model_says():
    now = [BEGIN]
    responder = PushingResponder(PlayedMeter(Load(), SERIAL, lambda: now[0]), MODEL, MODEL.push)
    assert responder.unasked() and not responder.unasked()
    now[0] += 9 * SECOND
    assert not responder.unasked()
    now[0] += SECOND
    assert responder.unasked() and responder.feed(b"whatever") == []
    responder._meter.faults.silent = True
    now[0] += MINUTE
    assert not responder.unasked()


def test_it_is_found_by_listening_where_nothing_answers():
    probe = Probe("2400 8E1", "line", "dlms-push")
    assert plan([MODEL], is_serial=True) == [probe]
    assert probe in still([probe], []) and still([probe], ["2400 8E1"]) == []
    assert not [each for each in plan([MODEL], is_serial=False) if each.kind == "dlms-push" and each.framing == "tcp"]
    cellar = Cellar()
    cellar.pushes()
    (found,) = cellar.run(seek(probe))
    assert found.address == "1" and "1-1:1.8.0*255" in found.words
    cellar.pushes()
    assert cellar.run(is_doubled(probe, "1")) is False
    cellar.port.coming.clear()
    assert cellar.run(seek(probe)) == [] and cellar.run(is_doubled(probe, "1")) is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"disconnect": "0-0:96.3.10*255"}, "is not asked, so it can have no switch"),
        ({"authentication": "lls"}, "no password"),
        ({"energy": "1-0:1.8.0*255"}, r"scales: 1-0:1\.8\.0\*255 is missing"),
        ({"push": Push(10, {MODEL.energy: Scale("parsec")})}, "unit: 'parsec' is unknown"),
    ],
)
def test_a_models_file_that_is_wrong_is_named(wrong, words):
    fields = {name: getattr(MODEL, name) for name in DlmsModel.__struct_fields__}
    with pytest.raises(ValueError, match=words):
        DlmsModel(**(fields | wrong))


def test_a_conversation_without_a_bus_is_one_exchange():
    cellar = Cellar()
    exchanges = []

    def ask(exchange):
        exchanges.append(exchange)
        return exchange.feed(b"".join(cellar.responder.push())).value

    assert converse(cellar.meter.read_register(), ask) == REGISTER
    assert [(each.request, each.waits_s) for each in exchanges] == [(b"", 25.0)]
