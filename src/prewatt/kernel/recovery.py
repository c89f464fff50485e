"""What is left of a chain of journal records after a loss of power, and what is damage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .entries import Record, chain


class Recovery(NamedTuple):
    """What is left of a journal after a loss of power: how many records are whole, and whether a torn last one was
    dropped.
    """

    whole: int
    torn: bool


class JournalDamaged(Exception):
    """A journal is not as it was written: nothing of it may be dropped, and nothing charged on top of it."""


def recover(previous: bytes, first_seq: int, records: Sequence[Record]) -> Recovery:
    """Check a chain that continues `previous` at `first_seq`.

    A wrong last record is what a power cut in the middle of its write leaves: it is to be dropped, and only it. Its
    effect had not been shown yet. JournalDamaged if any earlier record is wrong.
    """
    for index, record in enumerate(records):
        expected = chain(previous, record.body)
        if record.seq != first_seq + index or record.hash != expected:
            if index == len(records) - 1:
                return Recovery(index, torn=True)
            raise JournalDamaged(
                f"record {record.seq} does not continue the chain, and {len(records) - 1 - index} records follow it"
            )
        previous = expected
    return Recovery(len(records), torn=False)
