"""What is answered while others hold the database."""

import sqlite3
from contextlib import closing

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from prewatt.kernel.units import NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.vending.models import TopUp
from tests.building import PASSWORD, set_up


@pytest.fixture
def held(transactional_db, clock):
    """The database, with another who writes and does not end."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the database")
    set_up(clock)
    client = Client(raise_request_exception=False)
    assert client.login(username="manager", password=PASSWORD)
    with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)) as other:
        yield client, other


def test_a_locked_database_is_503_in_words_and_nothing_is_changed(held, django_user_model):
    from prewatt.server.estate.models import Tenancy

    client, other = held
    tenancy = Tenancy.objects.get(tenant="Anna")
    token = make_key(django_user_model.objects.get(username="manager"), "program")
    program = Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)
    given = {"amount": "20", "credit_id": "c1"}
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    other.execute("BEGIN IMMEDIATE")
    page = client.post(f"/units/{tenancy.unit_id}/top-up/", given)
    told = program.post(f"/api/v1/tenancies/{tenancy.pk}/top-ups", given, content_type="application/json")
    other.execute("ROLLBACK")
    assert page.status_code == told.status_code == 503
    assert page["Retry-After"] == told["Retry-After"] == "5"
    assert "try again" in page.content.decode() and "try again" in told.json()["detail"]
    assert not TopUp.objects.exists()
    assert program.post(
        f"/api/v1/tenancies/{tenancy.pk}/top-ups", given, content_type="application/json"
    ).status_code in (200, 201)
    assert TopUp.objects.get().amount == 20 * NANO
