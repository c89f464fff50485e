"""The server's settings, from the environment, checked before anything starts. `docs/operator/operate.md` lists them."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from ...folder import OpenFolderError, keep_private, use
from ...terminal_texts import _
from ...wire.signing import SigningKey
from ...wire.topics import SHARDS, parse_shards

DEFAULT_HOME = "~/.local/share/prewatt"
MOST_WEB_PROCESSES = 4
"""The most processes that serve the pages if nobody has said how many."""
KEPT = 60
"""Seconds for which a thread keeps its connection to the database: opening one takes as long as answering a short page."""


class ConfigError(ValueError):
    """A setting is wrong; the message names it."""


class SecondFactor(StrEnum):
    """Who must log in with a second factor beside the password: nobody, the operators, or the owners of organisations too."""

    NONE = "none"
    OPERATORS = "operators"
    OWNERS = "owners"


class Endpoint(Struct, frozen=True):
    """Where something listens."""

    host: str
    port: int

    @property
    def reached_at(self) -> tuple[str, int]:
        """Return host and port by which it is reached from this machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port  # noqa: S104


class ServerConfig(Struct, frozen=True):
    """Where the server keeps its things and where it listens.

    `home`: folder of database, keys and logs. `database`: empty for SQLite in `home`, else `postgresql://...`. `http`,
    `mqtt`: where the pages and the broker listen. `hosts`: names under which the pages are reached. `shared_clock`:
    file of a demonstration's clock. `own_broker`: whether prewatt starts the broker. `public_url`: where payment
    providers and tenants reach the pages. `providers`: addresses of payment providers other than their own, for a
    sandbox. `private_notices`: whether webhooks may go to addresses in private networks. `second_factor`: who must have
    one. `web_processes`: how many processes serve the pages. `proxies`: addresses and networks of reverse proxies on other
    machines, which are believed when they say for whom they ask. `mqtt_tls`: what gateways believe
    of the broker's certificate (`broker_tls`); empty: the own authority, or no TLS at another's broker. `mqtt_certificate`,
    `mqtt_key`: the files of the own broker's certificate and key in the place of those that prewatt makes. `wechat_mini`: id
    and secret of the WeChat mini program of those landlords who have none of their own; empty if there is none.
    """

    home: Path
    database: str
    http: Endpoint
    mqtt: Endpoint
    hosts: tuple[str, ...]
    shards: tuple[int, int]
    own_broker: bool
    shared_clock: str
    public_url: str = ""
    providers: dict[str, str] = {}
    private_notices: bool = False
    vending_key: str = ""
    second_factor: SecondFactor = SecondFactor.NONE
    web_processes: int = 1
    proxies: tuple[str, ...] = ()
    mqtt_tls: str = ""
    mqtt_certificate: str = ""
    mqtt_key: str = ""
    wechat_mini: tuple[str, str] = ("", "")


def _endpoint(text: str) -> Endpoint:
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(_("'%(text)s' is not a host and port such as 127.0.0.1:8000", text=text))
    return Endpoint(host, int(port))


def _database(text: str) -> str:
    if text and urlsplit(text).scheme not in ("postgresql", "postgres"):
        raise ValueError(_("'%(text)s' does not begin with postgresql:// (leave it empty for SQLite)", text=text))
    return text


def _shards(text: str) -> tuple[int, int]:
    shards = parse_shards(text)
    return shards[0], shards[-1]


def _own_broker(text: str) -> bool:
    if text not in ("own", "other"):
        raise ValueError(_("'%(text)s' is neither 'own' (prewatt starts one) nor 'other'", text=text))
    return text == "own"


def _public_host(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.path and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(_("'%(url)s' is not an address such as https://power.example.com", url=url))
    return str(parts.hostname)


def _public_url(text: str) -> str:
    url = text.rstrip("/")
    if url:
        _public_host(url)
    return url


def _file(text: str) -> str:
    if text and not Path(text).is_file():
        raise ValueError(_("'%(text)s' is not a file", text=text))
    return text


def _believed(text: str) -> str:
    return text if text == "system" else _file(text)


def _private_notices(text: str) -> bool:
    if text not in ("refuse", "allow"):
        raise ValueError(_("'%(text)s' is neither 'refuse' nor 'allow'", text=text))
    return text == "allow"


def _second_factor(text: str) -> SecondFactor:
    try:
        return SecondFactor(text)
    except ValueError:
        raise ValueError(_("'%(text)s' is not one of %(known)s", text=text, known=", ".join(SecondFactor))) from None


def _web_processes(text: str) -> int:
    if not text:
        return min(os.cpu_count() or 1, MOST_WEB_PROCESSES)
    if not text.isdecimal() or not 0 < int(text) <= 64:
        raise ValueError(_("'%(text)s' is not a number of processes from 1 to 64", text=text))
    return int(text)


def _proxies(text: str) -> tuple[str, ...]:
    networks = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        try:
            network = ip_network(part)
        except ValueError:
            raise ValueError(
                _("'%(part)s' is not an address or a network such as 10.0.0.7 or 10.0.0.0/24", part=part)
            ) from None
        if not network.prefixlen:
            raise ValueError(_("'%(part)s' are all addresses there are: anybody could say to be anybody", part=part))
        networks.append(part)
    return tuple(networks)


def _providers(text: str) -> dict[str, str]:
    addresses = {}
    for part in filter(None, text.split(",")):
        name, _equals, address = part.partition("=")
        if urlsplit(address).scheme not in ("http", "https"):
            raise ValueError(_("'%(part)s' is not a provider and its address such as alipay=https://...", part=part))
        addresses[name.strip()] = address.strip().rstrip("/")
    return addresses


def _wechat_mini(text: str) -> tuple[str, str]:
    appid, _colon, secret = text.partition(":")
    if text and not (appid and secret):
        # What was given may be the secret alone: it is not repeated.
        raise ValueError(
            _("this is not the app id and the secret of a mini program, such as wx0123456789abcdef:secret")
        )
    return appid, secret


class Setting(NamedTuple):
    """How a setting is read. `field`: of `ServerConfig`. `default`: the text that holds if none is given. `read` returns
    the value of a text, or raises ValueError, which says what is wrong.
    """

    field: str
    default: str
    read: Callable[[str], Any]


SETTINGS = {
    "PREWATT_HOME": Setting("home", DEFAULT_HOME, lambda text: Path(text).expanduser()),
    "PREWATT_DATABASE": Setting("database", "", _database),
    "PREWATT_HTTP": Setting("http", "127.0.0.1:8000", _endpoint),
    "PREWATT_HOSTS": Setting("hosts", "localhost,127.0.0.1", lambda text: tuple(filter(None, text.split(",")))),
    "PREWATT_MQTT": Setting("mqtt", "127.0.0.1:1883", _endpoint),
    "PREWATT_BROKER": Setting("own_broker", "own", _own_broker),
    "PREWATT_SHARDS": Setting("shards", f"0-{SHARDS - 1}", _shards),
    "PREWATT_PUBLIC_URL": Setting("public_url", "", _public_url),
    "PREWATT_PROVIDERS": Setting("providers", "", _providers),
    "PREWATT_PRIVATE_NOTICES": Setting("private_notices", "refuse", _private_notices),
    "PREWATT_SECOND_FACTOR": Setting("second_factor", "none", _second_factor),
    "PREWATT_WEB_PROCESSES": Setting("web_processes", "", _web_processes),
    "PREWATT_PROXIES": Setting("proxies", "", _proxies),
    "PREWATT_VENDING_KEY": Setting("vending_key", "", str),
    "PREWATT_SHARED_CLOCK": Setting("shared_clock", "", str),
    "PREWATT_MQTT_TLS": Setting("mqtt_tls", "", _believed),
    "PREWATT_MQTT_CERTIFICATE": Setting("mqtt_certificate", "", _file),
    "PREWATT_MQTT_KEY": Setting("mqtt_key", "", _file),
    "PREWATT_WECHAT_MINI": Setting("wechat_mini", "", _wechat_mini),
}
"""All settings, by the names of their variables. A further one is a line here and a field of `ServerConfig`."""


def load_config(environment: Mapping[str, str] | None = None) -> ServerConfig:
    """Read the variables `PREWATT_*`. Raises ConfigError, which names the wrong variable."""
    env = os.environ if environment is None else environment
    _check_names(env)
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        try:
            values[setting.field] = setting.read(env.get(name, setting.default))
        except ValueError as error:
            raise ConfigError(f"{name}: {error}") from None
    _check_certificates(values)
    if values["public_url"]:
        values["hosts"] = (*values["hosts"], _public_host(values["public_url"]))
    values["hosts"] = tuple(dict.fromkeys(values["hosts"]))
    return ServerConfig(**values)


def _check_names(env: Mapping[str, str]) -> None:
    for name in env:
        if name.startswith("PREWATT_") and name not in SETTINGS:
            raise ConfigError(
                _("%(name)s: there is no such setting; known: %(known)s", name=name, known=", ".join(sorted(SETTINGS)))
            )


def _check_certificates(values: Mapping[str, Any]) -> None:
    if bool(values["mqtt_certificate"]) != bool(values["mqtt_key"]):
        raise ConfigError(_("PREWATT_MQTT_CERTIFICATE and PREWATT_MQTT_KEY belong together: give both, or none"))
    if values["mqtt_tls"] and values["own_broker"] and not values["mqtt_certificate"]:
        raise ConfigError(
            _(
                "PREWATT_MQTT_TLS: gateways believe the certificate that prewatt makes for its own broker. "
                "Leave it empty, or name another certificate with PREWATT_MQTT_CERTIFICATE and PREWATT_MQTT_KEY"
            )
        )


def django_database(config: ServerConfig) -> dict[str, Any]:
    """Return the database in Django's terms. Both databases commit durably before they answer."""
    kept = {"CONN_MAX_AGE": KEPT, "CONN_HEALTH_CHECKS": True}
    if not config.database:
        return {
            **kept,
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": config.home / "prewatt.sqlite3",
            "OPTIONS": {
                # A writer waits for its turn at the start of a transaction, instead of failing in the middle of one.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                # What is erased leaves no old copy in the file.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
            },
        }
    parts = urlsplit(config.database)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        **kept,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(options.pop("host", parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def enter_home(config: ServerConfig) -> None:
    """Use the home folder until this process ends: no copy is restored there meanwhile. Raises ConfigError if others can
    read it, and that can't be mended.
    """
    _prepare(config.home)
    try:
        keep_private(config.home)
    except OpenFolderError as error:
        raise ConfigError(f"PREWATT_HOME: {error}") from None
    use(config.home)


def secret(config: ServerConfig) -> str:
    """Return the server's secret, made at the first start."""
    path = config.home / "secret"
    if not path.exists():
        make_private(path, secrets.token_hex(32))
    return path.read_text().strip()


def copy_note(config: ServerConfig) -> Path:
    """Return the file that names the last copy of the server; it was written when that was made."""
    return config.home / "run" / "last-copy"


def cookie_name(name: str, secret_text: str, *, by_https: bool) -> str:
    """Return the name of a cookie of the server with this secret. Browsers keep cookies by the host without its port: two servers
    on one host would take each other's, and log each other's people out. With TLS no neighbour in the domain can set it.
    """
    tag = hmac.new(secret_text.encode(), b"prewatt.cookies", hashlib.sha256).hexdigest()[:8]
    return f"{'__Host-' if by_https else ''}{name}-{tag}"


def signing_key(config: ServerConfig) -> SigningKey:
    """Return the key that signs commands and receipts, made at the first start."""
    path = config.home / "server.key"
    if not path.exists():
        _prepare(config.home)
        # Several processes may start for the first time together: the first one's key is everybody's.
        with suppress(FileExistsError):
            SigningKey.generate().save(path)
    return SigningKey.load(path)


def vending_secret(config: ServerConfig) -> bytes:
    """Return the key under which vending keys are sealed, made at the first start. A stolen copy of the database can
    make no tokens without it, nor can a database that was restored without it.
    """
    path = Path(config.vending_key).expanduser() if config.vending_key else config.home / "vending.key"
    if not path.exists():
        if config.vending_key:
            # A stick that is not in, a credential that is not there: a new key would open nothing that is sealed already.
            raise ConfigError(
                _("PREWATT_VENDING_KEY: there is no file %(path)s; put the server's vending.key there", path=path)
            )
        make_private(path, secrets.token_hex(32))
    return bytes.fromhex(path.read_text().strip())


def broker_password(config: ServerConfig, user: str) -> str:
    """Return a broker user's password. It is derived, so that none is stored in the database."""
    return hmac.new(secret(config).encode(), f"broker {user}".encode(), hashlib.sha256).hexdigest()


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            _("PREWATT_HOME: %(folder)s can't be made (%(cause)s)", folder=folder, cause=error.strerror)
        ) from None


def make_private(path: Path, text: str) -> None:
    """Make a file that only its owner can read, unless it is there: of several processes the first one's holds."""
    _prepare(path.parent)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.") as file, suppress(FileExistsError):
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
        os.link(file.name, path)
