"""`prewatt onsite` as a command, and the agent as a process, over virtual controllers that both reach as adapters."""

import asyncio
import json
import os
import subprocess
import threading
import time
from base64 import b64encode

import pytest
from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport import open_transport

from prewatt.edge.settings import MeterSettings, write_settings
from prewatt.kernel.units import HOUR, MINUTE, NANO
from prewatt.wire.on_site import GatewayKey, Grant, encode, sign_grant
from prewatt.wire.signing import SigningKey
from tests.edge.test_shell import SERVER, made_settings
from tests.ports import free_port
from tests.system.demonstration import PREWATT

PATIENCE = 180.0


@pytest.fixture
def air():
    """Two adapters at TCP ports, within each other's reach."""
    ports = [free_port(), free_port()]
    loop, kept = asyncio.new_event_loop(), []

    async def open_them():
        link = LocalLink()
        for port in ports:
            transport = await open_transport(f"tcp-server:127.0.0.1:{port}")
            controller = Controller(f"at {port}", host_source=transport.source, host_sink=transport.sink, link=link)
            kept.append((transport, controller))

    threading.Thread(target=loop.run_forever, daemon=True).start()
    asyncio.run_coroutine_threadsafe(open_them(), loop).result(PATIENCE)
    yield [f"tcp-client:127.0.0.1:{port}" for port in ports]
    loop.call_soon_threadsafe(loop.stop)


@pytest.fixture
def gateway(tmp_path, air):
    """The agent of a gateway that has neither broker nor server."""
    settings = made_settings(
        tmp_path,
        meters=(MeterSettings("m1", "recorded", unit="Flat 1"),),
        property="Linden 5",
        property_id=3,
        bluetooth=air[0],
    )
    write_settings(tmp_path / "edge.toml", settings)
    with (tmp_path / "agent.log").open("w") as log:
        agent = subprocess.Popen([*PREWATT, "edge", "run", "--config", tmp_path / "edge.toml"], stderr=log)
    deadline = time.monotonic() + PATIENCE
    while "Bluetooth is on" not in (tmp_path / "agent.log").read_text():
        assert agent.poll() is None and time.monotonic() < deadline, (tmp_path / "agent.log").read_text()
        threading.Event().wait(0.05)
    yield settings
    agent.terminate()
    agent.wait(timeout=PATIENCE)


def test_staff_restore_a_flat_with_the_command(tmp_path, air, gateway):
    phone = tmp_path / "phone"
    phone.mkdir()

    def onsite(*arguments, adapter=True):
        where = ["--adapter", air[1], "--gateway", "g1"] if adapter else []
        return subprocess.run(
            [*PREWATT, "onsite", *map(str, arguments), *where],
            cwd=phone,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            env={**os.environ, "NO_COLOR": "1"},
        )

    key = onsite("key", adapter=False).stdout.strip()
    assert onsite("key", adapter=False).stdout.strip() == key, "made once"
    now = time.time_ns() // 1000
    grant = Grant(
        "g-1",
        3,
        "Sam",
        bytes.fromhex(key),
        ("open", "close", "read-head", "restore"),
        now - MINUTE,
        now + HOUR,
        NANO,
        HOUR,
        now,
        (GatewayKey("g1", SigningKey.load(tmp_path / "gateway.key").public()),),
    )
    refused = onsite("do", "m1", "open")
    assert refused.returncode == 2 and "there is no grant in this file" in refused.stderr
    (phone / "onsite.grant").write_text(b64encode(encode(sign_grant(SERVER, grant))).decode())
    status = onsite("status")
    assert status.returncode == 0, status.stderr
    assert (
        "Linden 5, gateway g1" in status.stdout
        and "The gateway is OFFLINE.\nThe signature of this state is right." in status.stdout
    )
    memory = tmp_path / "meters" / "m1.json"
    for do, closed in (("open", False), ("close", True)):
        done = onsite("do", "m1", do, "--reason", "leak")
        assert done.returncode == 0, done.stderr
        assert json.loads(memory.read_text())["closed"] is closed
    head = onsite("do", "m1", "read-head")
    assert head.returncode == 0 and len(head.stdout.split()[-1]) == 64
    for arguments, said in [
        (("do", "m1", "hold"), "does not allow"),
        (("do", "m1", "explode"), "is not a known order"),
        (("do", "m9", "open"), "no such meter"),
        (("do", "m1", "restore", "--amount", "5"), "amount is more than"),
        (("code", "m1", "1234"), "accepts no codes"),
    ]:
        wrong = onsite(*arguments)
        assert wrong.returncode == 2 and said in wrong.stderr, wrong.stderr
