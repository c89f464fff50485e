"""What many rooms' tests start from: who is logged in, a program with a key, and a building that was lived in for two days."""

import json
import logging
from functools import cache

import pytest

from tests.building import PASSWORD
from tests.recorded import recorded_once


@pytest.fixture
def manager(client, building):
    """A browser in which the manager is logged in."""
    assert client.login(username="manager", password=PASSWORD)
    return client


@pytest.fixture
def tenant(client, building):
    """A browser in which the tenant of Flat 1 is logged in."""
    assert client.login(username="flat1", password=PASSWORD)
    return client


@pytest.fixture
def program(client, building):
    """Calls the API by the manager's key: `program(method, path, body)`."""
    from django.contrib.auth import get_user_model

    from prewatt.server.accounts.keys import make_key

    token = make_key(get_user_model().objects.get(username="manager"), "test")
    headers = {"Authorization": f"Bearer {token}"}

    def call(method, path, body=None):
        if method == "get":
            return client.get(f"/api/v1/{path}", headers=headers)
        return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)

    return call


@pytest.fixture
@recorded_once
def lived(building, clock):
    """Two days of three flats and a common meter, and a main one that measures a tenth more."""
    from prewatt.headend.store import Store
    from prewatt.kernel.units import HOUR
    from prewatt.server.commissioning.installing import install
    from prewatt.server.metering.models import Gateway, Meter
    from prewatt.wire.topics import SHARDS
    from tests.gateway import Edge, at

    for name, role in (("stairs", Meter.Role.COMMON), ("main", Meter.Role.MAIN)):
        install(None, Gateway.objects.get(), name, role=role)
    clock.at = at(2025, 10, 7)
    edge, store = Edge(building.code, clock), Store(range(SHARDS))
    for meter in edge.accounts:
        edge.read(meter, 500)
        edge.obey(meter)
    used = {"m1": 300, "m2": 100, "m3": 50, "stairs": 50}
    edge.live(store, at(2025, 10, 9), {**used, "main": 550}, HOUR)
    return edge


@pytest.fixture
def thousands(monkeypatch):
    """For who asks for thousands of pages: it isn't kept for the test what each template was rendered with, nor is it logged, by Django,
    that a page is not there; and which view an address has is looked up once.
    """
    from django.template import Template
    from django.urls import get_resolver

    root = get_resolver()
    monkeypatch.setattr(root, "resolve", cache(root.resolve))
    monkeypatch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)
