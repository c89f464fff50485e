"""One process runs the agents of several buildings, and takes the calls of all their converters at one address."""

import os
import shutil
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from prewatt.edge import hosting
from prewatt.edge.buses.calls import CalledPort
from prewatt.edge.buses.listening import Listening
from prewatt.edge.converters import load_converter
from prewatt.edge.driver_settings import read_section
from prewatt.edge.settings import MeterSettings, write_settings
from prewatt.kernel.entries import Reading, decode_entry
from prewatt.sim.meters.calling import Calling
from prewatt.sim.meters.dlt645 import Dlt645Responder
from prewatt.sim.meters.line import Line
from tests.edge.protocols.modbus_played import played
from tests.edge.test_shell import made_settings
from tests.ports import free_port

TEXT_LINE = load_converter("text-line")


def building(folder, name, serial, port, **changes):
    """The folder of a gateway with one meter, behind a converter that calls as `name`."""
    folder = folder / name
    folder.mkdir()
    bus = {"port": f"call://{name}", "answer_s": 5, "turnaround_s": 0.0, "rest_longest_s": 0}
    meter = {"bus": "tower", "model": "dlt645-2007", "address": serial}
    section = {"buses": {"tower": bus}, "meters": {serial: meter}, "listen": f"127.0.0.1:{port}"}
    settings = made_settings(
        folder,
        gateway=name,
        meters=(MeterSettings(serial, "bus"),),
        drivers={"bus": read_section("bus", section, folder)},
        poll_shortest_s=1,
        **changes,
    )
    write_settings(folder / "edge.toml", settings)
    return folder


class Asked(Line):
    """A line with one meter, which knows when that was asked last."""

    def __init__(self, meter):
        super().__init__([meter])
        self.last = None

    def feed(self, received):
        self.last = time.monotonic()
        return super().feed(received)

    def was_read(self):
        """Return whether it has been asked, and nobody asks any more: what was read is journalled."""
        return self.last is not None and time.monotonic() > self.last + 1.0


def registers(folder):
    """The registers that a building's journal holds."""
    with closing(sqlite3.connect(folder / "journal.sqlite3")) as journal:
        entries = [decode_entry(body) for (body,) in journal.execute("SELECT body FROM entry ORDER BY id")]
    return [entry.register for entry in entries if isinstance(entry, Reading)]


def stopping_when(condition):
    """Tell this process to stop, as a service manager does, when a condition holds."""

    def watch():
        deadline = time.monotonic() + 60
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.fixture
def signals():
    kept = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    yield
    for each, handler in kept.items():
        signal.signal(each, handler)


def test_two_buildings_are_read_by_one_process_and_a_third_that_is_wrong_stops_neither(tmp_path, signals, caplog):
    port = free_port()
    gateways = tmp_path / "gateways"
    gateways.mkdir()
    north = building(gateways, "north", "000000000111", port)
    south = building(gateways, "south", "000000000222", port)
    shutil.copy(north / "edge.toml", building(gateways, "west", "000000000333", port) / "edge.toml.old")
    (gateways / "west" / "edge.toml").write_text("gateway = 7\n")
    address = ("127.0.0.1", port)
    meters = [Asked(Dlt645Responder(played(tmp_path, serial))) for serial in ("000000000111", "000000000222")]
    names = (b"north", b"south")
    lines = [Calling(meter, address, b"prewatt %s\n" % name) for meter, name in zip(meters, names, strict=True)]
    watcher = stopping_when(lambda: all(meter.was_read() for meter in meters))
    assert hosting.host(gateways) == 0
    watcher.join()
    for line in lines:
        line.close()
    assert registers(north)[0] == registers(south)[0] == 2_000
    assert "west" in caplog.text and "the others do" in caplog.text


def test_when_none_can_run_the_process_ends_with_what_is_wrong(tmp_path, signals, capsys):
    assert hosting.host(tmp_path) == 2
    assert "it contains no folder of a gateway" in capsys.readouterr().err
    building(tmp_path, "north", "000000000111", free_port(), key=str(tmp_path / "none.key"))
    (tmp_path / "north" / "edge.toml").write_text(
        (tmp_path / "north" / "edge.toml").read_text().replace("call://north", "call://")
    )
    assert hosting.host(tmp_path) == 2


def test_a_copy_of_a_folder_does_not_act_in_its_gateways_name(tmp_path, caplog):
    building(tmp_path, "north", "000000000111", 9100)
    building(tmp_path, "south", "000000000222", 9100)
    shutil.copytree(tmp_path / "south", tmp_path / "south.before")
    assert [path.parent.name for path in hosting._settings_in(tmp_path)] == ["north"]
    assert "are both gateway south: neither runs" in caplog.text


def test_a_process_has_an_end_of_gateways(tmp_path, monkeypatch):
    monkeypatch.setattr(hosting, "MOST", 1)
    building(tmp_path, "north", "000000000111", 9100)
    building(tmp_path, "south", "000000000222", 9100)
    with pytest.raises(ValueError, match="2 gateways are too many for one process: put at most 1 in a folder"):
        hosting._settings_in(tmp_path)


def test_a_gateway_whose_journal_can_not_be_written_is_started_again_and_one_with_a_fault_too(tmp_path, monkeypatch):
    monkeypatch.setattr(hosting, "AGAIN_AFTER", 0.01)
    ends = [1, RuntimeError("a bug"), 2]

    def serve(_path, _started, can_restart):
        assert can_restart
        end = ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    monkeypatch.setattr(hosting, "serve", serve)
    ended = threading.Event()
    gateway = hosting.Hosted(tmp_path / "north" / "edge.toml", ended.set)
    gateway.start()
    assert ended.wait(30)
    gateway.join()
    assert ends == [] and gateway.status == 2


def test_a_converter_belongs_to_one_gateway_which_takes_it_over_from_itself():
    listening, address = Listening(), ("127.0.0.1", free_port())
    ports = [CalledPort("tower", TEXT_LINE) for _ in range(3)]
    calls = listening.take("north", address, {"tower": ports[0]})
    with pytest.raises(ValueError, match="port: the converter tower belongs to the gateway of north already"):
        listening.take("south", address, {"tower": ports[1]})
    assert listening.take("south", address, {"attic": ports[1]}) is calls
    assert listening.take("north", address, {"tower": ports[2]}) is calls
    with socket.create_connection(address) as caller:
        caller.sendall(b"prewatt tower\nhello")
        deadline = time.monotonic() + 60
        while not ports[2].is_connected and time.monotonic() < deadline:
            time.sleep(0.01)
        assert ports[2].read(30) == b"hello" and not ports[0].is_connected
    calls.close()


def test_gateways_that_share_an_address_share_its_certificate(tmp_path):
    listening, address = Listening(), ("127.0.0.1", free_port())
    calls = listening.take("north", address, {"tower": CalledPort("tower", TEXT_LINE)})
    with pytest.raises(ValueError, match=r"certificate: .*own.pem is not that of the other gateways"):
        listening.take("south", address, {"attic": CalledPort("attic", TEXT_LINE)}, tmp_path / "own.pem")
    calls.close()


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_gateway_whose_settings_change_starts_anew_and_one_that_is_added_or_mended_is_started(tmp_path, caplog):
    """No manual restart: what is written into a folder holds by itself, and what can't run changes nothing."""
    port = free_port()
    gateways, lines = tmp_path / "gateways", []
    gateways.mkdir()
    path = building(gateways, "north", "000000000111", port, page=f"127.0.0.1:{free_port()}") / "edge.toml"
    (gateways / "south").mkdir()
    (gateways / "south" / "edge.toml").write_text("gateway = 7\n")

    def read(name, serial):
        meter = Asked(Dlt645Responder(played(tmp_path, serial)))
        lines.append(Calling(meter, ("127.0.0.1", port), b"prewatt %s\n" % name))
        until(lambda: meter.last)

    every = hosting.Hosting(gateways)
    every.start()
    try:
        read(b"north", "000000000111")
        good = path.read_text()
        path.write_text(good.replace("dlt645-2007", "no-such-model"))
        every.look()
        assert "no-such-model" in caplog.text and "It goes on as it was" in caplog.text
        path.write_text(good.replace("000000000111", "000000000999").replace("call://north", "call://tower"))
        every.look()
        read(b"tower", "000000000999")
        assert "can't be opened" not in caplog.text
        # Another building is added, and one whose settings were wrong is mended.
        building(gateways, "east", "000000000222", port)
        shutil.rmtree(gateways / "south")
        building(gateways, "south", "000000000333", port)
        every.look()
        assert [each.name for each in every.gateways] == ["north", "east", "south"]
        read(b"east", "000000000222")
        read(b"south", "000000000333")
        # A copy of a folder, added later, does not end the gateway that runs.
        (gateways / "east.before").mkdir()
        shutil.copy(gateways / "east" / "edge.toml", gateways / "east.before" / "edge.toml")
        every.look()
        assert "is gateway east, as" in caplog.text and "Move the copy away" in caplog.text
        assert len(every.gateways) == 3 and all(each.runs for each in every.gateways)
    finally:
        every.stop()
        for line in lines:
            line.close()


def test_settings_that_are_being_written_again_while_they_are_looked_at_do_not_end_the_others(tmp_path, monkeypatch):
    """An editor empties a file before it writes it: what was checked is what counts."""
    north = building(tmp_path, "north", "000000000111", 9100) / "edge.toml"
    every = hosting.Hosting(tmp_path)
    started = []
    monkeypatch.setattr(hosting.Hosted, "start", lambda hosted: started.append((hosted.name, hosted.gateway)))
    load = hosting.load_settings

    def load_while_it_is_written(path):
        settings = load(path)
        path.write_text("")
        return settings

    north.write_text(north.read_text() + "\n")
    monkeypatch.setattr(hosting, "load_settings", load_while_it_is_written)
    every.look()
    assert started == [("north", "north")]
