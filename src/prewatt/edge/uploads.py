"""The content of an upload: the pieces to send, as the journal has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..wire.messages import MAX_UPLOAD, Span
from .sync import Piece


def read_pieces(
    read: Callable[[str, int, int], Sequence[bytes]],
    pieces: Sequence[Piece],
    hash_at: Callable[[str, int], bytes | None] = lambda _meter, _seq: None,
) -> tuple[tuple[Span, ...], tuple[int, ...], dict[str, int]]:
    """Read the entries of an upload from the journal, as many as one message holds; the head-end asks for the rest.

    Returns the spans; for each span, how many of its entries are late; and the meters whose entries are not here, with
    the first missing number. `hash_at` returns the hash of a meter's entry, None if it is not here any more.
    """
    spans: list[Span] = []
    lacking: dict[str, int] = {}
    late: list[int] = []
    room = MAX_UPLOAD
    for piece in pieces:
        bodies: list[bytes] = []
        for body in read(piece.meter, piece.first, piece.last):
            room -= len(body)
            if room < 0 and (bodies or spans):
                break
            bodies.append(body)
        if not bodies:
            lacking[piece.meter] = piece.first
        else:
            spans.append(Span(piece.meter, piece.first, tuple(bodies), hash_at(piece.meter, piece.first - 1) or b""))
            late.append(min(piece.late, len(bodies)))
        if room < 0:
            break
    return tuple(spans), tuple(late), lacking
