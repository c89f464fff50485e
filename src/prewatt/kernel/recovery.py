"""This module tells what is left of a chain of journal records after a loss of power, and what is damaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .entries import Record, chain


class Recovery(NamedTuple):
    """What is left of a journal after a loss of power: how many records are whole, and whether a torn last record was
    dropped.
    """

    whole: int
    torn: bool


class JournalDamaged(Exception):
    """A journal is not as it was written. Nothing of it may be dropped, and nothing may be charged on top of it."""


def recover(previous: bytes, first_seq: int, records: Sequence[Record]) -> Recovery:
    """Check a chain of records that continues `previous`, from the number `first_seq` on.

    A wrong last record is what a power cut during its write leaves: it is dropped, and only it, because its effect was
    never shown. Raises JournalDamaged if an earlier record is wrong.
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
