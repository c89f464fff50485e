"""This module sums refusals by sender and reason before they are stored, so that a flood costs the database one row.
Logic without I/O.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .batch import Refusal

TOO_MANY = "too-many"
"""The reason of messages that were dropped unopened."""


def summed(refusals: Iterable[Refusal]) -> list[Refusal]:
    """Return one refusal for each sender and reason, with the text of the first and the count of all."""
    sums: dict[tuple[str, str], Refusal] = {}
    for refusal in refusals:
        key = (refusal.gateway, refusal.reason)
        first = sums.get(key)
        count = refusal.count + (first.count if first else 0)
        sums[key] = Refusal(*key, first.text if first else refusal.text, count)
    return list(sums.values())


def of_dropped(dropped: Mapping[str, int], known: Collection[str]) -> list[Refusal]:
    """Return the refusals of messages that were dropped because their senders (by name) sent too many. `known`: the
    gateways that are enrolled.
    """
    text = "it sent more than its share, and these messages were dropped unopened"
    return [Refusal(name if name in known else "", TOO_MANY, text, count) for name, count in dropped.items()]
