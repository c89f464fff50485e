"""Secrets kept in the database, sealed with AES-256-GCM under a key in a file of the server's own folder."""

from __future__ import annotations

import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from .config import vending_secret

NONCE = 12


class SealError(ValueError):
    """A sealed secret can't be opened; the message says why."""


class Sealer:
    """Seals for one purpose: what was sealed for another doesn't open."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._cipher = AESGCM(secret)
        self._purpose = purpose

    def seal(self, plain: bytes) -> bytes:
        """Nonce and ciphertext."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, self._purpose.encode())

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. SealError if it was by another server, for another purpose, or is damaged."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], self._purpose.encode())
        except (InvalidTag, ValueError):
            raise SealError(
                f"this {self._purpose.removeprefix('prewatt ')} was sealed by another server: bring the file vending.key "
                "that belongs to the database"
            ) from None


@cache
def sealer(purpose: str) -> Sealer:
    """This server's, for a purpose."""
    return Sealer(vending_secret(settings.CONFIG), f"prewatt {purpose}")
