"""Ed25519 keys and the signatures of frames and commands.

What is signed begins with a context, so that a signature made for one purpose is worth nothing for another.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from ..kernel.entries import Command, encode_command
from .messages import (
    VERSION,
    Downward,
    Frame,
    SignedCommand,
    Upward,
    WireError,
    decode_downward,
    decode_frame,
    decode_upward,
    encode_body,
    encode_frame,
)

UP = b"prewatt up"
DOWN = b"prewatt down"
COMMAND = b"prewatt command"


class SigningKey:
    """A private key. It is made where it stays, and never sent."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> SigningKey:
        """Return the key of 32 bytes. Raises ValueError if their number is wrong."""
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Load a key from a file of 64 hexadecimal digits. Raises ValueError, which names the file, if it holds no key."""
        try:
            return cls.from_bytes(bytes.fromhex(path.read_text().strip()))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: no signing key there ({error})") from None

    def save(self, path: Path) -> None:
        """Save the key in a new file that only its owner can read. Raises FileExistsError if the file exists."""
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.") as file:
            file.write(self._key.private_bytes_raw().hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
            # Under its name it is there whole or not at all, whoever else makes one at the same time.
            os.link(file.name, path)

    def public(self) -> bytes:
        """Return the 32 bytes by which others verify signatures."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, context: bytes, data: bytes) -> bytes:
        """Return the signature of `data` for the purpose `context`."""
        return self._key.sign(context + b"\0" + data)


class VerifyKey:
    """A public key. Raises ValueError if the 32 bytes are not a key."""

    def __init__(self, raw: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    def verifies(self, context: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether `signature` is this key's signature of `data` for the purpose `context`."""
        try:
            self._key.verify(signature, context + b"\0" + data)
        except InvalidSignature:
            return False
        return True


def _signed_part(version: int, kind: str, body: bytes) -> bytes:
    return f"{version}\0{kind}\0".encode() + body


def seal(key: SigningKey, message: Upward | Downward) -> bytes:
    """Return the signed frame of a message, ready to be published."""
    kind, body = encode_body(message)
    context = UP if isinstance(message, Upward) else DOWN
    return encode_frame(Frame(VERSION, kind, body, key.sign(context, _signed_part(VERSION, kind, body))))


def _open(key: VerifyKey, context: bytes, data: bytes) -> Frame:
    frame = decode_frame(data)
    if not key.verifies(context, _signed_part(frame.version, frame.kind, frame.body), frame.signature):
        raise WireError("signature", f"the signature of this {frame.kind} is not the sender's")
    return frame


def open_upward(key: VerifyKey, data: bytes) -> Upward:
    """Return the gateway's message in a signed frame. Raises WireError, which says why it is refused."""
    return decode_upward(_open(key, UP, data))


def open_downward(key: VerifyKey, data: bytes) -> Downward:
    """Return the head-end's message in a signed frame. Raises WireError, which says why it is refused."""
    return decode_downward(_open(key, DOWN, data))


def sign_command(key: SigningKey, command: Command) -> SignedCommand:
    """Sign a command, as it is stored in the credit log and sent."""
    body = encode_command(command)
    return SignedCommand(body, key.sign(COMMAND, body))


def command_is_signed(key: VerifyKey, command: SignedCommand) -> bool:
    """Return whether a command has a valid signature of `key`."""
    return key.verifies(COMMAND, command.body, command.signature)
