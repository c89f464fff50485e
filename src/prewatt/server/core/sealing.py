"""Secrets kept in the database, sealed with AES-256-GCM under a key in a file of the server's own folder."""

from __future__ import annotations

import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from .home_secrets import vending_secret

NONCE = 12


class SealError(ValueError):
    """A sealed secret cannot be opened; the message says why."""


class Sealer:
    """A sealer for one purpose: it cannot open what was sealed for another."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._cipher = AESGCM(secret)
        self._purpose = purpose

    def seal(self, plain: bytes) -> bytes:
        """Return nonce and ciphertext of `plain`."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, self._purpose.encode())

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises SealError if another server sealed it, if it is for another purpose, or if it
        is damaged.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], self._purpose.encode())
        except (InvalidTag, ValueError):
            raise SealError(
                f"this {self._purpose.removeprefix('prewatt ')} was sealed by another server: bring the file vending.key "
                "that belongs to the database"
            ) from None


@cache
def sealer(purpose: str) -> Sealer:
    """Return this server's sealer for a purpose."""
    return Sealer(vending_secret(settings.CONFIG), f"prewatt {purpose}")
