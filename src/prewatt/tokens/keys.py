"""This module holds the numbers and keys of IEC 62055-41: a meter's account number, the base dates of token
identifiers, and how a meter's key is derived from a vending key.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from .misty1 import Misty1
from .sta import Sta


class NumberError(ValueError):
    """A number or a key is wrong. The message says which one, and why."""


class BaseDate(IntEnum):
    """The date from which token identifiers count minutes: 1 January of the year (6.3.5)."""

    D1993 = 1993
    D2014 = 2014
    D2035 = 2035


class KeyType(IntEnum):
    """The type of a meter key (6.5.2): the first key of a meter, a default key for any meter, a key of one meter, or a
    common key for all meters of a supply group.
    """

    INITIALISATION = 0
    DEFAULT = 1
    UNIQUE = 2
    COMMON = 3


class Algorithm(IntEnum):
    """The encryption algorithm (6.1.5)."""

    STA = 7
    MISTY1 = 11


class Dkga(IntEnum):
    """The decoder key generation algorithm (6.1.4): DES, or key derivation with HMAC-SHA-256."""

    DES = 2
    KDF = 4


KEY_BYTES = {Algorithm.STA: 8, Algorithm.MISTY1: 16}
VENDING_KEY_BYTES = {Dkga.DES: 8, Dkga.KDF: 20}

LAST_TID = (1 << 24) - 1
_MINUTE = 60_000_000
_BASE_MINUTES = {BaseDate.D1993: 12_096_000, BaseDate.D2014: 23_141_280, BaseDate.D2035: 34_186_080}
"""Minutes from 1970 to the base date."""


def tid_at(base: BaseDate, at: int) -> int:
    """Return the token identifier of an instant (µs since 1970): the whole minutes since the base date. Raises
    NumberError if the instant has none.
    """
    tid = at // _MINUTE - _BASE_MINUTES[base]
    if not 0 <= tid <= LAST_TID:
        raise NumberError(f"the instant is not within the {LAST_TID} minutes after 1 January {base.value}")
    return tid


def instant_of(base: BaseDate, tid: int) -> int:
    """Return the first instant (µs since 1970) of a token identifier."""
    return (tid + _BASE_MINUTES[base]) * _MINUTE


def luhn(digits: str) -> int:
    """Return the check digit (ISO/IEC 7812-1) that belongs after `digits`."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def account_number(decoder_number: str) -> str:
    """Return a meter's primary account number (18 digits, 6.1.2) from the 11 or 13 digits printed on the meter.

    Raises NumberError for another number of digits, or if the check digit is wrong, as after a typing error.
    """
    if not (decoder_number.isascii() and decoder_number.isdigit() and len(decoder_number) in (11, 13)):
        raise NumberError(f"{decoder_number!r} is not a meter number of 11 or 13 digits")
    if luhn(decoder_number[:-1]) != int(decoder_number[-1]):
        raise NumberError(
            f"{decoder_number}: the check digit is wrong, so at least one digit is wrong. Read the number again"
        )
    body = ("600727" if len(decoder_number) == 11 else "0000") + decoder_number
    return f"{body}{luhn(body)}"


@dataclass(frozen=True)
class MeterKey:
    """A description of the key that a meter holds (6.1): all that a vendor must know of a meter, besides the vending
    key.

    `pan` is the primary account number (18 digits). `supply_group` has 6 digits. `tariff_index` is 0 to 99, `revision`
    1 to 9. `expiry` is the key expiry number, 0 to 255: the high byte of the last token identifier for which the key is
    valid. Raises NumberError if one of them is out of its range.
    """

    pan: str
    supply_group: str
    tariff_index: int = 1
    revision: int = 1
    key_type: KeyType = KeyType.UNIQUE
    expiry: int = 255
    base: BaseDate = BaseDate.D2014
    dkga: Dkga = Dkga.KDF
    algorithm: Algorithm = Algorithm.MISTY1

    def __post_init__(self) -> None:
        for name, length in (("pan", 18), ("supply_group", 6)):
            text = getattr(self, name)
            if not (text.isascii() and text.isdigit() and len(text) == length):
                raise NumberError(f"{name}: {text!r} must have {length} digits")
        for name, first, last in (("tariff_index", 0, 99), ("revision", 1, 9), ("expiry", 0, 255)):
            if not first <= getattr(self, name) <= last:
                raise NumberError(f"{name}: {getattr(self, name)} is not between {first} and {last}")
        if self.dkga == Dkga.DES and self.algorithm == Algorithm.MISTY1:
            raise NumberError("DKGA02 makes keys of 64 bits: MISTY1 needs DKGA04")

    def decoder_key(self, vending_key: bytes) -> bytes:
        """Return the meter's key, derived from the vending key of its supply group. Raises NumberError if the vending
        key has a wrong length.
        """
        if len(vending_key) != VENDING_KEY_BYTES[self.dkga]:
            raise NumberError(
                f"DKGA0{self.dkga.value} takes a vending key of {VENDING_KEY_BYTES[self.dkga]} bytes, not {len(vending_key)}"
            )
        return self._by_des(vending_key) if self.dkga == Dkga.DES else self._by_kdf(vending_key)

    def _pan(self) -> str:
        # A common key is the same for all meters of the group: no number of a single one is in it.
        if self.key_type != KeyType.COMMON:
            return self.pan
        return (self.pan[:6] if self.pan.startswith("600727") else self.pan[:4]).ljust(18, "0")

    def _by_des(self, vending_key: bytes) -> bytes:
        """Derive the key by DKGA02 (6.5.3.4): the vending key encrypts by DES what names the meter and its key, and
        both are added.
        """
        control = f"{self.key_type.value}{self.supply_group}{self.tariff_index:02}{self.revision}FFFFFF"
        block = bytes(a ^ b for a, b in zip(bytes.fromhex(self._pan()[1:17]), bytes.fromhex(control), strict=True))
        # With three equal keys, triple DES is DES.
        sealed = Cipher(TripleDES(vending_key * 3), modes.ECB()).encryptor().update(block)  # noqa: S305
        return bytes(a ^ b ^ c for a, b, c in zip(sealed, block, vending_key, strict=True))

    def _by_kdf(self, vending_key: bytes) -> bytes:
        """Derive the key by DKGA04 (6.5.3.6): the key derivation of NIST SP 800-108 with HMAC-SHA-256."""
        label = _fields("04", f"{self.base.value % 100:02}", f"{self.algorithm.value:02}", f"{self.tariff_index:02}")
        context = _fields(self.supply_group, f"{self.key_type.value}", f"{self.revision}", self._pan())
        length = KEY_BYTES[self.algorithm]
        return hmac.digest(vending_key, label + b"\0" + context + (8 * length).to_bytes(4), "sha256")[:length]


def _fields(*texts: str) -> bytes:
    return bytes([len(texts)]) + b"".join(bytes([len(text)]) + text.encode() for text in texts)


class BlockCipher(Protocol):
    """A cipher under one key, for blocks of 64 bits."""

    def encrypt(self, block: int) -> int:
        """Return the ciphertext of a 64-bit block."""

    def decrypt(self, block: int) -> int:
        """Return the plaintext of a 64-bit block."""


def cipher(algorithm: Algorithm, key: bytes) -> BlockCipher:
    """Return the algorithm under a meter's key. Raises ValueError if the key has a wrong length."""
    return Sta(key) if algorithm == Algorithm.STA else Misty1(key)
