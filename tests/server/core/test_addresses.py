"""The addresses that people are given, and the names under which the pages answer."""

import pytest

from prewatt.server.core.addresses import public
from prewatt.server.core.config import load_config


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000/join/"),
        ({"PREWATT_HTTP": "0.0.0.0:8000"}, "http://127.0.0.1:8000/join/"),
        ({"PREWATT_HTTP": "0.0.0.0:8000", "PREWATT_HOSTS": "localhost,192.0.2.1"}, "http://192.0.2.1:8000/join/"),
        ({"PREWATT_HTTP": ":::8000", "PREWATT_HOSTS": "[2001:db8::1]"}, "http://[2001:db8::1]:8000/join/"),
        ({"PREWATT_HTTP": "192.0.2.7:8000", "PREWATT_HOSTS": "192.0.2.1"}, "http://192.0.2.7:8000/join/"),
        (
            {"PREWATT_HTTP": "0.0.0.0:8000", "PREWATT_PUBLIC_URL": "https://power.example.com"},
            "https://power.example.com/join/",
        ),
    ],
)
def test_an_address_on_a_paper_is_one_that_others_reach(settings, given, address):
    settings.CONFIG = load_config(given)
    assert public("/join/") == address


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_this_machine_reaches_the_pages_whatever_names_the_world_has_for_them(client, db, host):
    assert client.get("/login/", headers={"host": host}).status_code == 200
