"""Lists that are shown a page at a time, in the order in which people count."""

import pytest
from django.test import RequestFactory

from prewatt.server.estate.models import Property, Unit
from prewatt.server.web.paging import page_by_name

pytestmark = pytest.mark.database


def test_flats_of_several_buildings_stand_in_the_order_in_which_people_count(building):
    for house in ("House 10", "House 9"):
        of = Property.objects.create(
            organisation=building.property.organisation, name=house, zone="Europe/Berlin", currency="EUR"
        )
        Unit.objects.bulk_create(Unit(property=of, name=name) for name in ("Flat 10", "Flat 2"))
    rows = Unit.objects.filter(property__name__startswith="House")
    page = page_by_name(RequestFactory().get("/"), rows, "property__name", "name")
    assert [(each.property.name, each.name) for each in page] == [
        ("House 9", "Flat 2"),
        ("House 9", "Flat 10"),
        ("House 10", "Flat 2"),
        ("House 10", "Flat 10"),
    ]
