"""A pack holds many entries of one meter as one compressed blob. The journal packs entries that have become old."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from ..kernel.entries import MAX_ENTRY, Record, chain
from ..kernel.recovery import JournalDamaged

MOST = 500
"""The most entries in a pack."""

_bodies = msgspec.msgpack.Decoder(list[bytes])


def pack(bodies: Sequence[bytes]) -> bytes:
    """Return the bodies of entries, one after the other, compressed."""
    return zlib.compress(msgspec.msgpack.encode(bodies), 6)


def unpack(packed: bytes, first: int, last: int, begin: bytes, end: bytes) -> list[Record]:
    """Return the entries `first` to `last`. Raises JournalDamaged if their chain does not lead from the first entry's
    hash, `begin`, to the last one's, `end`.
    """
    try:
        # Not more than they can have been: what is damaged may say that it unpacks to anything.
        bodies = _bodies.decode(zlib.decompressobj().decompress(packed, (last - first + 1) * (MAX_ENTRY + 8) + 8))
    except (TypeError, zlib.error, msgspec.DecodeError, ValueError) as error:
        raise JournalDamaged(f"packed entries can't be read ({error})") from None
    records: list[Record] = []
    for index, body in enumerate(bodies):
        records.append(Record(first + index, body, chain(records[-1].hash, body) if records else begin))
    if len(records) != last - first + 1 or records[-1].hash != end:
        raise JournalDamaged(f"the packed entries {first} to {last} do not continue the chain")
    return records
