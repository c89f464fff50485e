"""A wrong setting is named before anything starts."""

from pathlib import Path

import pytest

from prewatt.server.core.config import SETTINGS, load_config
from prewatt.server.core.database_config import django_database
from prewatt.server.core.home_secrets import broker_password, secret, signing_key, vending_secret
from prewatt.server.core.server_config import ConfigError, Endpoint, ServerConfig


def test_nothing_needs_to_be_set():
    config = load_config({})
    assert (config.http, config.mqtt) == (Endpoint("127.0.0.1", 8000), Endpoint("127.0.0.1", 1883))
    assert (config.database, config.own_broker, config.shards) == ("", True, (0, 63))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PREWATT_HTTP", "8000"),
        ("PREWATT_HTTP", "localhost:"),
        ("PREWATT_HTTP", "localhost:http"),
        ("PREWATT_HTTP", "localhost:²"),
        ("PREWATT_HTTP", "localhost:0"),
        ("PREWATT_MQTT", "localhost:65536"),
        ("PREWATT_SHARDS", "0-64"),
        ("PREWATT_SHARDS", "5-3"),
        ("PREWATT_SHARDS", "many"),
        ("PREWATT_BROKER", "mosquitto"),
        ("PREWATT_DATABASE", "mysql://localhost/x"),
        ("PREWATT_DATABSE", "postgresql://localhost/x"),
        ("PREWATT_PUBLIC_URL", "power.example.com"),
        ("PREWATT_PUBLIC_URL", "https://power.example.com/pages"),
        ("PREWATT_PUBLIC_URL", "https://power.example.com:0"),
        ("PREWATT_PUBLIC_URL", "https://[::1"),
        ("PREWATT_PROVIDERS", "alipay"),
        ("PREWATT_PROVIDERS", "alipay=ftp://x"),
        ("PREWATT_PRIVATE_NOTICES", "yes"),
        ("PREWATT_SECOND_FACTOR", "yes"),
        ("PREWATT_PROXIES", "proxy.example.com"),
        ("PREWATT_PROXIES", "0.0.0.0/0"),
    ],
)
def test_a_wrong_setting_is_named(name, value):
    with pytest.raises(ConfigError, match=name):
        load_config({name: value})


def test_each_setting_is_a_field_and_stands_in_the_documents():
    assert {each.field for each in SETTINGS.values()} == set(ServerConfig.__struct_fields__)
    rows = (Path(__file__).parents[3] / "docs/operator/operate.md").read_text()
    assert all(f"| `{name}` |" in rows for name in SETTINGS)


def test_the_public_address_is_one_under_which_the_pages_are_reached():
    config = load_config({"PREWATT_PUBLIC_URL": "https://power.example.com:8443/", "PREWATT_HOSTS": "192.0.2.1"})
    assert (config.public_url, config.hosts) == ("https://power.example.com:8443", ("192.0.2.1", "power.example.com"))
    found = load_config(
        {"PREWATT_PROVIDERS": "alipay=https://sandbox.example.com/gateway.do/,stripe=http://127.0.0.1:1"}
    )
    assert found.providers == {"alipay": "https://sandbox.example.com/gateway.do", "stripe": "http://127.0.0.1:1"}


def test_a_home_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    config = load_config({"PREWATT_HOME": str(tmp_path / "file" / "home")})
    with pytest.raises(ConfigError, match="PREWATT_HOME"):
        secret(config)


def test_secrets_are_made_once_and_are_private(tmp_path):
    config = load_config({"PREWATT_HOME": str(tmp_path / "home")})
    assert secret(config) == secret(config)
    assert signing_key(config).public() == signing_key(config).public()
    for name in ("secret", "server.key"):
        assert (config.home / name).stat().st_mode & 0o077 == 0
    assert broker_password(config, "g1") != broker_password(config, "g2")


def test_the_vending_key_may_lie_elsewhere_and_is_never_made_anew_there(tmp_path):
    config = load_config(
        {"PREWATT_HOME": str(tmp_path / "home"), "PREWATT_VENDING_KEY": str(tmp_path / "stick" / "vending.key")}
    )
    with pytest.raises(ConfigError, match="PREWATT_VENDING_KEY: there is no file"):
        vending_secret(config)
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "vending.key").write_text("5c" * 32 + "\n")
    assert vending_secret(config) == b"\x5c" * 32
    assert not (tmp_path / "home" / "vending.key").exists()


def test_a_postgresql_address_is_taken_apart():
    address = "postgresql://ann:p%40ss@db.example:5433/pre%20watt?sslmode=require"
    found = django_database(load_config({"PREWATT_DATABASE": address}))
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"], found["OPTIONS"]) == (
        "ann",
        "p@ss",
        "db.example",
        "5433",
        "pre watt",
        {"sslmode": "require"},
    )
    assert django_database(load_config({"PREWATT_DATABASE": "postgresql:///x?host=/run/pg"}))["HOST"] == "/run/pg"
    assert django_database(load_config({"PREWATT_HOME": "/x"}))["NAME"] == Path("/x/prewatt.sqlite3")


def test_processes_that_start_together_share_one_key(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    from prewatt.server.core.home_secrets import secret, signing_key

    config = load_config({"PREWATT_HOME": str(tmp_path / "home")})
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: (signing_key(config).public(), secret(config)), range(32)))
    assert len(keys) == 1
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == ["secret", "server.key"]
