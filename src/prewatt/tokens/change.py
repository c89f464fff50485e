"""Key changes (IEC 62055-41, 6.2.7 to 6.2.9, 8.9): a new meter key cut into tokens under the old one, and put together
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .code import KeySection
from .keys import Algorithm, KeyType, MeterKey, NumberError


def sections(old: MeterKey, new: MeterKey, key: bytes, rollover: bool | None = None) -> tuple[KeySection, ...]:
    """The sections that carry `key`, which is `new`'s, to a meter that holds `old`'s: two, or four for MISTY1.

    `rollover`: whether the meter forgets which token identifiers it has seen; by default if the base date changes.
    NumberError if the change can't be made by tokens.
    """
    if (old.pan, old.algorithm) != (new.pan, new.algorithm):
        raise NumberError("a key change keeps the meter's number and its algorithm")
    forgets = old.base != new.base if rollover is None else rollover
    words = _words(new.algorithm, key)
    group = int(new.supply_group)
    # Only four sections have room for the group: a meter of two keeps what it was told at its installation.
    found = (
        KeySection(
            1, words[0], new.expiry & 0xF0, new.revision, forgets, more_sections=False, key_type=new.key_type.value
        ),
        KeySection(2, words[1], new.expiry & 0x0F, tariff_index=new.tariff_index),
    )
    if new.algorithm == Algorithm.STA:
        return found
    return (*found, KeySection(3, words[2], supply_group=group), KeySection(4, words[3], supply_group=group))


def _words(algorithm: Algorithm, key: bytes) -> tuple[int, ...]:
    """The key's 32-bit words in the order of the sections 1 to 4: high, low, and the two between."""
    words = [int.from_bytes(key[at : at + 4]) for at in range(0, len(key), 4)]
    return tuple(words) if algorithm == Algorithm.STA else (words[0], words[3], words[1], words[2])


def needed(algorithm: Algorithm) -> int:
    """How many sections a new key has."""
    return 2 if algorithm == Algorithm.STA else 4


def together(old: MeterKey, found: Mapping[int, KeySection]) -> tuple[MeterKey, bytes, bool] | None:
    """The new key's description, the key, and whether it rolls over, once all sections are there; None before.

    NumberError if they make no key. The base date of a rollover is the next one.
    """
    if len(found) < needed(old.algorithm):
        return None
    first, second = found[1], found[2]
    words = [first.key_part, second.key_part]
    group = old.supply_group
    if old.algorithm == Algorithm.MISTY1:
        words = [words[0], found[3].key_part, found[4].key_part, words[1]]
        group = f"{found[4].supply_group | found[3].supply_group & 0xFFF:06}"
    bases = list(type(old.base))
    later = bases[min(bases.index(old.base) + 1, len(bases) - 1)] if first.rollover else old.base
    new = replace(
        old,
        supply_group=group,
        tariff_index=second.tariff_index,
        revision=first.revision,
        key_type=KeyType(first.key_type),
        expiry=first.expiry | second.expiry,
        base=later,
    )
    return new, b"".join(word.to_bytes(4) for word in words), first.rollover
