"""How the lines of meters do is said on the gateway's page."""

from dataclasses import replace

from prewatt.edge.buses.bus import TROUBLE, Count
from prewatt.edge.buses.joined import JoinedMeter
from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.drivers.interface import Unreachable
from prewatt.edge.lines import asked, troubles
from prewatt.edge.page_views import home
from prewatt.edge.site import View
from tests.edge.buses.lines import asks, bus_on


class Asking:
    def read_register(self):
        return asks("a")


def test_a_line_whose_answers_come_broken_is_named_once_and_a_meter_that_was_silent_is_counted():
    bus, port = bus_on(*[[(0.1, b"a=")] for _ in range(TROUBLE)])
    meters = [MeterOnBus(f"m{number}", bus, Asking()) for number in range(TROUBLE)]
    assert troubles(meters) == []
    for meter in meters:
        try:
            meter.read_register()
        except Unreachable:
            continue
        raise AssertionError("it answered")
    (said,) = troubles(meters)
    assert "virtual: the answers of meters come broken" in said
    port.answers = [[(0.1, b"a=1;")]]
    meters[0].read_register()
    assert troubles(meters) == []
    assert (asked(meters[0]), asked(meters[1])) == (Count(2, 1), Count(1, 1))
    assert asked(JoinedMeter("m", meters[:2])) == Count(3, 2)


def test_a_meter_without_a_bus_was_not_asked_on_any():
    assert asked(object()) == Count(0, 0) and troubles([object()]) == []


def test_the_page_of_a_flat_says_how_often_its_meter_did_not_answer():
    view = View(
        "m1", "Flat 1", "EUR", "Europe/Berlin", 0, 0, True, "", False, 0, None, 0, 1, 0, False, 0, True, (),
        asked=2_400, unanswered=3,
    )  # fmt: skip
    assert "did not answer 3 of 2,400 questions since the gateway was started" in home(view, "token")
    assert "did not answer" not in home(replace(view, unanswered=0), "token")
