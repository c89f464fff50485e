"""A converter that nobody knows calls a gateway: the installer sees what it said, takes it on, and finds its meters."""

import socket
import time

import pytest

from prewatt.edge.buses import calls
from prewatt.edge.commissioning import views
from prewatt.edge.commissioning.gateway import in_agent
from prewatt.edge.commissioning.survey import Flat, SurveyError, load_survey, save_survey
from prewatt.edge.devices import open_drivers
from prewatt.edge.driver_settings import read_section
from prewatt.edge.settings import load_settings, write_settings
from prewatt.sim.meters.calling import Calling
from prewatt.sim.meters.dlt645 import Dlt645Responder
from prewatt.sim.meters.line import Line
from tests.edge.commissioning.house import DLT, now, played
from tests.edge.test_hosting import until
from tests.edge.test_shell import made_settings
from tests.ports import free_port


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A gateway that takes calls, and knows no converter and no meter."""
    monkeypatch.setattr(calls, "REGISTER_WITHIN", 0.2)
    section = read_section("bus", {"buses": {}, "meters": {}, "listen": f"127.0.0.1:{free_port()}"}, tmp_path)
    write_settings(tmp_path / "edge.toml", made_settings(tmp_path, meters=(), drivers={"bus": section}))
    survey = load_survey(tmp_path)
    survey.flats = (Flat("Flat 1", DLT, DLT),)
    save_survey(tmp_path, survey)
    return tmp_path


def started(folder, restarts):
    """Setting up beside an agent that has started with the settings of now."""
    settings = load_settings(folder / "edge.toml")
    return in_agent(folder, settings, open_drivers(settings, now), now, lambda: restarts.append(1))


def test_a_converter_that_nobody_knows_is_taken_on_and_its_meter_goes_into_service(folder):
    restarts = []
    setup = started(folder, restarts)
    address = load_settings(folder / "edge.toml").drivers["bus"].listen_address
    with socket.create_connection(address) as stranger:
        stranger.sendall(b"\x00<script>\xff")
        stranger.shutdown(socket.SHUT_WR)
        stranger.recv(1)
    line = Calling(Line([Dlt645Responder(played(folder, DLT), DLT)]), address, b"prewatt north-9\r\n")
    try:
        until(lambda: any(each.fits for each in setup.callers()))
        known = {each.stranger.said: each.fits for each in setup.callers()}
        assert known[b"\x00<script>\xff"] == []
        assert known[b"prewatt north-9\r\n"][0] == ("text-line", "north-9")
        page = str(views.overview(setup.survey, [], setup.callers(), "", "token", enrolled=True))
        assert "prewatt north-9" in page and "Add as text-line" in page and "00 3c 73 63" in page
        with pytest.raises(SurveyError, match="This converter is no longer calling"):
            setup.take_on("text-line", "of-somebody-else")
        setup.take_on("text-line", "north-9")
        assert restarts == [1]
        setup = started(folder, restarts)
        assert [each.path for each in setup.buses()] == ["call://north-9"]
        assert [each.stranger.said for each in setup.callers()] == [b"\x00<script>\xff"]
        found = connected_meter(setup)
        assert (found.address, found.look.register, found.port) == (DLT, 2000, "call://north-9")
        setup.write_by_number()
        section = load_settings(folder / "edge.toml").drivers["bus"]
        assert section.buses["north-9"].port == "call://north-9"
        assert section.meters[DLT]["bus"] == "north-9"
        # In service it is a bus like any other: its meters alone are asked.
        setup = started(folder, restarts)
        assert list(setup.bench.live) == ["call://north-9"]
    finally:
        line.close()


def connected_meter(setup):
    """The meter behind the converter, once that has called again."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return setup.scanner.ask("call://north-9", "2400 8E1", "dlt645-2007", DLT, {})
        except SurveyError as error:
            assert "has not called" in str(error)
            assert time.monotonic() < deadline
