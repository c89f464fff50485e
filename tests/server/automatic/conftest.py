"""A flat whose credit gets low."""

import pytest

from prewatt.kernel.units import HOUR
from tests.gateway import Edge, at
from tests.server.api.conftest import anna, mini

__all__ = ["anna", "edge", "mini"]


@pytest.fixture
def edge(building, clock, store, tenancy):
    """Ten days in which Anna used 2.40 a day, of the 26.40 that she had paid."""
    from prewatt.server.sales.top_ups import top_up

    top_up(tenancy, 26_400_000_000, "before", None, "cash")
    clock.at = at(2025, 10, 7)
    edge = Edge(building.code, clock)
    edge.read("m1", 500)
    edge.obey("m1")
    edge.accounts = {"m1": edge.accounts["m1"]}
    edge.live(store, at(2025, 10, 17), {"m1": 500}, HOUR)
    return edge
