"""The phone's side of Bluetooth in JavaScript: it says the same bytes as Python's, and believes what Python's gateway has signed.

The vectors are made here by `wire.on_site` and checked in node: messages byte by byte, so what JavaScript writes, Python reads.
"""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from prewatt.kernel.orders import BY_STAFF, make_order, needs
from prewatt.kernel.units import HOUR, NANO
from prewatt.wire.bluetooth import IDENTIFY, REPLY, REQUEST, SERVICE
from prewatt.wire.on_site import (
    Act,
    Answer,
    AskStatus,
    Challenge,
    GatewayKey,
    Grant,
    ReadHead,
    Revocations,
    SetClock,
    SiteMeter,
    SiteStatus,
    TypedCode,
    encode,
    packets,
    sign_answer,
    sign_grant,
    sign_instruction,
    sign_revocations,
    sign_status,
)
from prewatt.wire.signing import SigningKey

ROOT = Path(__file__).parents[2]
PROTOCOL = ROOT / "src/prewatt/server/web/static/web/on_site/protocol.js"
SEEDS = {name: bytes([number] * 32) for number, name in enumerate(("server", "gateway", "phone"), start=1)}
SERVER, GATEWAY, PHONE = (SigningKey.from_bytes(seed) for seed in SEEDS.values())
NOW, NONCE = 1_790_000_000_123_456, bytes(range(32))
CHALLENGE = Challenge("g1", NONCE, NOW)
MOST = 10_000_001 * NANO
"""A million times ten, as in dong: more than JavaScript counts one by one."""
LONG = "电表在楼道里 " * 25


def instructions():
    """Each order with all of its details and with none, and all else that staff can say."""
    for name, kind in BY_STAFF.items():
        for details in ({}, {"override": True, "watts": 2000, "amount": 5_000_001 * NANO, "until": NOW + HOUR}):
            own = {detail: value for detail, value in details.items() if needs(kind, detail)}
            for meter, reason in (("m1", ""), ("Zähler 7/⚡".replace("/", "-"), LONG)):
                said = {"do": "act", "meter": meter, "action": name, "reason": reason, **own}
                yield said, Act(meter, make_order(kind, **details), reason)
    yield {"do": "head", "meter": "m1"}, ReadHead("m1")
    yield {"do": "clock", "at": NOW}, SetClock(NOW)


def vectors():
    grant = Grant(
        grant="17",
        property=3,
        holder="Kim 王",
        key=PHONE.public(),
        actions=("restore", "close"),
        begins=NOW,
        ends=NOW + HOUR,
        most_amount=MOST,
        longest=HOUR,
        issued=NOW,
        gateways=(GatewayKey("g1", GATEWAY.public()),),
    )
    signed = sign_grant(SERVER, grant)
    revocations = sign_revocations(SERVER, Revocations(3, 7, NOW, ("17", "18")))
    meters = (SiteMeter("m1", "Flat 1", 7, NOW, True, "verified"), SiteMeter("m2", "", 0, 0, None))
    status = SiteStatus("g1", NOW, False, NONCE, meters)
    answers = [Answer(True, "Done.", 1), Answer(True, "Entry 7.", 2, "ab" * 32), Answer(False, LONG, 1000)]
    long = encode(TypedCode("m1", "1" * 300))
    return {
        "gateway": "g1",
        "nonce": NONCE.hex(),
        "seeds": {name: seed.hex() for name, seed in SEEDS.items()},
        "keys": {"gateway": GATEWAY.public().hex(), "phone": PHONE.public().hex()},
        "grant": b64encode(encode(signed)).decode(),
        "says": {
            name: getattr(grant, name)
            for name in ("grant", "property", "holder", "actions", "begins", "ends", "most_amount", "longest", "issued")
        },
        "revocations": b64encode(encode(revocations)).decode(),
        "up": {
            "ask": encode(AskStatus(NONCE)).hex(),
            "ask_in_chinese": encode(AskStatus(NONCE, "zh-hans")).hex(),
            "code": encode(TypedCode("m1", "1" * 20)).hex(),
            "grant": encode(signed).hex(),
            "revocations": encode(revocations).hex(),
        },
        "instructions": [
            {
                "instruction": said,
                "count": count,
                "made": encode(sign_instruction(PHONE, CHALLENGE, count, instruction)).hex(),
            }
            for count, (said, instruction) in enumerate(instructions(), start=100)
        ],
        "answers": [
            {
                "made": encode(sign_answer(GATEWAY, NONCE, each)).hex(),
                "says": {name: getattr(each, name) for name in ("done", "text", "count", "head")},
            }
            for each in answers
        ],
        "status": {
            "made": encode(sign_status(GATEWAY, status)).hex(),
            "says": {
                "gateway": "g1",
                "at": NOW,
                "online": False,
                "meters": [
                    {name: getattr(each, name) for name in ("meter", "unit", "seq", "at", "closed", "switch")}
                    for each in meters
                ],
            },
        },
        "packets": [
            {"message": message.hex(), "size": size, "packets": [each.hex() for each in packets(message, size)]}
            for message in (long, b"x", b"y" * 19, b"z" * 38)
            for size in (20, 64, 244, 512)
        ],
    }


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    file = tmp_path_factory.mktemp("vectors") / "vectors.json"
    file.write_text(json.dumps(vectors()))
    return file


def test_the_phones_side_keeps_to_the_bytes_of_the_wire_and_believes_nobody_else(known):
    tests = sorted(map(str, (ROOT / "tests/clients/on_site").glob("*.test.js")))
    tests.append(str(ROOT / "clients/wechat/test/bluetooth.test.js"))
    ended = subprocess.run(
        [shutil.which("node") or "node", "--test", *tests],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "VECTORS": str(known)},
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    assert len(tests) >= 3 and "# fail 0" in ended.stdout


@pytest.mark.parametrize("name", ["protocol.js", "visit.js"])
def test_the_mini_program_has_the_very_files_of_the_page(name):
    """It can't load what lies outside its folder: after a change copy them there."""
    copy = ROOT / "clients/wechat/lib" / name
    assert copy.read_text() == (PROTOCOL.parent / name).read_text(), f"cp {PROTOCOL.parent / name} {copy}"


@pytest.mark.parametrize("uuid", [SERVICE, IDENTIFY, REQUEST, REPLY])
def test_the_phone_looks_for_the_service_that_there_is(uuid):
    assert uuid in PROTOCOL.read_text()
