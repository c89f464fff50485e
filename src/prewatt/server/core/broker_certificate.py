"""The files of the own broker's certificate, made again where its names have changed."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509

from .broker_authority import authority_of, signed
from .server_config import ServerConfig


def certificate_files(config: ServerConfig) -> tuple[Path, Path]:
    """Return the files of the own broker's certificate and of its key: those that the settings name, or else prewatt's
    own, which are made again if their names have changed. Raises OSError if they can't be written.
    """
    if config.mqtt_certificate and config.mqtt_key:
        return Path(config.mqtt_certificate), Path(config.mqtt_key)
    path, names = config.home / "broker" / "broker.pem", _names(config)
    if not _is_of(path, names):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(signed(*authority_of(config), names))
        fresh.replace(path)
    return path, path


def _names(config: ServerConfig) -> list[x509.GeneralName]:
    """Return the names under which the broker is reached, as far as the settings know them."""
    names = dict.fromkeys(("localhost", "127.0.0.1", "::1", socket.gethostname(), config.mqtt.host, *config.hosts))
    known: list[x509.GeneralName] = []
    for name in names:
        try:
            known.append(x509.IPAddress(ip_address(name.strip("[]"))))
        except ValueError:
            # A pattern such as .example.com, or a name in other letters, can't stand in a certificate; nothing is lost by it.
            with suppress(ValueError):
                known.append(x509.DNSName(name.lstrip(".*") or "localhost"))
    return known


def _is_of(path: Path, names: list[x509.GeneralName]) -> bool:
    try:
        kept = x509.load_pem_x509_certificate(path.read_bytes())
        return list(kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == names
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
