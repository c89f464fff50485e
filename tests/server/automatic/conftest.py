"""A flat whose credit gets low."""

import pytest

from prewatt.kernel.units import HOUR
from prewatt.server.automatic.agreeing import current
from tests.building import PASSWORD
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


@pytest.fixture
def stripe(merchants):
    """The landlord's account at Stripe."""
    return merchants["stripe"]


@pytest.fixture
def agreed(client, edge, tenancy, providers, stripe):
    """Anna's rule, agreed to at Stripe: 20 when under 3 days, at most 50 a month."""
    page = f"/me/tenancies/{tenancy.pk}/automatic/"
    assert client.login(username="flat1", password=PASSWORD)
    link = client.post(f"{page}agree/", {"amount": "20", "under_days": "3", "most_a_month": "50"}).url
    providers.stripe_cards.give_card(link.rpartition("/")[2])
    client.get(f"{page}back/")
    rule = current(tenancy)
    assert (rule.state, rule.label) == ("active", "Visa 4242")
    return rule
