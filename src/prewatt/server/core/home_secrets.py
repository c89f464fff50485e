"""The secrets in the server's home folder, each made at the first start."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from pathlib import Path

from ...terminal_texts import _
from ...wire.signing import SigningKey
from .home_folder import make_private, prepare_folder
from .server_config import ConfigError, ServerConfig


def secret(config: ServerConfig) -> str:
    """Return the server's secret, made at the first start."""
    path = config.home / "secret"
    if not path.exists():
        make_private(path, secrets.token_hex(32))
    return path.read_text().strip()


def cookie_name(name: str, secret_text: str, *, by_https: bool) -> str:
    """Return the name of a cookie of the server with this secret. Browsers keep cookies by the host without its port:
    without the secret in the name, two servers on one host would take each other's, and log each other's people out. By
    HTTPS the name also keeps other hosts of the domain from setting it.
    """
    tag = hmac.new(secret_text.encode(), b"prewatt.cookies", hashlib.sha256).hexdigest()[:8]
    return f"{'__Host-' if by_https else ''}{name}-{tag}"


def signing_key(config: ServerConfig) -> SigningKey:
    """Return the key that signs commands and receipts, made at the first start."""
    path = config.home / "server.key"
    if not path.exists():
        prepare_folder(config.home)
        # Several processes may start for the first time together: the first one's key is everybody's.
        with suppress(FileExistsError):
            SigningKey.generate().save(path)
    return SigningKey.load(path)


def vending_secret(config: ServerConfig) -> bytes:
    """Return the key under which vending keys are sealed, made at the first start unless a setting names its file.
    Without it neither a stolen copy of the database nor a restored one can make tokens. Raises ConfigError if the file
    that the setting names is not there.
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
