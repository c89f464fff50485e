"""The pages' process dies in the middle of a step of the first start, before any of its writes: the beginning goes on where it
stood, and nothing is there twice.
"""

import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from prewatt.server.accounts.audit import AuditEntry
from prewatt.server.accounts.memberships import Membership
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.tariffs.models import Tariff, TariffVersion
from prewatt.server.vending.models import Command, TopUp
from tests.server.commissioning.test_begin_pages import OWNER, carried, said

MODELS = (
    AuditEntry,
    Organisation,
    Membership,
    Property,
    Unit,
    Meter,
    Tenancy,
    Gateway,
    Tariff,
    TariffVersion,
    Command,
    TopUp,
)
# What is kept of log-ins, and what is worked out anew, is no part of a step.
WRITE = re.compile(r'^(?:INSERT INTO|UPDATE|DELETE FROM) "(?!django_session|usersessions|overview_)')


class Killed(BaseException):
    """The process is gone."""


def browser():
    """One on the server's own machine, whose process has just been started again."""
    return Client(headers={"host": "localhost"})


def there():
    return [get_user_model().objects.count(), *(model.objects.count() for model in MODELS)]


def dies_at(number, act):
    """Do something in a process that dies before its write of this number. Returns whether it died."""
    left = [number]

    def write(execute, sql, params, many, context):
        if WRITE.match(sql):
            left[0] -= 1
            if left[0] == 0:
                raise Killed
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(write):
            act()
    except Killed:
        return True
    return False


def killed_everywhere(act):
    """Do a step, which is killed before its first write, then before its second, until it comes to its end. Each time all of it
    is there, or nothing. Returns how often it was killed.
    """
    before = there()
    for number in range(1, 200):
        if not dies_at(number, act):
            assert there() != before
            return number - 1
        assert there() == before, f"half of it is stored when it dies at write {number}"
    raise AssertionError("it does not come to an end")


def test_a_beginning_that_is_killed_between_any_two_writes_goes_on_where_it_stood(transactional_db, clock):
    # Whoever was not let in before the kill claims the server; if the login was stored already, it is there to log in with.
    deaths = 0
    while not get_user_model().objects.exists():
        deaths += 1
        dies_at(deaths, lambda: browser().post("/begin/", OWNER))
    assert deaths > 1 and there()[0] == there()[2] == there()[3] == 1
    client = browser()
    assert client.login(username=OWNER["name"], password=OWNER["password"])
    owner = Organisation.objects.get()
    assert "Next: Building" in said(client.get("/begin/"))
    place = {"name": "Lindenhof", "zone": "Europe/Vienna", "currency": "EUR"}
    assert killed_everywhere(lambda: client.post(f"/properties/add/?organisation={owner.pk}", place)) > 0
    home = Property.objects.get()
    assert "Next: Flats" in said(client.get("/begin/"))
    units = f"/properties/{home.pk}/units/add/"
    list_ = carried(client.post(units, {"typed": "Top 1-3"}))
    assert killed_everywhere(lambda: client.post(units, {"list": list_})) > 3
    # Sent again after it was stored, it is the same.
    after = there()
    client.post(units, {"list": list_})
    assert there() == after and Unit.objects.count() == 3
    assert "Next: Price" in said(client.get("/begin/"))
    assert killed_everywhere(lambda: client.post(f"/properties/{home.pk}/price/", {"price": "0.32"})) > 1
    assert (TariffVersion.objects.count(), Tariff.objects.count()) == (1, 1)
    assert "Next: Gateway" in said(client.get("/begin/"))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_half_of_a_step_would_be_seen(transactional_db, number):
    """A step whose writes were not one transaction is found: the test above can fail."""

    def act():
        for name in ("one", "two", "three"):
            Organisation.objects.create(name=name)

    assert dies_at(number, act)
    assert Organisation.objects.count() == number - 1
