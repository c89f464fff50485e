"""The Standard Transfer Algorithm is encryption algorithm 07 of IEC 62055-41 (6.5.4): 64-bit blocks under a 64-bit key.

It has sixteen rounds. In each round every nibble of the block goes through one of two substitution tables, which a bit
of the key chooses. Then all bits change places, and the key rotates by one bit. With these tables the published cases
of STS 531-1 come out (`tests/tokens/vectors/sts_531_1.json`).
"""

from __future__ import annotations

MASK = (1 << 64) - 1
ROUNDS = 16

# fmt: off
SUBSTITUTION = (
    (14, 10, 7, 9, 12, 3, 2, 5, 13, 0, 15, 1, 4, 8, 6, 11),
    (12, 8, 2, 13, 7, 6, 1, 3, 11, 5, 9, 15, 0, 4, 10, 14),
)
PERMUTATION = (
    55, 42, 10, 18, 24, 21, 44, 35, 2, 22, 56, 43, 27, 58, 9, 50,
    6, 36, 12, 61, 37, 38, 53, 16, 62, 3, 7, 4, 32, 20, 63, 25,
    51, 52, 54, 33, 49, 19, 46, 29, 48, 31, 23, 30, 41, 28, 13, 5,
    40, 60, 39, 11, 15, 17, 1, 0, 57, 34, 59, 8, 47, 14, 45, 26,
)
# fmt: on
"""`PERMUTATION[i]` is where bit i of the block goes."""

_INVERSE_SUBSTITUTION = tuple(tuple(table.index(value) for value in range(16)) for table in SUBSTITUTION)
_INVERSE_PERMUTATION = tuple(PERMUTATION.index(place) for place in range(64))


def _spread(places: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return, for each byte of a block and each value of it, where its bits go. Eight lookups then permute a block."""
    return tuple(
        tuple(sum(1 << places[8 * byte + bit] for bit in range(8) if value >> bit & 1) for value in range(256))
        for byte in range(8)
    )


_SPREAD = _spread(PERMUTATION)
_GATHER = _spread(_INVERSE_PERMUTATION)


def _permute(block: int, spread: tuple[tuple[int, ...], ...]) -> int:
    result = 0
    for byte in range(8):
        result |= spread[byte][block >> 8 * byte & 0xFF]
    return result


def _substitute(block: int, key: int, tables: tuple[tuple[int, ...], ...]) -> int:
    result = 0
    for place in range(0, 64, 4):
        result |= tables[key >> place + 3 & 1][block >> place & 15] << place
    return result


class Sta:
    """The algorithm under one key of 8 bytes. Raises ValueError for another length."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 8:
            raise ValueError(f"STA takes a key of 8 bytes, not {len(key)}")
        turned = ~int.from_bytes(key) & MASK
        self._keys = [_left(turned, 64 - 12 + number) for number in range(ROUNDS)]

    def encrypt(self, block: int) -> int:
        """Return the ciphertext of a 64-bit block."""
        for key in self._keys:
            block = _permute(_substitute(block, key, SUBSTITUTION), _SPREAD)
        return block

    def decrypt(self, block: int) -> int:
        """Return the plaintext of a 64-bit block."""
        for key in reversed(self._keys):
            block = _substitute(_permute(block, _GATHER), key, _INVERSE_SUBSTITUTION)
        return block


def _left(value: int, count: int) -> int:
    count %= 64
    return (value << count | value >> 64 - count) & MASK
