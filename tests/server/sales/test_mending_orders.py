"""An order with money in it that can't be read any more is made again from the books: the same amount under the same name and number,
so that a meter which has it takes none twice.
"""

from datetime import date

import pytest

from prewatt.kernel.entries import decode_command
from prewatt.kernel.units import NANO
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import reverse, run
from prewatt.server.estate.models import Tenancy
from prewatt.server.sales.giving_back import give
from prewatt.server.sales.mending import mend
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Command

pytestmark = pytest.mark.database


def anna():
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")


def payment(building):
    return top_up(anna(), 7 * NANO, "c-1").command


def goodwill(building):
    return give(
        anna(), 5 * NANO, "g-1", building.property.organisation.memberships.get().user, "the lift was out"
    ).command


def share_of_anna(building):
    garden = SharedCost.objects.create(property=building.property, name="Garden")
    made = run(garden, date(2025, 10, 7), date(2025, 10, 7), bill=30 * NANO + 1, memo="new hose")
    return made.shares.get(tenancy__tenant="Anna")


def share(building):
    return share_of_anna(building).command


def share_back(building):
    ordered = share_of_anna(building)
    reverse(ordered.run)
    ordered.refresh_from_db()
    return ordered.reversal


@pytest.mark.parametrize("ordered", [payment, goodwill, share, share_back])
def test_an_order_is_made_again_exactly_as_it_was(lived, building, ordered):
    row = ordered(building)
    before = decode_command(bytes(row.body))
    Command.objects.filter(pk=row.pk).update(body=b"noise")
    row.refresh_from_db()
    assert "exactly as it was" in mend(row)
    row.refresh_from_db()
    assert decode_command(bytes(row.body)) == before
    assert decode_command(bytes(row.body)).number == row.number
