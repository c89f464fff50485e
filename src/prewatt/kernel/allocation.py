"""This module divides an amount by weights, exactly: the shares sum to the amount.

The method is that of the largest remainder (Hamilton). If remainders are equal, the order of the keys decides, not that
of the list: the same people get the same shares however they are listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Any)
"""Whatever can be ordered: a unit's number, say."""

WHOLE = 10**6
"""All of a mix, in parts per million."""


class NoBaseError(ValueError):
    """The weights sum to zero: there is nobody to share the cost."""


def apportion(amount: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Return each key's share of `amount` (0 or more, in any unit), by whole weights of 0 or more; the keys are sorted.

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
    """Divide an amount by several weights with the same keys. Each pair of `mix` is a part of it (ppm) and its weights.

    Raises ValueError if the parts do not sum to `WHOLE`, NoBaseError with a part's index if its weights sum to zero.
    """
    if sum(part for part, _ in mix) != WHOLE:
        raise ValueError(f"the parts of a mix sum to {sum(part for part, _ in mix)}, not {WHOLE}")
    parts = apportion(amount, {index: part for index, (part, _) in enumerate(mix)})
    shares: dict[Key, int] = {}
    for index, (part, weights) in enumerate(mix):
        if part == 0:
            continue
        try:
            divided = apportion(parts[index], weights)
        except NoBaseError as error:
            raise NoBaseError(str(error), index) from None
        for key, share in divided.items():
            shares[key] = shares.get(key, 0) + share
    return shares
