"""The values of the server's settings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import Struct


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
    `mqtt`: where the pages and the broker listen. `hosts`: names under which the pages are reached. `shards`: the first
    and the last shard of gateways that this server hears. `shared_clock`: file of a demonstration's clock.
    `own_broker`: whether prewatt starts the broker. `public_url`: where payment providers and tenants reach the pages.
    `providers`: addresses that replace those of payment providers, for a sandbox. `private_notices`: whether webhooks
    may go to addresses in private networks. `vending_key`: the file of the key for vending keys, if it is not in
    `home`. `second_factor`: who must have one. `web_processes`: how many processes serve the pages. `proxies`:
    addresses and networks of reverse proxies on other machines, which are believed when they say for whom they ask.
    `mqtt_tls`: what gateways believe of the broker's certificate (`broker_tls`); empty: the own authority, or no TLS at
    another's broker. `mqtt_certificate`, `mqtt_key`: the files of the own broker's certificate and key, in place of
    those that prewatt makes. `wechat_mini`: id and secret of the WeChat mini program of those landlords who have none
    of their own; empty if there is none.
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
