"""The broker's configuration: a user for each gateway that is enrolled, with its own topics."""

import json
import subprocess

from prewatt.server.core import broker
from prewatt.server.core.broker import HEADEND_USER, PROBE_USER, nats_server, store_folder, write_broker_config
from prewatt.server.core.config import load_config
from prewatt.server.core.home_secrets import broker_password
from prewatt.wire import topics


def users(path):
    return {user["user"]: user for user in json.loads(path.read_text())["authorization"]["users"]}


def test_a_gateway_has_a_user_with_its_own_topics_and_loses_it(tmp_path):
    config = load_config({"PREWATT_HOME": str(tmp_path)})
    path = write_broker_config(config, {"g1": "g1", "g2": "g2 1"}, tmp_path / "store")
    assert path.stat().st_mode & 0o077 == 0
    found = users(path)
    assert set(found) == {HEADEND_USER, PROBE_USER, "g1", "g2"}
    assert found["g1"]["password"] == broker_password(config, "g1") != found["g2"]["password"]
    assert topics.up("g1").replace("/", ".") in found["g1"]["permissions"]["publish"]
    assert not any("g2" in subject for rights in found["g1"]["permissions"].values() for subject in rights)
    assert set(users(write_broker_config(config, {"g2": "g2 1"}, tmp_path / "store"))) == {
        HEADEND_USER,
        PROBE_USER,
        "g2",
    }


def test_no_gateway_can_be_called_as_one_of_the_servers_own_users(tmp_path):
    config = load_config({"PREWATT_HOME": str(tmp_path)})
    names = [topics.check_gateway(name.lstrip("_")) for name in (HEADEND_USER, PROBE_USER)]
    path = write_broker_config(config, dict(zip(names, names, strict=True)), tmp_path / "store")
    found = json.loads(path.read_text())["authorization"]["users"]
    assert len({user["user"] for user in found}) == len({user["password"] for user in found}) == 4
    subprocess.run([nats_server(), "-t", "-c", path], check=True, capture_output=True)


def test_what_is_under_way_lies_in_memory_if_there_is_room(tmp_path, monkeypatch):
    config = load_config({"PREWATT_HOME": str(tmp_path / "home")})
    beside = config.home / "broker" / "store"
    monkeypatch.setattr(broker, "MEMORY", tmp_path)
    found = store_folder(config)
    assert found.parent == tmp_path
    assert store_folder(config) == found
    found.chmod(0o777)
    assert store_folder(config) == beside
    found.chmod(0o700)
    monkeypatch.setattr(broker, "STORE_MOST", 1 << 60)
    assert store_folder(config) == beside
    monkeypatch.setattr(broker, "MEMORY", tmp_path / "nowhere")
    assert store_folder(config) == beside


def test_the_broker_is_installed_with_prewatt():
    assert nats_server()
