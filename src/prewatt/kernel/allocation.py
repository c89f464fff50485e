"""This module divides an amount by weights, exactly: the shares always sum to the amount.

It uses the largest remainder (Hamilton's method). Where remainders are equal, the order of the keys decides and not
that of the list, so the same people get the same shares however they are listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Any)
"""A key that can be ordered, such as the number of a unit."""

WHOLE = 10**6
"""The parts of a mix together, in parts per million."""


class NoBaseError(ValueError):
    """The weights sum to zero, so there is nobody to divide among."""


def apportion(amount: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Divide `amount` (0 or more, in any unit) by whole weights of 0 or more. Returns the shares by key, in the order
    of the keys.

    Raises NoBaseError if the weights sum to zero, ValueError if a weight or the amount is negative.
    """
    if amount < 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("neither an amount nor a weight can be negative")
    total = sum(weights.values())
    if total == 0:
        raise NoBaseError("the weights sum to zero")
    shares = {key: amount * weights[key] // total for key in sorted(weights)}
    left = amount - sum(shares.values())
    by_remainder = sorted(shares, key=lambda key: (-(amount * weights[key] % total), key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares


def apportion_mix(amount: int, mix: Sequence[tuple[int, Mapping[Key, int]]]) -> dict[Key, int]:
    """Divide an amount by several sets of weights at once: each set divides its part of the amount (parts per million,
    which sum to `WHOLE`).

    All sets have the same keys. Raises NoBaseError, with the index of the part, if the weights of a part sum to zero.
    """
    if sum(part for part, _ in mix) != WHOLE:
        raise ValueError(f"the parts of a mix sum to {sum(part for part, _ in mix)}, not {WHOLE}")
    parts = apportion(amount, {index: part for index, (part, _) in enumerate(mix)})
    shares: dict[Key, int] = {}
    for index, (part, weights) in enumerate(mix):
        if part == 0:
            continue
        try:
            found = apportion(parts[index], weights)
        except NoBaseError as error:
            raise NoBaseError(str(error), index) from None
        for key, share in found.items():
            shares[key] = shares.get(key, 0) + share
    return shares
