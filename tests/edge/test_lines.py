"""How the lines of meters do is said on the gateway's page."""

from contextlib import suppress
from dataclasses import replace

import pytest

from prewatt.edge.buses.bus import Count
from prewatt.edge.buses.health import BROKEN_FAILS, Trouble
from prewatt.edge.buses.joined import JoinedMeter
from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.buses.ports import PortFailed
from prewatt.edge.drivers.interface import Unreachable
from prewatt.edge.lines import LineView, asked, lines, lines_in_trouble, troubles
from prewatt.edge.lines_view import lines as line_page
from prewatt.edge.page_views import home
from prewatt.edge.site import View
from prewatt.kernel.dark_facts import Facts
from prewatt.kernel.why_dark import why_dark
from prewatt.wire.messages import LineStatus
from tests.edge.buses.lines import asks, bus_on


class Asking:
    def read_register(self):
        return asks("a")


def test_a_line_whose_answers_come_broken_is_named_once_and_a_meter_that_was_silent_is_counted():
    bus, port = bus_on(*[[(0.1, b"a=")] for _ in range(BROKEN_FAILS)])
    meters = [MeterOnBus(f"m{number}", bus, Asking()) for number in range(BROKEN_FAILS)]
    assert troubles(meters) == []
    for meter in meters:
        try:
            meter.read_register()
        except Unreachable:
            continue
        raise AssertionError("it answered")
    (said,) = troubles(meters)
    assert "virtual: the answers of meters arrive damaged" in said
    port.answers = [[(0.1, b"a=1;")]]
    meters[0].read_register()
    assert troubles(meters) == []
    assert (asked(meters[0]), asked(meters[1])) == (Count(2, 1), Count(1, 1))
    assert asked(JoinedMeter("m", meters[:2])) == Count(3, 2)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([[]], "1 of 1 questions had no answer: nothing came."),
        ([[(0.1, b"a=")]], "1 of 1 answers arrived damaged: bytes were lost or changed."),
        ([[(0.8, b"a=1;")]], "1 of 1 answers came too late."),
        ([[(0.1, b"a=1;"), (0.12, b"xyz")], [(0.3, b"a=1;")]], "With 1 of 2 answers came bytes"),
        ([[(0.1, b"a="), (0.2, b"1;")]], "1 of 1 answers came in pieces."),
        ([[(0.1, b"?a;a=1;")]], "The adapter sends each question back like an echo. These echoes are ignored."),
        ([[(0.1, b"a=1;")]] * 1200, "All 1,200 questions had an answer."),
    ],
)
def test_what_happens_to_answers_on_a_line_is_said(answers, says):
    bus, _port = bus_on(*answers)
    meter = MeterOnBus("m1", bus, Asking())
    for _ in answers:
        with suppress(Unreachable):
            meter.read_register()
    (view,) = lines([meter, meter])
    assert (view.name, view.port) == ("virtual", "virtual")
    assert [each for each in view.said if each.startswith(says)], view.said


def test_a_clean_line_has_nothing_else_to_say():
    bus, _port = bus_on([(0.1, b"a=1;")])
    meter = MeterOnBus("m1", bus, Asking())
    meter.read_register()
    assert lines([meter])[0].said == ("All 1 questions had an answer.",)
    assert lines([object()]) == []


def test_a_line_of_silent_meters_is_in_trouble_with_all_its_meters_and_one_answer_ends_that():
    bus, port = bus_on()
    meters = {name: MeterOnBus(name, bus, Asking()) for name in ("m2", "m1")}
    joined = {"m3": JoinedMeter("m3", [MeterOnBus("p1", bus, Asking()), meters["m1"]])}
    for _ in range(3):
        for meter in meters.values():
            with suppress(Unreachable):
                meter.read_register()
            port.now += 60
    assert lines_in_trouble(meters | joined) == (LineStatus("virtual", "virtual", "silent", ("m1", "m2", "m3")),)
    (said,) = troubles(meters.values())
    assert said.startswith("virtual: no meter on this line answers.")
    port.answers = [[(0.1, b"a=1;")]]
    meters["m1"].read_register()
    assert lines_in_trouble(meters) == ()


def test_a_port_that_is_gone_is_named_with_what_it_said():
    bus, port = bus_on()
    meters = {"m1": MeterOnBus("m1", bus, Asking())}
    port.write = gone
    for _ in range(3):
        with suppress(Unreachable):
            meters["m1"].read_register()
        port.now += 60
    (trouble,) = lines_in_trouble(meters)
    assert (trouble.trouble, trouble.why) == (Trouble.GONE, "there is no adapter /dev/ttyUSB0")
    assert "can't be used: there is no adapter /dev/ttyUSB0." in troubles(meters.values())[0]


def gone(_data):
    raise PortFailed("there is no adapter /dev/ttyUSB0")


def test_the_page_of_the_lines_shows_each_with_its_sentences():
    page = line_page(
        [LineView("cellar", "/dev/ttyUSB0", ("3 of 100 answers came broken.",)), LineView("tcp:1", "tcp:1", ())]
    )
    assert "<h2>cellar</h2>" in page and "<li>3 of 100 answers came broken.</li>" in page
    assert page.count("tcp:1") == 1


def test_a_meter_without_a_bus_was_not_asked_on_any():
    assert asked(object()) == Count(0, 0) and troubles([object()]) == []


def test_the_page_of_a_flat_says_how_often_its_meter_did_not_answer():
    view = View(
        "m1",
        "Flat 1",
        "EUR",
        "Europe/Berlin",
        0,
        0,
        True,
        why_dark(Facts(at=0, closed=True)),
        False,
        0,
        None,
        0,
        1,
        0,
        False,
        True,
        (),
        asked=2_400,
        unanswered=3,
    )
    assert "did not answer 3 of 2,400 questions since the gateway was started" in home(view, "token")
    assert "did not answer" not in home(replace(view, unanswered=0), "token")
