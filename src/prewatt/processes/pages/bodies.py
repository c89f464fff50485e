"""The bodies of requests are read here before a thread is taken for them. They are bounded by the page that they are
for, by how slowly they come, and by the room that all of them, and those of one address, take together.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from typing import IO

from django.urls import Resolver404, resolve

from ...server.core.uploads import LARGEST_FORM, LARGEST_PHOTOS, LARGEST_UPLOAD, largest
from .refusals import Message, Receive, Scope, too_busy, too_large, too_late

PIECE_WITHIN = 20.0
"""Seconds within which a further piece of a body must come."""
SLOWEST = 10_000
"""Bytes that must come each second on average, after the first `PIECE_WITHIN`."""
IN_MEMORY = 1024 * 1024
"""A body that is larger lies in a temporary file."""
ALL_MOST, ADDRESS_MOST = 256 * 1024 * 1024, 128 * 1024 * 1024
"""The most bytes of all large bodies in this process at once, and of those of one address."""
DISCARDED_MOST = 32 * 1024 * 1024
"""So much of a body that is too large is read and thrown away: a browser shows the answer only after it has sent all."""


class Room:
    """The room for large bodies: what is taken of it, in bytes."""

    def __init__(self) -> None:
        self._taken = 0
        self._by_address: Counter[str] = Counter()

    def take(self, address: str, size: int) -> None:
        """Take `size` bytes for a body. Raises Refusal if there is no room."""
        if self._taken + size > ALL_MOST or self._by_address[address] + size > ADDRESS_MOST:
            raise too_busy(10)
        self._taken += size
        self._by_address[address] += size

    def give_back(self, address: str, size: int) -> None:
        """Give back what was taken."""
        self._taken -= size
        self._by_address[address] -= size
        if not self._by_address[address]:
            del self._by_address[address]


def most_of(scope: Scope) -> int:
    """Return how many bytes the body of a request may have."""
    path = scope["path"]
    if path.startswith("/api/v1/wechat/"):
        # Anybody comes in here, and is read before it is known who it is.
        return LARGEST_FORM
    if path.startswith("/api/v1/"):
        # Notes with photos come as forms of several parts, all else as JSON.
        return LARGEST_PHOTOS if header(scope, b"content-type").startswith(b"multipart/") else LARGEST_UPLOAD
    try:
        return largest(resolve(path).func)
    except Resolver404:
        return LARGEST_FORM


class Body:
    """The body of one request. Use it as a context: at its end room and file are given back."""

    def __init__(self, scope: Scope, address: str, room: Room) -> None:
        self._scope, self._address, self._room = scope, address, room
        self._reserved = self.size = 0
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - __exit__ closes it

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()
        if self._reserved:
            self._room.give_back(self._address, self._reserved)

    async def read(self, receive: Receive) -> bool:
        """Read the body. Returns False if the browser has gone away. Raises Refusal if it is too large or too slow, or
        if there is no room for it.
        """
        most, too_much = self._expect()
        began = asyncio.get_running_loop().time()
        seen, more = 0, True
        while more and not (too_much and seen > DISCARDED_MOST):
            message = await _piece(receive, began + PIECE_WITHIN + seen / SLOWEST)
            if message["type"] == "http.disconnect":
                return False
            piece = message.get("body", b"")
            seen += len(piece)
            more = message.get("more_body", False)
            if seen > most == LARGEST_FORM and not too_much:
                # It comes in chunks, and nobody has said how many bytes they are together.
                most = self._make_room()
            too_much = too_much or seen > most
            if not too_much:
                self.file.write(piece)
        if too_much:
            raise too_large(most)
        self.size = seen
        self.file.seek(0)
        return True

    def _expect(self) -> tuple[int, bool]:
        """Return how many bytes may come, and whether more are announced. If not, there is room for those that are."""
        length = header(self._scope, b"content-length")
        declared = int(length) if length.isdigit() else 0
        if declared <= LARGEST_FORM:
            return LARGEST_FORM, False
        most = most_of(self._scope)
        if declared <= most:
            self._reserve(declared)
        return most, declared > most

    def _make_room(self) -> int:
        """Return how many bytes may come; there is room for all of them."""
        most = most_of(self._scope)
        if most > LARGEST_FORM:
            self._reserve(most)
        return most

    def _reserve(self, size: int) -> None:
        self._room.take(self._address, size - self._reserved)
        self._reserved = size


async def _piece(receive: Receive, until: float) -> Message:
    """Return the next piece. Raises Refusal if it does not come soon, or (`until`, on the loop's clock) all of them are
    slow.
    """
    try:
        async with asyncio.timeout(PIECE_WITHIN), asyncio.timeout_at(until):
            return await receive()
    except TimeoutError:
        raise too_late() from None


def header(scope: Scope, name: bytes) -> bytes:
    return next((value for each, value in scope["headers"] if each == name), b"")
