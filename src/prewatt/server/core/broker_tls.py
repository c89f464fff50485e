"""What gateways and the server's own processes believe when they connect to the broker."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ...wire.link import BrokerAddress
from .broker_authority import authority_of
from .broker_certificate_parts import pem
from .home_secrets import broker_password
from .server_config import ServerConfig

SYSTEM = "system"
"""The value of the setting by which the certificates of the system are believed."""


class Trust(NamedTuple):
    """What a client of the broker believes. `tls`: whether it connects by TLS. `ca`: certificates (PEM); empty: those
    of the system. `any_name`: whether they sign for this broker alone, so that no name is compared.
    """

    tls: bool
    ca: str = ""
    any_name: bool = False


def trust_of_gateways(config: ServerConfig) -> Trust:
    """Return what gateways believe when they connect to the broker. Raises OSError if a file that a setting names can't be
    read.
    """
    if config.mqtt_tls == SYSTEM or (config.mqtt_certificate and not config.mqtt_tls):
        return Trust(True)
    if config.mqtt_tls:
        return Trust(True, Path(config.mqtt_tls).read_text())
    if config.own_broker:
        return Trust(True, pem(authority_of(config)[1]), any_name=True)
    return Trust(False)


def address_for(config: ServerConfig, user: str, retry_longest_s: float) -> BrokerAddress:
    """Return where and how a process of the server connects to the broker as `user`. Raises OSError as `trust_of_gateways`."""
    trust = trust_of_gateways(config)
    if config.own_broker and config.mqtt_certificate:
        # On this machine the broker has another name than its certificate says.
        trust = Trust(True, Path(config.mqtt_certificate).read_text(), any_name=True)
    password = broker_password(config, user)
    return BrokerAddress(*config.mqtt.reached_at, user, password, trust.tls, retry_longest_s, trust.ca, trust.any_name)
