"""The security module: who holds vending keys, and uses them so that nobody else need see one.

`SoftwareModule` keeps them sealed in the database, under a key in a file of the server's own folder. A hardware module
stands behind the same interface: it keeps its own reference to a key in the place of the sealed bytes.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from django.conf import settings

from ...tokens import MeterKey, Token, cipher, encode, sections
from ..core.config import vending_secret
from ..core.sealing import Sealer, SealError


class SecurityError(ValueError):
    """The module can't use a key; the message says why."""


class SecurityModule(Protocol):
    """What vending asks of whoever holds the keys. `sealed` names a vending key: made by `seal`, kept in the database."""

    def seal(self, vending_key: bytes) -> bytes:
        """Take a vending key in."""

    def encode(self, sealed: bytes, meter: MeterKey, token: Token) -> str:
        """The 20 digits of a token. SecurityError, NumberError."""

    def change_key(
        self, sealed: bytes, old: MeterKey, new_sealed: bytes, new: MeterKey, rollover: bool | None
    ) -> list[str]:
        """The codes that bring a meter from one key to another. SecurityError, NumberError."""

    def decoder_key(self, sealed: bytes, meter: MeterKey) -> bytes:
        """A meter's own key, for the gateway that decodes for it. SecurityError."""


class SoftwareModule:
    """Vending keys sealed as all secrets of the server are."""

    def __init__(self, secret: bytes) -> None:
        self._sealer = Sealer(secret, "prewatt vending key")

    def seal(self, vending_key: bytes) -> bytes:
        return self._sealer.seal(vending_key)

    def _open(self, sealed: bytes) -> bytes:
        try:
            return self._sealer.open(sealed)
        except SealError as error:
            raise SecurityError(str(error)) from None

    def encode(self, sealed: bytes, meter: MeterKey, token: Token) -> str:
        return encode(token, cipher(meter.algorithm, self.decoder_key(sealed, meter)))

    def change_key(
        self, sealed: bytes, old: MeterKey, new_sealed: bytes, new: MeterKey, rollover: bool | None
    ) -> list[str]:
        under = cipher(old.algorithm, self.decoder_key(sealed, old))
        return [encode(each, under) for each in sections(old, new, self.decoder_key(new_sealed, new), rollover)]

    def decoder_key(self, sealed: bytes, meter: MeterKey) -> bytes:
        return meter.decoder_key(self._open(sealed))


@cache
def security_module() -> SecurityModule:
    """The module of this server."""
    return SoftwareModule(vending_secret(settings.CONFIG))
