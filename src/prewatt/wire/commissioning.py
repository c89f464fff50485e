"""What a gateway and its server say to each other while meters are set up: one call over HTTP, signed on both sides.

The gateway tells which meters it has found at flats where the server knows of none. The server answers with the flats, their
meters and the keys of codes. A manager confirms each meter that was found: it exists from then on.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

CLOCKS_DIFFER = 15 * 60 * 1_000_000
"""By how much (µs) the clocks of both may differ, so that an old call is worth nothing to others."""
MOST_FOUND = 250
LONGEST = 1_000_000

PRINTABLE = r"\A[^\x00-\x1f\x7f]*\Z"
"""Texts without control characters: databases refuse some, and people see none."""
Text = Annotated[str, Meta(max_length=64, pattern=PRINTABLE)]


class FoundAt(Struct, frozen=True):
    """A meter that was found at a unit: its number, its model's name, its register (Wh)."""

    unit: Text
    serial: Annotated[str, Meta(min_length=1, max_length=64, pattern=PRINTABLE)]
    model: Text
    register: Annotated[int, Meta(ge=0, le=2**62)]


class Asked(Struct, frozen=True):
    """The gateway's call, made at the instant `at` (µs). The answer is sealed to `reply_key` (X25519, hexadecimal)."""

    gateway: Annotated[str, Meta(max_length=32, pattern=PRINTABLE)]
    at: int
    reply_key: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    found: Annotated[tuple[FoundAt, ...], Meta(max_length=MOST_FOUND)] = ()


class Answered(Struct, frozen=True):
    """The server's answer to the call of the instant `at`. `meters`: as at enrolment. `units`: units without a meter."""

    gateway: str
    at: int
    meters: list[dict[str, Any]]
    units: list[str]


class Envelope(Struct, frozen=True):
    """A message as JSON, and its signature in hexadecimal digits."""

    body: Annotated[str, Meta(max_length=LONGEST)]
    signature: Annotated[str, Meta(pattern="^[0-9a-f]{128}$")]
