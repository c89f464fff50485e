"""A thread keeps its connection to the database from one request to the next, and takes another one if it is broken."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection

from prewatt.server.estate.models import Property

pytestmark = pytest.mark.database


def one_request():
    request_started.send(None)
    Property.objects.count()
    request_finished.send(None)
    return connection.connection


@pytest.fixture
def thread(transactional_db):
    """A thread of the pages: it lets go of its connection at the end."""
    with ThreadPoolExecutor(1) as pool:
        yield pool
        pool.submit(lambda: connection.close()).result()


def test_a_connection_is_kept_for_the_next_request(thread):
    first, second = (thread.submit(one_request).result() for _each in range(2))
    assert first is not None and second is first


def test_a_connection_that_the_database_has_ended_is_replaced_before_somebody_sees_an_error(thread):
    if connection.vendor != "postgresql":
        pytest.skip("a file ends no connection")
    first = thread.submit(one_request).result()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [first.info.backend_pid])
    connection.close()
    second = thread.submit(one_request).result()
    assert second is not first and not second.closed
