"""Setting up beside a running agent: what its meters hang on is not disturbed. On a serial adapter, behind TCP, of DLMS; meters
are exchanged, moved and swapped.
"""

import pytest

from prewatt.edge.commissioning import rules
from prewatt.edge.commissioning.gateway import alone, in_agent
from prewatt.edge.commissioning.survey import Flat, SurveyError, load_survey, save_survey
from prewatt.edge.devices import open_drivers
from prewatt.edge.driver_settings import read_section
from prewatt.edge.settings import MeterSettings, load_settings, write_settings
from prewatt.sim.meters.dlms import HdlcResponder
from prewatt.sim.meters.dlt645 import Dlt645Responder
from prewatt.sim.meters.line import Line
from tests.edge.commissioning.house import DLT, DLT_TWIN, now, played
from tests.edge.commissioning.silence import CountedPty, CountedTcp
from tests.edge.protocols.dlms_wall import Wall
from tests.edge.test_shell import made_settings

KIND, LINE = "dlt645-2007", "2400 8E1"
THIRD = "202411110004"


class Heard(Line):
    """A line that keeps what was asked on it."""

    def __init__(self, meters):
        super().__init__(meters)
        self.asked = []

    def feed(self, received):
        self.asked.append(received)
        return super().feed(received)

    def addresses(self):
        """The addresses of DL/T 645 that were asked since the last call."""
        asked, self.asked = b"".join(self.asked), []
        frames = asked.replace(b"\xfe", b"").split(b"\x16")
        found = [frame[frame.index(b"\x68") + 1 :][:6][::-1].hex().upper() for frame in frames if b"\x68" in frame]
        return set(found)


@pytest.fixture
def line(tmp_path):
    """A line with three meters of DL/T 645."""
    return Heard([Dlt645Responder(played(tmp_path, serial), serial) for serial in (DLT, DLT_TWIN, THIRD)])


def enrolled(folder, port, meters, **bus):
    """The folder of a gateway with these meters of DL/T 645 in service on a bus; the server lists three flats."""
    section = {
        "buses": {"cellar": {"port": port, "line": LINE, "answer_s": 0.5, "rest_longest_s": 0, **bus}},
        "meters": {each: {"bus": "cellar", "model": KIND, "address": each} for each in meters},
    }
    rows = tuple(MeterSettings(each, "bus", unit=f"Flat {number}") for number, each in enumerate(meters, 1))
    drivers = {"bus": read_section("bus", section, folder)}
    write_settings(folder / "edge.toml", made_settings(folder, meters=rows, drivers=drivers))
    survey = load_survey(folder)
    survey.flats = tuple(Flat(f"Flat {number}", each, each) for number, each in enumerate((DLT, DLT_TWIN, THIRD), 1))
    save_survey(folder, survey)
    return folder


def beside_agent(folder):
    """Setting up beside an agent that runs with the settings of now, and what it has done since then."""
    settings, restarts = load_settings(folder / "edge.toml"), []
    setup = in_agent(folder, settings, open_drivers(settings, now), now, lambda: restarts.append(1))
    setup.restarts = restarts
    return setup


@pytest.fixture(params=["adapter", "converter"])
def served(request, line):
    """The line behind an adapter, and behind a converter over TCP. The port that it is served at."""
    if request.param == "adapter":
        at = CountedPty(line, 2400)
        yield at.path
    else:
        at = CountedTcp(line)
        yield "tcp://{}:{}".format(*at.address)
    at.close()


def test_on_a_bus_in_service_its_own_meters_alone_are_asked_and_another_by_its_address_alone(tmp_path, line, served):
    setup = beside_agent(enrolled(tmp_path, served, [DLT]))
    setup.scanner.scan([served], thorough=True)
    assert line.addresses() == {DLT}
    assert [note.words for note in setup.survey.buses] == ["This bus is in service: only its own meters were asked."]
    for typed in ("A" * 12, "AA" * 6):
        with pytest.raises(SurveyError, match="means all meters at once"):
            setup.scanner.ask(served, "9600 8N1", KIND, typed, {})
    with pytest.raises(SurveyError, match="Nothing answers at address 77"):
        setup.scanner.ask(served, "9600 8N1", KIND, "77", {})
    assert line.addresses() == {"000000000077"}
    # Its own line holds, whatever is typed: the adapter would not answer at another.
    assert setup.scanner.ask(served, "9600 8N1", KIND, DLT_TWIN, {}).look.register == 2000
    assert line.addresses() == {DLT_TWIN}
    assert [meter.in_service for meter in setup.survey.meters] == [DLT, ""]


def test_an_adapter_in_service_is_known_by_any_of_its_names(tmp_path, line):
    at = CountedPty(line, 2400)
    link = tmp_path / "by-id"
    link.symlink_to(at.path)
    setup = beside_agent(enrolled(tmp_path, str(link), [DLT]))
    setup.add_bus(at.path)
    assert [each.path for each in setup.buses()] == [str(link)]
    assert setup.port(at.path) == str(link)
    at.close()


def test_a_bus_whose_meters_are_parts_of_one_is_in_service_too(tmp_path, line, served):
    folder = enrolled(tmp_path, served, [])
    one = {"bus": "cellar", "model": KIND}
    meters = {
        "both": {"parts": ["l1", "l2"]},
        "l1": {**one, "address": DLT},
        "l2": {**one, "address": DLT_TWIN},
    }
    buses = {"cellar": {"port": served, "line": LINE, "answer_s": 0.5}}
    section = read_section("bus", {"buses": buses, "meters": meters}, folder)
    rows = (MeterSettings("both", "bus", unit="Flat 1"),)
    write_settings(folder / "edge.toml", made_settings(folder, meters=rows, drivers={"bus": section}))
    setup = beside_agent(folder)
    setup.scanner.scan([served], thorough=True)
    assert line.addresses() == {DLT, DLT_TWIN}
    assert [(meter.in_service, meter.flat) for meter in setup.survey.meters] == [("l1", "Flat 1"), ("l2", "")]


def test_a_meter_in_service_is_compared_in_turn_with_the_agents_questions_to_it(tmp_path, line, served):
    """Two conversations of one meter at the same time would break its held association."""
    setup = beside_agent(enrolled(tmp_path, served, [DLT]))
    setup.scanner.scan([served])
    bus = setup.bench.live[served].bus
    before = bus.figures.by_meter[DLT].questions
    setup.bench.compare(setup.survey.meters[0].id, "2.00")
    assert bus.figures.by_meter[DLT].questions > before and set(bus.figures.by_meter) == {DLT}


def compared(setup, address, flat):
    """Put the meter at an address to a flat, and compare it."""
    meter = next(each for each in setup.survey.meters if each.address == address)
    rules.put(setup.survey, meter.id, flat)
    setup.bench.compare(meter.id, "2.00")
    return meter


def test_a_meter_is_exchanged_moved_and_two_are_swapped_beside_the_agent(tmp_path, line, served):
    folder = enrolled(tmp_path, served, [DLT, DLT_TWIN])
    setup = beside_agent(folder)
    setup.scanner.scan([served])
    first, second = setup.survey.meters

    def written():
        section = load_settings(folder / "edge.toml")
        return {row.name: section.drivers["bus"].meters[row.name]["address"] for row in section.meters}

    assert rules.fresh(setup.survey) == []
    with pytest.raises(SurveyError, match="No new meter is ready"):
        setup.put_into_service()
    # The two were mixed up: each is taken away, and put to the other's flat.
    with pytest.raises(SurveyError, match=r"is assigned to Flat 2\. Choose another flat"):
        rules.put(setup.survey, first.id, "Flat 2")
    for meter in (first, second):
        rules.put(setup.survey, meter.id, "")
    compared(setup, DLT, "Flat 2")
    compared(setup, DLT_TWIN, "Flat 1")
    assert setup.put_into_service() == f"In service: {DLT}, {DLT_TWIN}."
    assert written() == {DLT: DLT_TWIN, DLT_TWIN: DLT}
    assert setup.restarts == [1]
    # A new meter hangs in Flat 1: the old one leaves.
    setup = beside_agent(folder)
    setup.scanner.ask(served, LINE, KIND, THIRD, {})
    old = next(each for each in setup.survey.meters if each.address == DLT_TWIN)
    rules.put(setup.survey, old.id, "")
    compared(setup, THIRD, "Flat 1")
    assert setup.put_into_service() == f"In service: {THIRD}."
    assert written() == {DLT: THIRD, DLT_TWIN: DLT}
    assert [each.in_service for each in setup.survey.meters if each.address == DLT_TWIN] == [""]
    # It moves to a flat that had none.
    setup = beside_agent(folder)
    moved = next(each for each in setup.survey.meters if each.address == DLT_TWIN)
    compared(setup, moved.address, "Flat 3")
    assert setup.put_into_service() == f"In service: {DLT_TWIN}."
    assert written() == {DLT: THIRD, DLT_TWIN: DLT, THIRD: DLT_TWIN}


@pytest.mark.parametrize("behind", ["adapter", "converter"])
def test_a_meter_of_dlms_is_found_and_another_beside_it_by_its_address_alone(tmp_path, behind):
    walls = [Wall("dlms-lls") for _ in range(2)]
    responders = [HdlcResponder(wall.server, address) for wall, address in zip(walls, (16, 17), strict=True)]
    at = CountedPty(Line(responders), 9600) if behind == "adapter" else CountedTcp(Line(responders))
    port = at.path if behind == "adapter" else "tcp://{}:{}".format(*at.address)
    folder = enrolled(tmp_path, port, [])
    (folder / "edge.toml").unlink()
    setup = alone(folder, now)
    password = {"password": walls[0].access.password}
    asked = ("9600 8N1", "dlms")
    found = setup.scanner.ask(port, *asked, "16", password)
    assert found.look is not None and found.look.can_switch
    with pytest.raises(SurveyError, match="Nothing answers at address 99"):
        setup.scanner.ask(port, *asked, "99", password)
    with pytest.raises(SurveyError, match="x is not an address of a meter of this kind"):
        setup.scanner.ask(port, *asked, "x", password)
    assert [meter.address for meter in setup.survey.meters] == ["16"]
    assert setup.scanner.ask(port, *asked, "17", password).look is not None
    at.close()
