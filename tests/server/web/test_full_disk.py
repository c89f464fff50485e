"""The server's disk is full: who pays is told honestly, and nothing is half done. SQLite itself refuses, as on a full disk."""

import uuid

import pytest
from django.db import connection
from django.test import Client

from prewatt.kernel.units import NANO
from prewatt.server.estate.models import Unit
from prewatt.server.ledger.books import balance, tenant_account
from tests.building import PASSWORD

pytestmark = pytest.mark.database
MOST = 300
"""Payments until the pages that the file has are full."""


@pytest.fixture
def full(building):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite can be told how much room there is")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count={pages}")
        yield
        cursor.execute(f"PRAGMA max_page_count={2**30}")


def test_who_pays_is_told_that_nothing_was_done(full, tenancy):
    manager = Client(raise_request_exception=False)
    assert manager.login(username="manager", password=PASSWORD)
    path = f"/units/{Unit.objects.get(name='Flat 1').pk}/top-up/"
    answers = [manager.post(path, {"amount": "1", "credit_id": uuid.uuid4().hex})]
    while answers[-1].status_code == 302 and len(answers) < MOST:
        answers.append(manager.post(path, {"amount": "1", "credit_id": uuid.uuid4().hex}))
    *booked, answer = answers
    said = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "its disk may be full" in said and "nothing was changed" in said and "Server Error" not in said
    assert balance(tenant_account(tenancy)) == len(booked) * NANO, "and that is so"
