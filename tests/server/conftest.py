"""A building whose landlord has merchant accounts with all three providers, which a local server plays."""

import msgspec
import pytest
from django.conf import settings

from tests.provider_server import Providers
from tests.server.paying import METHODS


@pytest.fixture(scope="session")
def providers_once():
    made = Providers()
    yield made
    made.stop()


@pytest.fixture
def providers(providers_once, monkeypatch):
    """The providers, with nothing paid."""
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
    ):
        each.clear()
    providers_once.serial = providers_once.PUBLIC_KEY_ID
    return providers_once


@pytest.fixture
def merchants(building, providers):
    """A merchant account at each provider, by its name."""
    from prewatt.server.estate.models import Organisation, Property
    from prewatt.server.payments.merchants import keep_merchant

    Property.objects.update(currency="CNY")
    owner = Organisation.objects.get()
    return {name: keep_merchant(owner, name, name, providers.settings(name)) for name in METHODS}
