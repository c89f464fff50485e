"""This module cuts a new meter key into tokens under the old key, and puts it together again (key changes, IEC
62055-41, 6.2.7 to 6.2.9 and 8.9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .code import KeySection
from .keys import Algorithm, KeyType, MeterKey, NumberError


def sections(old: MeterKey, new: MeterKey, key: bytes, rollover: bool | None = None) -> tuple[KeySection, ...]:
    """Return the sections that carry the new key's bytes `key` to a meter that holds the `old` key: two for STA, four
    for MISTY1.

    `rollover` says whether the meter forgets which token identifiers it has seen. By default it does if the base date
    changes. Raises NumberError if tokens can't make this change.
    """
    if (old.pan, old.algorithm) != (new.pan, new.algorithm):
        raise NumberError("a key change keeps the meter's number and its algorithm")
    forgets = old.base != new.base if rollover is None else rollover
    words = _words(new.algorithm, key)
    group = int(new.supply_group)
    # Only four sections have room for the supply group. A meter that gets two keeps the group of its installation.
    first_two = (
        KeySection(
            1, words[0], new.expiry & 0xF0, new.revision, forgets, more_sections=False, key_type=new.key_type.value
        ),
        KeySection(2, words[1], new.expiry & 0x0F, tariff_index=new.tariff_index),
    )
    if new.algorithm == Algorithm.STA:
        return first_two
    return (*first_two, KeySection(3, words[2], supply_group=group), KeySection(4, words[3], supply_group=group))


def _words(algorithm: Algorithm, key: bytes) -> tuple[int, ...]:
    """Return the key's 32-bit words in the order of the sections 1 to 4: the high word, the low word, then the two
    between.
    """
    words = [int.from_bytes(key[at : at + 4]) for at in range(0, len(key), 4)]
    return tuple(words) if algorithm == Algorithm.STA else (words[0], words[3], words[1], words[2])


def needed(algorithm: Algorithm) -> int:
    """Return how many sections carry a new key."""
    return 2 if algorithm == Algorithm.STA else 4


def together(old: MeterKey, received: Mapping[int, KeySection]) -> tuple[MeterKey, bytes, bool] | None:
    """Return the new key's description, its bytes, and whether it rolls over; None while sections are missing.

    `received` holds the sections by number. If the key rolls over, its base date is the next one. Raises NumberError if
    the sections make no key.
    """
    if len(received) < needed(old.algorithm):
        return None
    first, second = received[1], received[2]
    words = [first.key_part, second.key_part]
    group = old.supply_group
    if old.algorithm == Algorithm.MISTY1:
        words = [words[0], received[3].key_part, received[4].key_part, words[1]]
        group = f"{received[4].supply_group | received[3].supply_group & 0xFFF:06}"
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
