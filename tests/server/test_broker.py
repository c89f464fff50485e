"""The broker's configuration: a user for each gateway that is enrolled, with its own topics."""

import json

from prewatt.server.broker import HEADEND_USER, nats_server, write_broker_config
from prewatt.server.config import broker_password, load_config
from prewatt.wire import topics


def users(path):
    return {user["user"]: user for user in json.loads(path.read_text())["authorization"]["users"]}


def test_a_gateway_has_a_user_with_its_own_topics_and_loses_it(tmp_path):
    config = load_config({"PREWATT_HOME": str(tmp_path)})
    path = write_broker_config(config, {"g1": "g1", "g2": "g2 1"})
    assert path.stat().st_mode & 0o077 == 0
    found = users(path)
    assert set(found) == {HEADEND_USER, "g1", "g2"}
    assert found["g1"]["password"] == broker_password(config, "g1") != found["g2"]["password"]
    assert topics.up("g1").replace("/", ".") in found["g1"]["permissions"]["publish"]
    assert not any("g2" in subject for rights in found["g1"]["permissions"].values() for subject in rights)
    assert set(users(write_broker_config(config, {"g2": "g2 1"}))) == {HEADEND_USER, "g2"}


def test_the_broker_is_installed_with_prewatt():
    assert nats_server()
