"""The security module holds the vending keys and uses them, so that nobody else sees one.

`SoftwareModule` stores them sealed in the database, under a key in a file of the server's folder. A hardware module has
the same interface: it stores its own reference to a key in the place of the sealed bytes.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from django.conf import settings

from ...tokens import MeterKey, Token, cipher, encode, sections
from ..core.home_secrets import vending_secret
from ..core.sealing import Sealer, SealError


class SecurityError(ValueError):
    """The module cannot use a key; the message says why."""


class SecurityModule(Protocol):
    """The interface of a security module. `sealed` names a vending key: `seal` makes it, the database stores it."""

    def seal(self, vending_key: bytes) -> bytes:
        """Store a vending key. Returns the bytes that name it."""

    def encode(self, sealed: bytes, meter: MeterKey, token: Token) -> str:
        """Return the 20 digits of a token. Raises SecurityError if the key cannot be used, NumberError if a value is
        not possible.
        """

    def change_key(
        self, sealed: bytes, old: MeterKey, new_sealed: bytes, new: MeterKey, rollover: bool | None
    ) -> list[str]:
        """Return the codes that bring a meter from one key to another. Raises SecurityError if a key cannot be used,
        NumberError if a value is not possible.
        """

    def decoder_key(self, sealed: bytes, meter: MeterKey) -> bytes:
        """Return a meter's own key, for the gateway that decodes for it. Raises SecurityError if the vending key cannot
        be used.
        """


class SoftwareModule:
    """The security module in software: it seals vending keys as the server seals all of its secrets."""

    def __init__(self, secret: bytes) -> None:
        self._sealer = Sealer(secret, "prewatt vending key")

    def seal(self, vending_key: bytes) -> bytes:
        """Return the vending key, sealed."""
        return self._sealer.seal(vending_key)

    def _open(self, sealed: bytes) -> bytes:
        try:
            return self._sealer.open(sealed)
        except SealError as error:
            raise SecurityError(str(error)) from None

    def encode(self, sealed: bytes, meter: MeterKey, token: Token) -> str:
        """Return the 20 digits of a token."""
        return encode(token, cipher(meter.algorithm, self.decoder_key(sealed, meter)))

    def change_key(
        self, sealed: bytes, old: MeterKey, new_sealed: bytes, new: MeterKey, rollover: bool | None
    ) -> list[str]:
        """Return the codes that bring a meter from one key to another."""
        under = cipher(old.algorithm, self.decoder_key(sealed, old))
        return [encode(each, under) for each in sections(old, new, self.decoder_key(new_sealed, new), rollover)]

    def decoder_key(self, sealed: bytes, meter: MeterKey) -> bytes:
        """Return a meter's own key, derived from the sealed vending key."""
        return meter.decoder_key(self._open(sealed))


@cache
def security_module() -> SecurityModule:
    """Return the security module of this server."""
    return SoftwareModule(vending_secret(settings.CONFIG))
