"""A call that a program has named is done once, though what it makes has no id of the program's own."""

import json

import pytest
from django.contrib.auth import get_user_model

from prewatt.server.accounts.invitations import Invitation
from prewatt.server.accounts.keys import make_key
from prewatt.server.payments.models import GiftLink
from prewatt.server.tariffs.models import Tariff, TariffVersion
from prewatt.server.vending.models import Code, Command, TokenMeter
from tests.server.keypads import keypad_flat

pytestmark = pytest.mark.django_db


def test_an_order_with_a_name_is_given_once_and_another_under_its_name_is_a_conflict(program):
    given, before = {"do": "release", "reason": "back", "asked": "o1"}, Command.objects.count()
    first, again = (program("post", "meters/m1/orders", given) for _time in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    other = program("post", "meters/m1/orders", {**given, "do": "hold"})
    message = "Something else was asked for under the name o1. Use a new name."
    assert (other.status_code, other.json()["errors"]) == (409, [{"field": "asked", "message": message}])
    assert Command.objects.count() == before + 1
    # At another meter it is another order, and without a name each call is one.
    assert program("post", "meters/m2/orders", given).status_code == 201
    for _time in range(2):
        assert program("post", "meters/m1/orders", {**given, "asked": ""}).status_code == 201
    assert Command.objects.count() == before + 4
    assert program("post", "meters/m1/orders", {**given, "asked": "~o"}).status_code == 400


def test_a_call_that_was_refused_is_tried_again_under_its_name(program):
    given = {"do": "restore", "reason": "x", "until": "2025-01-01T00:00:00Z", "asked": "o1"}
    assert program("post", "meters/m1/orders", given).status_code == 400
    assert program("post", "meters/m1/orders", {**given, "until": "2025-10-07T00:00:00Z"}).status_code == 201


def test_a_code_with_a_name_is_sold_once(program, building):
    keypad_flat(building.property)
    # One that stands in no flat.
    TokenMeter.objects.update(unit=None)
    (meter,) = program("get", "keypad-meters").json()
    path, before = f"keypad-meters/{meter['id']}/codes", Code.objects.count()
    first, again = (program("post", path, {"kwh": "1", "asked": "k1"}) for _time in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    assert Code.objects.count() == before + 1


def test_a_tenants_invitation_and_link_with_a_name_are_made_once(client, tenancy):
    headers = {"Authorization": f"Bearer {make_key(get_user_model().objects.get(username='flat1'), 'mine')}"}

    def post(path, given):
        body = json.dumps(given)
        return client.post(f"/api/v1/me/tenancies/{tenancy.pk}/{path}", body, "application/json", headers=headers)

    for path, given in (("residents/invitations?asked=i1", {}), ("gift-links", {"note": "Mama", "asked": "g1"})):
        first, again = (post(path, given) for _time in range(2))
        assert (first.status_code, first.json()) == (201, again.json())
    assert [each.objects.count() for each in (Invitation, GiftLink)] == [1, 1]
    assert post("residents/invitations?asked=i2", {}).json()["code"] != post("residents/invitations", {}).json()["code"]


def test_the_same_tariff_is_scheduled_once_until_another_takes_its_place(program, building, clock):
    path = f"properties/{building.property.pk}/tariffs"
    document = Tariff.objects.get().document
    versions, commands = TariffVersion.objects.count(), Command.objects.count()
    # It is in force already.
    assert program("post", path, {"tariff": document}).status_code == 201
    assert (TariffVersion.objects.count(), Command.objects.count()) == (versions, commands)
    later = {"effective": "2025-11-01T00:00:00Z"}
    night = {**document, "name": "night"}
    for tariff, made in ((document, 1), (document, 1), (night, 2), (night, 2), (document, 3)):
        answer = program("post", path, {**later, "tariff": tariff})
        assert (answer.status_code, answer.json()["tariff"]) == (201, tariff["name"])
        assert TariffVersion.objects.count() == versions + made
    assert Command.objects.count() == commands + 3 * 3
