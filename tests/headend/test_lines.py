"""A gateway reports its lines that are in trouble as a whole, and the head-end keeps since when."""

import msgspec
import pytest
from msgspec import UNSET

from prewatt.edge.effects import SendStatus
from prewatt.headend.lines import lines_after
from prewatt.kernel.units import MINUTE
from prewatt.server.metering.models import Gateway
from prewatt.wire.messages import LineStatus, Status
from tests.edge.home import Home
from tests.gateway import Edge, take

CELLAR = LineStatus("cellar", "/dev/ttyUSB0", "silent", ("m1", "m2"))
ATTIC = LineStatus("attic", "/dev/ttyUSB1", "gone", ("m2",), "there is no adapter /dev/ttyUSB1")


def test_a_line_keeps_since_when_whatever_else_is_said_of_it():
    first = lines_after([], Status("g1", 1, 1, 0, lines=(CELLAR,)), 10)
    assert first == [
        {"name": "cellar", "port": "/dev/ttyUSB0", "trouble": "silent", "meters": ["m1", "m2"], "why": "", "since": 10}
    ]
    gone = msgspec.structs.replace(CELLAR, trouble="gone", why="it is not plugged in")
    second = lines_after(first, Status("g1", 1, 2, 0, lines=(gone, ATTIC)), 20)
    assert [(line["name"], line["trouble"], line["since"]) for line in second] == [
        ("cellar", "gone", 10),
        ("attic", "gone", 20),
    ]
    assert lines_after(second, Status("g1", 1, 3, 0), 30) == []


def test_a_status_of_a_building_without_trouble_has_the_same_bytes_as_ever():
    assert b"lines" not in msgspec.msgpack.encode(Status("g1", 1, 1, 0))


def test_a_change_is_reported_at_once_and_each_status_tells_it_until_it_is_over():
    home = Home()
    home.connect()
    home.do(home.agent.on_connected(home.moment))

    def told(lines):
        effects = home.agent.see_lines(home.moment, lines)
        return [effect.status.lines for effect in effects if isinstance(effect, SendStatus)]

    home.agent.outbox.messages(home.moment)
    assert told((CELLAR,)) == [(CELLAR,)]
    assert told((CELLAR,)) == []
    assert home.agent.outbox._status(home.moment).status.lines == (CELLAR,)
    assert told(()) == [UNSET]


@pytest.mark.database
def test_the_store_keeps_what_a_gateway_says_and_refuses_meters_of_others(building, store, clock):
    edge = Edge(building.code, clock)

    def status(*lines, meters=()):
        edge.number += 1
        return edge.send(Status("g1", 1, edge.number, clock.at, lines=tuple(lines) or UNSET, meters=meters))

    take(store, status(CELLAR))
    began = clock.at
    clock.at += MINUTE
    take(store, status(CELLAR), status(CELLAR, ATTIC))
    lines = Gateway.objects.get().lines
    assert [(line["name"], line["since"]) for line in lines] == [("cellar", began), ("attic", clock.at)]
    result = take(store, status(msgspec.structs.replace(ATTIC, meters=("another's",))))
    assert [refusal.reason for refusal in result.refusals] == ["foreign"]
    assert Gateway.objects.get().lines == lines
    assert take(store, status(CELLAR, ATTIC)).lines == {}, "nothing is written that has not changed"
    take(store, status())
    assert Gateway.objects.get().lines == []
