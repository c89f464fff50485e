"""This module seals messages, so that one receiver alone can read them though others listen on the way. The receiver
makes a key (X25519) for each message, in the manner of HPKE (RFC 9180). Both sides may also use a secret that they
share already, as in its mode PSK: then nobody in between can take the receiver's place.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PUBLIC = 32
"""The bytes of a public key of X25519, with which each sealed message begins."""
NONCE = bytes(12)
"""Each message has a key of its own, which is used once."""


class SealedError(ValueError):
    """A message can't be opened: it is damaged, or sealed to somebody else or by somebody else."""


class Receiver:
    """The receiver of one sealed message. `public`: the key (32 bytes) to which the message must be sealed."""

    def __init__(self) -> None:
        self._key = X25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()

    def open(self, sealed: bytes, purpose: bytes, secret: bytes = b"") -> bytes:
        """Return what was sealed for this purpose with this secret. Raises SealedError if it can't be opened."""
        theirs = sealed[:PUBLIC]
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(theirs))
            return _cipher(shared, theirs + self.public, purpose, secret).decrypt(NONCE, sealed[PUBLIC:], purpose)
        except (InvalidTag, ValueError):
            raise SealedError("the message can't be opened: it is damaged, or not for this receiver") from None


def seal(receiver: bytes, plain: bytes, purpose: bytes, secret: bytes = b"") -> bytes:
    """Return `plain`, sealed for a purpose to the key `receiver` (32 bytes). Raises ValueError if that is not a key."""
    ours = X25519PrivateKey.generate()
    public = ours.public_key().public_bytes_raw()
    shared = ours.exchange(X25519PublicKey.from_public_bytes(receiver))
    return public + _cipher(shared, public + receiver, purpose, secret).encrypt(NONCE, plain, purpose)


def _cipher(shared: bytes, keys: bytes, purpose: bytes, secret: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=secret or None, info=purpose + keys).derive(shared))
