"""Which tests are run, in which order, and the fixtures that many of them start from."""

import copy
import gc

import pytest
from hypothesis import HealthCheck, settings

from tests.building import NOON, PASSWORD, FixedClock, set_up
from tests.turns import take_longer_turns

take_longer_turns()
# Nearly all that collecting makes stays: garbage is looked for when that is over, and then seldom.
gc.set_threshold(100_000, 10, 10)

# How long an example takes is the machine's business, and what else it has to do: no test fails by it.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

FIRST = (
    "system/test_demonstration",
    "system/test_real_building",
    "system/test_kill_paying",
    "system/test_long_outage",
    "system/test_pages",
    "system/test_protocols",
    "system/test_backup",
    "system/test_kills",
    "system/",
    "clients/",
    "edge/machine/",
    "edge/test_hosting",
    "edge/test_bluetooth",
    "edge/test_page",
    "edge/test_serving",
    "processes/",
    "server/core/test_broker_trouble",
    "server/test_nonsense",
    "sim/",
)
"""What is begun first: the longest. What is short fills the gaps, and no long one is the last."""


def pytest_collection_finish() -> None:
    """Take what was loaded and collected, which stays to the end, out of the collector's rounds, which saves time in each test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 5)


def pytest_collection_modifyitems(items):
    """The longest first; on PostgreSQL only what has to do with a database, without one only the rest."""
    from tests.settings import ON_POSTGRESQL, WITHOUT

    if ON_POSTGRESQL or WITHOUT:
        items[:] = [item for item in items if _has_database(item) == ON_POSTGRESQL]
    items.sort(key=_rank)


def pytest_xdist_make_scheduler(config, log):
    """Who does which test."""
    from tests.scheduling import OneByOne

    return OneByOne(config, log)


def _rank(item):
    return next((rank for rank, part in enumerate(FIRST) if f"tests/{part}" in item.path.as_posix()), len(FIRST))


def _has_database(item):
    return "_django_db_helper" in item.fixturenames or item.get_closest_marker("django_db") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Whatever a test is of, what it does locks rows in the one order."""
    if not _has_database(item):
        return (yield)
    from tests import lock_order

    lock_order.start()
    try:
        answer = yield
    finally:
        found = lock_order.stop()
    assert not found, "rows are locked out of order:\n" + "\n".join(found)
    return answer


def pytest_runtest_teardown():
    """A page in another language leaves its thread in it; what follows begins in English."""
    import sys

    if "prewatt.server.settings" in sys.modules:
        from django.utils.translation import deactivate

        deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix():
    """Each worker has a folder or a server of its own: its database has the one name, under which it is put there."""


@pytest.fixture(scope="session")
def django_db_keepdb():
    """The tests' database is there already: on SQLite it is a copy, on PostgreSQL as a server begins; it ends with the process."""
    import os
    from pathlib import Path

    from tests.migrated import make_tables_in, put_database
    from tests.settings import ON_POSTGRESQL

    if ON_POSTGRESQL:
        from tests.settings import NAME, POSTGRESQL

        POSTGRESQL.psql(f"CREATE DATABASE {NAME}")
        make_tables_in(POSTGRESQL.get_uri(NAME))
    else:
        put_database(Path(os.environ["PREWATT_HOME"]) / "test.sqlite3")
    return True


@pytest.fixture
def clock(monkeypatch):
    """The server's clock, at noon of 6 October 2025 in Berlin."""
    from prewatt.server.core import time

    fixed = FixedClock(NOON)
    monkeypatch.setattr(time, "clock", lambda: fixed)
    return fixed


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The tests' database, which is emptied quickly after tests that several threads write in."""
    from django.test import TransactionTestCase

    from tests.emptying import Emptying

    with django_db_blocker.unblock():
        TransactionTestCase._fixture_teardown = Emptying()


@pytest.fixture(scope="session")
def recorded(django_db_setup, django_db_blocker):
    """The building, as rows."""
    from prewatt.server.core import time
    from tests.recorded import Recorded

    fixed = FixedClock(NOON)
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(time, "clock", lambda: fixed)
        return Recorded(lambda: set_up(fixed))


@pytest.fixture
def building(db, clock, recorded):
    """Three flats, the third one vacant, at a flat price of 0.20 a kWh; manager, flat1 and flat2 can log in."""
    if clock.at == NOON and recorded.fits():
        return recorded.put()
    return set_up(clock)


@pytest.fixture
def log_in(building):
    """Makes a client of the test's that is logged in."""
    from django.test import Client

    def log_in(name):
        made = Client()
        assert made.login(username=name, password=PASSWORD)
        return made

    return log_in


@pytest.fixture
def tenancy(building):
    """Anna's."""
    from prewatt.server.estate.models import Tenancy

    return Tenancy.objects.get(tenant="Anna")


@pytest.fixture
def store(db):
    """A head-end worker's view of the database."""
    from prewatt.headend.store import Store
    from prewatt.wire.topics import SHARDS

    return Store(range(SHARDS))


@pytest.fixture(scope="session")
def providers_once():
    from tests.server.payments.players.server import Providers

    made = Providers()
    yield made
    made.stop()


@pytest.fixture
def providers(providers_once, monkeypatch):
    """The providers, with nothing paid."""
    import msgspec
    from django.conf import settings

    monkeypatch.setattr(
        settings, "CONFIG", msgspec.structs.replace(settings.CONFIG, providers=providers_once.addresses)
    )
    for each in (
        providers_once.trades,
        providers_once.asked,
        providers_once.sessions,
        providers_once.bills,
        providers_once.faults,
        providers_once.payouts,
        providers_once.stripe_cards.sessions,
        providers_once.stripe_cards.detached,
        providers_once.stripe_cards.charges,
        providers_once.contracts.contracts,
        providers_once.contracts.asked,
    ):
        each.clear()
    providers_once.contracts.refuses, providers_once.contracts.at_once = "", False
    providers_once.serial = providers_once.PUBLIC_KEY_ID
    return providers_once


@pytest.fixture(scope="session")
def kept_merchants(recorded, providers_once, django_db_blocker):
    """The fields of a merchant account at each provider, by its name, sealed once: to read the keys of one takes a tenth of a
    second of processor, and the server keeps what it has read of sealed ones.
    """
    import msgspec
    from django.conf import settings
    from django.db import transaction

    from prewatt.server.estate.models import Organisation
    from prewatt.server.payments.merchants import keep_merchant

    config = msgspec.structs.replace(settings.CONFIG, providers=providers_once.addresses)
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr(settings, "CONFIG", config)
        recorded.put()
        owner = Organisation.objects.get()
        made = {name: keep_merchant(owner, name, name, providers_once.settings(name)) for name in config.providers}
        transaction.set_rollback(True)
    return {name: {"settings": each.settings, "sealed": each.sealed} for name, each in made.items()}


@pytest.fixture
def merchants(building, providers, kept_merchants):
    """A merchant account at each provider, by its name."""
    from prewatt.server.core.time import now
    from prewatt.server.estate.models import Organisation, Property
    from prewatt.server.payments.models import Merchant

    Property.objects.update(currency="CNY")
    owner = Organisation.objects.get()
    return {
        name: Merchant.objects.create(
            organisation=owner, provider=name, name=name, made_at=now(), **copy.deepcopy(fields)
        )
        for name, fields in kept_merchants.items()
    }


@pytest.fixture(scope="session")
def internet_once():
    from tests.server.notices.players.internet import Internet, MailServer

    return Internet(), MailServer()


@pytest.fixture
def internet(internet_once, monkeypatch):
    """What notices are sent to: real names, on this machine."""
    import msgspec
    from django.conf import settings

    net, mail = internet_once
    net.clear()
    mail.mails.clear()
    mail.logins.clear()
    mail.refuses = 0
    net.mail = mail
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, net.proxy)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(net.authority))
    monkeypatch.setattr(settings, "CONFIG", msgspec.structs.replace(settings.CONFIG, private_notices=True))
    return net
