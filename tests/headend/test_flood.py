"""A flood at the head-end's loop: what it costs the database, and who waits."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prewatt.headend import inbox
from prewatt.headend.dispatch import Dispatch, DispatchPolicy
from prewatt.headend.shell import BATCH, Worker
from prewatt.headend.turns import BURST, FLOOD
from prewatt.kernel.units import NANO
from prewatt.processes.serve import _enrolled
from prewatt.server.core.config import load_config
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Alarm, Gateway, Meter, Refusal
from prewatt.server.sales.top_ups import top_up
from prewatt.wire import topics
from prewatt.wire.link import Received
from tests.gateway import Edge

pytestmark = pytest.mark.database


@pytest.fixture
def worker(building, tmp_path, monkeypatch):
    # Nobody's share grows while a slow machine fills the queue.
    monkeypatch.setattr(inbox, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    return Worker(load_config({"PREWATT_HOME": str(tmp_path)}), DispatchPolicy())


def test_a_batch_of_noise_writes_nothing_and_is_counted_by_the_next_sign_of_life(worker, building, clock):
    Edge(building.code, clock)
    noise = [(topics.up("g1"), b"noise")] * BATCH
    dispatch = Dispatch(0.0, DispatchPolicy(), [])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        worker._ingest(noise, dispatch)
        worker._ingest(noise, dispatch)
    assert len(queries) == 4
    assert {each["sql"].split()[0] for each in queries} == {"SELECT"}
    with CaptureQueriesContext(connection) as queries:
        worker._beat()
    assert len([each for each in queries if "refusal" in each["sql"]]) <= 4
    assert list(Refusal.objects.values_list("gateway", "reason", "count")) == [("g1", "malformed", 2 * BATCH)]
    worker._beat()
    assert Refusal.objects.get().count == 2 * BATCH


def test_what_is_good_in_a_flood_is_stored_with_what_was_refused_before(worker, building, clock):
    edge, dispatch = Edge(building.code, clock), Dispatch(0.0, DispatchPolicy(), [])
    top_up(Tenancy.objects.get(unit__meter__name="m1"), 20 * NANO, "first")
    edge.read("m1", 1000)
    edge.obey("m1")
    noise = [(topics.up("g1"), b"noise")] * 5
    worker._ingest(noise, dispatch)
    worker._ingest([*noise, edge.upload("m1"), *noise], dispatch)
    assert Meter.objects.get(name="m1").balance == 20 * NANO
    assert Refusal.objects.get().count == 15


def test_a_gateway_that_floods_is_kept_off_by_the_own_broker_and_people_are_told_once(worker, building, clock):
    Edge(building.code, clock)
    dispatch = Dispatch(0.0, DispatchPolicy(), [])
    assert "g1" in _enrolled()
    for _round in range(2):
        for _number in range(int(BURST) + 10 * FLOOD):
            worker._inbox.put(Received(topics.up("g1"), b"noise"))
        worker._ingest(worker._receive(0), dispatch)
    assert "g1" not in _enrolled()
    assert Alarm.objects.get(kind="flood", gateway__name="g1", is_resolved=False).text.startswith(
        "gateway g1 sends far"
    )
    Gateway.objects.update(kept_off_until=timezone.now())
    assert "g1" in _enrolled()


def test_a_gateway_that_is_a_little_above_its_share_stays(worker, building, clock):
    Edge(building.code, clock)
    for _number in range(int(BURST) + FLOOD // 2):
        worker._inbox.put(Received(topics.up("g1"), b"noise"))
    worker._ingest(worker._receive(0), Dispatch(0.0, DispatchPolicy(), []))
    worker._beat()
    assert "g1" in _enrolled()
    assert Refusal.objects.filter(gateway="g1", reason="too-many").exists()
