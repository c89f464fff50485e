"""A message that is signed and well formed, and holds a value that no column can hold: whom it holds up."""

import logging

import pytest

from prewatt.headend.dispatch import Dispatch, DispatchPolicy
from prewatt.headend.shell import Worker
from prewatt.kernel.account import Account
from prewatt.server.core.config import load_config
from prewatt.server.metering.models import Meter, Refusal
from prewatt.wire.messages import LineStatus, Live, LiveMeter, MeterState, Status, Upload
from tests.gateway import Edge

pytestmark = pytest.mark.database


@pytest.fixture
def edge(transactional_db, building, clock):
    return Edge(building.code, clock)


@pytest.fixture
def worker(edge, tmp_path):
    return Worker(load_config({"PREWATT_HOME": str(tmp_path)}), DispatchPolicy())


def numbered(edge):
    edge.number += 1
    return edge.number


def beyond(edge):
    """A meter's state of which the last command has a number of 64 bits."""
    account = Account()
    account.seq, account.command = 9, 2**64 - 1
    state = MeterState("m1", 9, bytes(32), account.dump())
    return edge.send(Upload("g1", 1, numbered(edge), (), (), b"s", (state,)))


UNSTORABLE = {
    "a line's port": lambda edge: edge.send(
        Status("g1", 1, numbered(edge), 0, lines=(LineStatus("line", "\0", "gone", ("m1",)),))
    ),
    "a switch": lambda edge: edge.status("m1", switch="\0"),
    "a quantity": lambda edge: edge.status("m1", quantities={"\0": 1}),
    "a cause": lambda edge: edge.send(Live("g1", 1, numbered(edge), b"s", (LiveMeter("m1", 0, cause="\0"),))),
    "a state": beyond,
}


@pytest.mark.parametrize("name", UNSTORABLE)
def test_a_message_that_the_database_cannot_hold_does_not_hold_up_the_others(worker, edge, name):
    edge.read("m2", 500)
    unstorable = UNSTORABLE[name](edge)
    worker._ingest([unstorable, edge.upload("m2")], Dispatch(0.0, DispatchPolicy(), []))
    assert Meter.objects.get(name="m2").seq == 1


def test_it_is_counted_each_time_and_logged_once(worker, edge, caplog):
    for _again in range(3):
        worker._ingest([beyond(edge)], Dispatch(0.0, DispatchPolicy(), []))
    worker._beat()
    assert Refusal.objects.get(gateway="g1", reason="malformed").count == 3
    assert len([each for each in caplog.records if each.levelno >= logging.ERROR]) == 1
