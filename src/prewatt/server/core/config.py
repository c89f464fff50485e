"""The server's settings, from the environment, checked before anything starts. `docs/operator/operate.md` lists them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...terminal_texts import _
from ...wire.topics import SHARDS
from .server_config import ConfigError, ServerConfig
from .setting_addresses import public_host_of, read_database, read_endpoint, read_proxies, read_public_url
from .setting_choices import read_own_broker, read_private_notices, read_second_factor, read_shards, read_web_processes
from .setting_files import read_believed, read_file_name
from .setting_services import read_providers, read_wechat_mini

DEFAULT_HOME = "~/.local/share/prewatt"


class Setting(NamedTuple):
    """How a setting is read. `field`: of `ServerConfig`. `default`: the text that holds if none is given. `read` returns
    the value of a text, or raises ValueError, which says what is wrong.
    """

    field: str
    default: str
    read: Callable[[str], Any]


SETTINGS = {
    "PREWATT_HOME": Setting("home", DEFAULT_HOME, lambda text: Path(text).expanduser()),
    "PREWATT_DATABASE": Setting("database", "", read_database),
    "PREWATT_HTTP": Setting("http", "127.0.0.1:8000", read_endpoint),
    "PREWATT_HOSTS": Setting("hosts", "localhost,127.0.0.1", lambda text: tuple(filter(None, text.split(",")))),
    "PREWATT_MQTT": Setting("mqtt", "127.0.0.1:1883", read_endpoint),
    "PREWATT_BROKER": Setting("own_broker", "own", read_own_broker),
    "PREWATT_SHARDS": Setting("shards", f"0-{SHARDS - 1}", read_shards),
    "PREWATT_PUBLIC_URL": Setting("public_url", "", read_public_url),
    "PREWATT_PROVIDERS": Setting("providers", "", read_providers),
    "PREWATT_PRIVATE_NOTICES": Setting("private_notices", "refuse", read_private_notices),
    "PREWATT_SECOND_FACTOR": Setting("second_factor", "none", read_second_factor),
    "PREWATT_WEB_PROCESSES": Setting("web_processes", "", read_web_processes),
    "PREWATT_PROXIES": Setting("proxies", "", read_proxies),
    "PREWATT_VENDING_KEY": Setting("vending_key", "", str),
    "PREWATT_SHARED_CLOCK": Setting("shared_clock", "", str),
    "PREWATT_MQTT_TLS": Setting("mqtt_tls", "", read_believed),
    "PREWATT_MQTT_CERTIFICATE": Setting("mqtt_certificate", "", read_file_name),
    "PREWATT_MQTT_KEY": Setting("mqtt_key", "", read_file_name),
    "PREWATT_WECHAT_MINI": Setting("wechat_mini", "", read_wechat_mini),
}
"""All settings, by the names of their variables. A new one is a line here and a field of `ServerConfig`."""


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
        values["hosts"] = (*values["hosts"], public_host_of(values["public_url"]))
    values["hosts"] = tuple(dict.fromkeys(values["hosts"]))
    return ServerConfig(**values)


def _check_names(env: Mapping[str, str]) -> None:
    for name in env:
        if name.startswith("PREWATT_") and name not in SETTINGS:
            raise ConfigError(
                _(
                    "%(name)s: there is no such setting. Known settings: %(known)s",
                    name=name,
                    known=", ".join(sorted(SETTINGS)),
                )
            )


def _check_certificates(values: Mapping[str, Any]) -> None:
    if bool(values["mqtt_certificate"]) != bool(values["mqtt_key"]):
        raise ConfigError(_("PREWATT_MQTT_CERTIFICATE and PREWATT_MQTT_KEY belong together: give both, or none"))
    if values["mqtt_tls"] and values["own_broker"] and not values["mqtt_certificate"]:
        raise ConfigError(
            _(
                "PREWATT_MQTT_TLS: gateways trust the certificate that prewatt makes for its own broker. Leave "
                "PREWATT_MQTT_TLS empty, or name another certificate with PREWATT_MQTT_CERTIFICATE and PREWATT_MQTT_KEY"
            )
        )
