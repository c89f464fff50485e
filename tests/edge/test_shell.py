"""The agent's shell: whose meter answers, and what stops a start."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from prewatt.edge import process
from prewatt.edge.devices import open_drivers
from prewatt.edge.drivers.interface import BadAnswer, Identity, NotSupported, Unreachable
from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.effects import MoveSwitch
from prewatt.edge.meter import Foreign, Observed
from prewatt.edge.settings import EdgeSettings, MeterSettings, SettingsError, write_settings
from prewatt.edge.shell import Shell
from prewatt.kernel.account import Account
from prewatt.kernel.quantities import Quantity
from prewatt.kernel.safety import Limit
from prewatt.kernel.settings import Settings
from prewatt.wire.link import BrokerAddress
from prewatt.wire.messages import MeterState, States
from prewatt.wire.signing import SigningKey, seal

SERVER = SigningKey.generate()


def made_settings(folder, **changes):
    (folder / "data.csv.gz").write_bytes(
        gzip.compress(b"meter,timestamp,kwh\nm1,2024-01-01T00:00:00+00:00,1\nm1,2024-01-01T00:30:00+00:00,1\n")
    )
    key = folder / "gateway.key"
    if not key.exists():
        SigningKey.generate().save(key)
    fields = {
        "gateway": "g1",
        "key": str(key),
        "server_key": SERVER.public().hex(),
        "journal": str(folder / "journal.sqlite3"),
        "broker": BrokerAddress("127.0.0.1", 1, "g1"),
        "meters": (MeterSettings("m1", "recorded"),),
        "drivers": {"recorded": RecordedSettings(folder / "data.csv.gz", "Europe/Berlin", folder / "meters")},
    }
    return EdgeSettings(**{**fields, **changes})


class Bus:
    """A meter on the bus, as the driver sees it."""

    def __init__(self):
        self.serial, self.silent, self.told = "m1", False, []

    def _answer(self, operation):
        if self.silent:
            raise Unreachable("m1", operation, "no answer")

    def identify(self):
        self._answer("identify")
        return Identity(self.serial, "x", "y")

    def read_register(self):
        self._answer("read register")
        return 7

    def read_switch(self):
        self._answer("read switch")
        return True

    def read_power(self):
        self._answer("read power")
        return

    def read_tampered(self):
        self._answer("read tampered")
        return False

    def read_own_prepaid(self):
        return ""

    def read_clock(self):
        raise NotSupported("m1", "read clock", "it has none")

    def read_allowance(self):
        raise NotSupported("m1", "read allowance", "it has none")

    def set_switch(self, closed):
        self._answer("set switch")
        self.told.append(closed)


def read(shell, name):
    """Read a meter as the round does."""
    return shell.devices.read(shell._question(name, looked_at=False))


def test_a_meter_is_believed_and_switched_only_after_it_has_said_who_it_is(tmp_path):
    agent, bus = Shell(made_settings(tmp_path)), Bus()
    agent.devices._drivers["m1"] = bus
    assert read(agent, "m1") == Observed(7, closed=True, keeps=False)
    bus.serial = "m2"
    assert read(agent, "m1") == Observed(7, closed=True, keeps=False), "asked once, not at every reading"
    bus.silent = True
    assert read(agent, "m1") == "no answer"
    bus.silent = False
    assert read(agent, "m1") == Foreign("m2")
    agent._do([MoveSwitch("m1", closed=False)])
    assert bus.told == []
    bus.serial = "m1"
    agent._do([MoveSwitch("m1", closed=False)])
    assert bus.told == [False]


@pytest.mark.parametrize(
    "error", [NotSupported("m1", "read quantities", "none"), BadAnswer("m1", "read quantities", "?")]
)
def test_what_a_meter_does_not_tell_beside_its_register_stops_nothing(tmp_path, error):
    agent, bus = Shell(made_settings(tmp_path)), Bus()
    agent.devices._drivers["m1"] = bus
    told = {Quantity.VOLTAGE_L1: 230_000}
    bus.read_quantities = lambda: told
    assert read(agent, "m1") == Observed(7, closed=True, keeps=False), "nobody has set a limit"
    account = agent.agent.meters["m1"].account
    account.settings = Settings(limits=(Limit("over-voltage", 253_000),))
    assert read(agent, "m1") == Observed(7, closed=True, quantities=told, keeps=False)

    def fail():
        raise error

    bus.read_quantities = fail
    assert read(agent, "m1") == Observed(7, closed=True, keeps=False)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"meters": (MeterSettings("m1", "telepathy"),)}, "meters.m1.driver: there is no driver 'telepathy'"),
        ({"meters": (MeterSettings("m9", "recorded"),)}, "data.csv.gz has no meter m9"),
        ({"drivers": {}}, "drivers.recorded: the section is missing, and meter m1 is of this kind"),
        ({"drivers": {"recorded": RecordedSettings(Path("/nowhere.csv"))}}, "drivers.recorded: /nowhere.csv"),
        ({"drivers": {"recorded": RecordedSettings(Path("/nowhere.csv"), "Europe/Nowhere")}}, "Europe/Nowhere"),
    ],
)
def test_a_driver_that_cannot_be_had_is_named(tmp_path, changes, says):
    settings = made_settings(tmp_path, **changes)
    with pytest.raises(SettingsError, match=says):
        open_drivers(settings, Shell(made_settings(tmp_path))._clock.now)


def test_the_command_says_what_is_wrong_and_ends_with_2(tmp_path, capsys):
    path = tmp_path / "edge.toml"
    write_settings(path, made_settings(tmp_path, key=str(tmp_path / "lost.key")))
    assert process.run(path) == 2
    assert "lost.key: no signing key there" in capsys.readouterr().err


def test_a_disk_that_fails_ends_with_1_and_the_next_start_goes_on_from_the_journal(tmp_path, capsys, monkeypatch):
    path = tmp_path / "edge.toml"
    settings = made_settings(tmp_path)
    write_settings(path, settings)

    class Failing(Shell):
        def run(self):
            self.journal._db.execute("PRAGMA query_only=ON")
            self._do(self.agent.start(self.moment(), set()))

    with monkeypatch.context() as patch:
        patch.setattr(process, "Shell", Failing)
        assert process.run(path) == 1
    assert "journal.sqlite3: can't be written (attempt to write a readonly database)" in capsys.readouterr().err
    agent = Shell(settings)
    assert agent.agent.meters["m1"].account.seq == len(agent.journal.read("m1", 1, 10**6))
    agent.journal.close()


def lived(settings):
    """An agent has run for a moment."""
    agent = Shell(settings)
    agent._do(agent.agent.start(agent.moment(), set()))
    agent._do(agent.agent.tick(agent.moment()))
    agent.journal.close()


def damage(folder, meter):
    with closing(sqlite3.connect(folder / "journal.sqlite3", isolation_level=None)) as database:
        database.execute("UPDATE entry SET body=x'c0' WHERE seq=1 AND meter=?", (meter,))


WAY_OUT = ("prewatt gateway code NAME", "move edge.toml away", "prewatt edge enrol SERVER CODE", "Do not use a copy")


def test_a_damaged_journal_ends_with_3_and_is_left_as_it_is(tmp_path, capsys):
    path = tmp_path / "edge.toml"
    settings = made_settings(tmp_path)
    write_settings(path, settings)
    lived(settings)
    damage(tmp_path, "m1")
    assert process.run(path) == 3
    said = capsys.readouterr().err
    assert "meter m1: entry 1 is not as it was written, or missing" in said
    assert all(words in said for words in WAY_OUT)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as database:
        assert database.execute("SELECT body FROM entry WHERE seq=1").fetchall() == [(b"\xc0",)]


@pytest.mark.parametrize("at", [0, 30, 100, 4096 * 2 + 5])
def test_a_file_that_can_not_be_read_ends_with_3_not_with_a_traceback(tmp_path, capsys, at):
    path = tmp_path / "edge.toml"
    settings = made_settings(tmp_path)
    write_settings(path, settings)
    lived(settings)
    data = bytearray((tmp_path / "journal.sqlite3").read_bytes())
    data[at : at + 40] = bytes([0xA5]) * 40
    (tmp_path / "journal.sqlite3").write_bytes(data)
    assert process.run(path) == 3
    said = capsys.readouterr().err
    assert all(words in said for words in WAY_OUT)
    assert (tmp_path / "journal.sqlite3").read_bytes() == data


def test_one_damaged_meter_is_set_aside_and_the_others_are_served(tmp_path):
    settings = made_settings(tmp_path)
    (tmp_path / "data.csv.gz").write_bytes(
        gzip.compress(
            b"meter,timestamp,kwh\n"
            + b"".join(
                b"%s,2024-01-01T0%d:00:00+00:00,1\n" % (name, hour) for name in (b"m1", b"m2", b"m3") for hour in (0, 1)
            )
        )
    )
    meters = tuple(MeterSettings(name, "recorded", unit=f"Flat {name[1]}") for name in ("m1", "m2", "m3"))
    settings = msgspec.structs.replace(settings, meters=meters)
    lived(settings)
    damage(tmp_path, "m2")
    agent = Shell(settings)
    assert agent.agent.meters["m2"].account.seq == 0 and not agent._replaced
    assert "meter m2: entry 1 is not as it was written" in agent.set_aside["m2"]
    before = agent.agent.meters["m1"].account.seq
    agent._do(agent.agent.start(agent.moment(), set()))
    assert agent.agent.meters["m1"].account.seq > before
    told = agent.submit_code("m2", "0" * 20, "page")
    assert not told.done and "Flat 2: the gateway's records of this meter are damaged" in told.text
    assert agent.troubles() == (told.text,)
    # It says of itself that it has nothing, and the server hands over how it stands.
    agent._do(agent.agent.on_connected(agent.moment()))
    other = Account()
    other.apply(other.event(5, "power-up"))
    state = MeterState("m2", 1, b"h" * 32, other.dump())
    given = States("g1", agent.agent.outbox.epoch, agent.agent.outbox.number, agent.agent.outbox.session, (state,))
    agent._do(agent.agent.on_frame(agent.moment(), seal(SERVER, given)))
    assert not agent.troubles() and agent.journal.load("m2").account.seq > 1
    agent.journal.close()


def test_old_entries_are_dropped_once_the_server_has_them_and_on_a_full_disk_sooner(tmp_path, monkeypatch):
    monkeypatch.setattr("prewatt.edge.journal.SNAPSHOT_EVERY", 5)
    monkeypatch.setattr("prewatt.edge.packing.TAIL", 5)
    monkeypatch.setattr("prewatt.edge.packing.PACKED", 10)
    agent = Shell(made_settings(tmp_path, keep_days=1))
    agent._do(agent.agent.start(agent.moment(), set()))
    for _ in range(40):
        agent._do(agent.agent.note(agent.moment(), "clock-set"))
    last = agent.agent.meters["m1"].account.seq
    agent.agent.sync.acked["m1"] = last
    assert agent._keep_house() == 0, "younger than a day"
    agent._short = True
    agent.agent.sync.acked["m1"] = 0
    assert agent._keep_house() == 0, "the server does not have them"
    agent.agent.sync.acked["m1"] = last
    while agent._keep_house():
        pass
    assert agent.journal.read("m1", 1, last) == []
    assert len(agent.journal.read("m1", last - 4, last)) == 5
    agent.journal.close()
