"""The agent's settings: one TOML file, which enrolment writes (`prewatt edge enrol`) and the agent checks when it
starts.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from ..folder import sync
from ..kernel.fields import DriverName, MeterName
from ..wire.link import BrokerAddress
from ..wire.messages import MAX_METERS
from ..wire.topics import check_gateway
from .driver_settings import read_section
from .drivers.interface import DriverSettings
from .key_state import KeyState
from .texts import _, languages


class SettingsError(ValueError):
    """A setting is wrong; the message names the file and the setting."""


class TokenSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The key by which a meter decodes tokens, in the terms of `tokens.MeterKey`; `key` is hexadecimal."""

    pan: str
    supply_group: str
    tariff_index: int
    revision: int
    key_type: int
    expiry: int
    base: int
    dkga: int
    algorithm: int
    key: Annotated[str, Meta(pattern="^([0-9a-f]{16}|[0-9a-f]{32})$")]

    def state(self) -> KeyState:
        """Return the key as the agent holds it. Raises NumberError if it is not a possible key."""
        state = KeyState(
            self.pan,
            self.supply_group,
            self.tariff_index,
            self.revision,
            self.key_type,
            self.expiry,
            self.base,
            self.dkga,
            self.algorithm,
            bytes.fromhex(self.key),
        )
        state.described()
        return state


class MeterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of one meter. `driver`: its kind. `unit`: its flat, for people. `keypad`: whether codes can be typed
    at the meter itself. `token`: its key; without one it accepts no codes.
    """

    name: MeterName
    driver: DriverName
    unit: str = ""
    keypad: bool = False
    token: TokenSettings | None = None


class EdgeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a gateway. Times are in seconds. `keep_days`: for how many days entries that the server has stay
    in the journal. `page`: host and port of the gateway's own page, empty for none. `bluetooth`: the adapter as bumble
    names it, such as `hci-socket:0`, empty for none. `look_interval_s`: the time between two readings of a meter that
    somebody watches. `drivers`: the settings of each kind of meter, by its name. `server`: the
    address at which the gateway was enrolled. `language`: of what people on site read, where their browser asks for none of
    ours; empty for that of the process. `page_names`: names beside its addresses under which the page may be opened. `portal`:
    the page's address in a Wi-Fi of the gateway's own, to which whoever asks for another name there is led; empty: nobody is.
    Without meters the agent serves the page, where they are set up.
    """

    gateway: str
    key: str
    server_key: str
    journal: str
    broker: BrokerAddress
    meters: Annotated[tuple[MeterSettings, ...], Meta(max_length=MAX_METERS)] = ()
    reading_interval_s: Annotated[int, Meta(ge=60, le=86_400)] = 900
    poll_shortest_s: Annotated[int, Meta(ge=1, le=3_600)] = 60
    keep_days: Annotated[int, Meta(ge=1, le=36_500)] = 400
    heartbeat_s: Annotated[float, Meta(ge=0.1, le=300)] = 10.0
    patience_s: Annotated[float, Meta(ge=0.1, le=600)] = 10.0
    shared_clock: str = ""
    property: str = ""
    property_id: Annotated[int, Meta(ge=0)] = 0
    page: str = ""
    bluetooth: str = ""
    look_interval_s: Annotated[float, Meta(ge=0.1, le=10)] = 2.0
    drivers: dict[str, DriverSettings] = {}
    server: str = ""
    language: str = ""
    page_names: tuple[str, ...] = ()
    portal: str = ""


def page_address(text: str) -> tuple[str, int]:
    """Return host and port of the page. Raises ValueError for any other text."""
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(_("page: '%(text)s' is not a host and port such as 0.0.0.0:8080") % {"text": text})
    return host.strip("[]"), int(port)


def _check_portal(text: str) -> None:
    """Check the address of the page in the gateway's own Wi-Fi. Raises ValueError."""
    parts = urlsplit(text)
    try:
        ipaddress.ip_address(parts.hostname or "")
        if parts.scheme == "http" and text == f"http://{parts.netloc}" and "@" not in text and parts.port != 0:
            return
    except ValueError:
        pass
    raise ValueError(f"portal: {text!r} is not the page's own address such as http://192.168.50.1")


def load_settings(path: Path) -> EdgeSettings:
    """Read and check a settings file. Raises SettingsError, which names what is wrong in it."""
    try:
        # Windows' editor puts a mark before UTF-8.
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            _("%(path)s: can't be read (%(cause)s)") % {"path": path, "cause": error.strerror}
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            _("%(path)s: this file is not valid TOML (%(error)s)") % {"path": path, "error": error}
        ) from None
    try:
        drivers = msgspec.convert(document.pop("drivers", {}), dict[str, dict[str, Any]])
        settings = msgspec.convert(document, EdgeSettings)
        folder = path.parent.absolute()
        sections = {name: read_section(name, section, folder) for name, section in drivers.items()}
        settings = msgspec.structs.replace(settings, drivers=sections)
        _check(settings)
    except (msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: {error}") from None
    return settings


def _check_names(meters: Sequence[str]) -> None:
    twice = sorted({name for name in meters if meters.count(name) > 1})
    if twice:
        raise ValueError(_("meters: %(meter)s occurs twice. Remove one of them") % {"meter": twice[0]})


def _check(settings: EdgeSettings) -> None:
    """Check what the types do not hold. Raises ValueError, which names the setting that is wrong."""
    check_gateway(settings.gateway)
    if settings.language and settings.language not in languages():
        raise ValueError(
            _("language: '%(language)s' is not a known language. Known languages: %(known)s")
            % {"language": settings.language, "known": ", ".join(languages())}
        )
    if not re.fullmatch("[0-9a-f]{64}", settings.server_key):
        raise ValueError(_("server_key: this is not 64 hexadecimal digits"))
    _check_names([meter.name for meter in settings.meters])
    if not 0 < settings.broker.port < 65_536:
        raise ValueError(
            _("broker.port: %(port)s is not a port number between 1 and 65535") % {"port": settings.broker.port}
        )
    if settings.page:
        page_address(settings.page)
    if settings.portal:
        _check_portal(settings.portal)
    for meter in settings.meters:
        _check_token(meter)


def _check_token(meter: MeterSettings) -> None:
    try:
        if meter.token is not None:
            meter.token.state()
    except ValueError as error:
        raise ValueError(f"meters.{meter.name}.token: {error}") from None


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(_values(value)) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # A JSON string is a TOML basic string.
    return msgspec.json.encode(str(value)).decode()


def _values(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(name)} = {_toml(value)}" for name, value in table.items() if value is not None]


def _document(settings: EdgeSettings) -> str:
    document = msgspec.to_builtins(settings, enc_hook=str)
    meters, drivers, broker = (document.pop(name) for name in ("meters", "drivers", "broker"))
    lines = [*_values(document), "", "[broker]", *_values(broker)]
    for meter in meters:
        lines += ["", "[[meters]]", *_values(meter)]
    for name, section in drivers.items():
        lines += ["", f"[drivers.{_key(name)}]", *_values(section)]
    return "\n".join(lines) + "\n"


def write_settings(path: Path, settings: EdgeSettings) -> None:
    """Write a settings file that `load_settings` reads back. Whenever the power fails, the file is either complete or
    as it was before. It holds the broker's password, so only its owner can read it.
    """
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(_document(settings))
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    sync(path.parent)
