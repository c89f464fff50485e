"""Enrolment: the gateway makes its key, spends its one-time code, and writes its settings."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from ..wire.link import BrokerAddress
from ..wire.signing import SigningKey
from .journal import Journal
from .settings import EdgeSettings, MeterSettings, RecordedSettings, TokenSettings, page_address, write_settings


class EnrolError(ValueError):
    """Enrolment failed; the message says why. The code is not spent unless it says so."""


class _State(Struct):
    seq: int
    head: str
    account: str


class _Meter(Struct):
    name: str
    driver: str
    unit: str = ""
    token: TokenSettings | None = None
    state: _State | None = None


class _Answer(Struct):
    gateway: str
    server_key: str
    broker_port: int
    broker_password: str
    meters: list[_Meter]
    property: str = ""
    property_id: int = 0


def enrol(
    server: str, code: str, folder: Path, recorded: RecordedSettings | None = None, page: str = "", bluetooth: str = ""
) -> EdgeSettings:
    """Enrol at `server` (http://host:port) and write `edge.toml` and `gateway.key` into `folder`. The private key
    never leaves it.

    Where another gateway had the meters before, their journals go on from where the server has them. If the server
    can't be reached, nothing is written, and no meter is touched.
    """
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise EnrolError(f"{server!r} is not an address such as http://192.0.2.1:8000")
    if page:
        try:
            page_address(page)
        except ValueError as error:
            raise EnrolError(str(error)) from None
    settings_path = folder / "edge.toml"
    if settings_path.exists():
        raise EnrolError(f"{settings_path} exists already: this gateway is enrolled")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    journal = folder / "journal.sqlite3"
    if journal.exists():
        # Before the code is spent: an agent that still runs, or a file that is no journal, would stop what follows.
        try:
            Journal(journal).close()
        except (BlockingIOError, ValueError) as error:
            raise EnrolError(f"{error}. The code is not spent") from None
    key_path = folder / "gateway.key"
    if not key_path.exists():
        SigningKey.generate().save(key_path)
    key = SigningKey.load(key_path)
    body = msgspec.json.encode({"code": code, "public_key": key.public().hex()})
    url = f"{server.rstrip('/')}/api/gateways/enrol"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer = msgspec.json.decode(response.read(1_000_000), type=_Answer)
    except urllib.error.HTTPError as error:
        raise EnrolError(f"{server} refused: {error.read(2000).decode(errors='replace')}") from None
    except (OSError, msgspec.DecodeError) as error:
        raise EnrolError(f"{server}: {error}") from None
    if not answer.meters:
        raise EnrolError(
            f"gateway {answer.gateway} has no meters yet: install them first, then make a new code (this one is spent)"
        )
    settings = EdgeSettings(
        gateway=answer.gateway,
        key=str(key_path),
        server_key=answer.server_key,
        journal=str(journal),
        broker=BrokerAddress(parts.hostname, answer.broker_port, answer.gateway, answer.broker_password),
        meters=tuple(
            MeterSettings(meter.name, meter.driver, unit=meter.unit, token=meter.token) for meter in answer.meters
        ),
        recorded=recorded,
        property=answer.property,
        property_id=answer.property_id,
        page=page,
        bluetooth=bluetooth,
    )
    _adopt(Path(settings.journal), answer.meters)
    # Last: until it is there, the gateway is not enrolled, and a new code does all of it anew.
    write_settings(settings_path, settings)
    return settings


def _adopt(path: Path, meters: list[_Meter]) -> None:
    """Begin the journals where the server has them."""
    adopted = [(meter.name, meter.state) for meter in meters if meter.state is not None]
    if not adopted:
        return
    journal = Journal(path)
    try:
        for name, state in adopted:
            if journal.has(name, state.seq, bytes.fromhex(state.head)):
                # The same gateway, enrolled anew: its own journal goes at least as far.
                continue
            journal.adopt(name, state.seq, bytes.fromhex(state.head), bytes.fromhex(state.account))
    except (ValueError, msgspec.DecodeError) as error:
        raise EnrolError(f"{error}. The code is spent: move this journal away and ask for a new one") from None
    finally:
        journal.close()
