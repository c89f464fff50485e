"""A flood at the head-end's loop: what it costs the database, and who waits."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prewatt.headend.dispatch import Dispatch, DispatchPolicy
from prewatt.headend.shell import BATCH, Worker
from prewatt.kernel.units import NANO
from prewatt.server.core.config import load_config
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Meter, Refusal
from prewatt.server.sales.top_ups import top_up
from prewatt.wire import topics
from tests.gateway import Edge

pytestmark = pytest.mark.database


@pytest.fixture
def worker(building, tmp_path):
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
