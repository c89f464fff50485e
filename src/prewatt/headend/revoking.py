"""The head-end sends the lists of revoked staff grants to gateways until these tell that they have them. Logic without I/O, on a
clock that never jumps.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import UNSET

from ..wire.messages import Revoked, Status

RESEND = 5.0
"""Seconds after which a list is sent again to a gateway that has not yet said that it has it."""


class Lacking(NamedTuple):
    """An online gateway with an older list than its property. `number`, `body`, `signature`: the property's list."""

    gateway: str
    number: int
    body: bytes
    signature: bytes


def told(status: Status) -> int | None:
    """Return the number of the list that a gateway says it has; -1 if its software knows no lists, None if this status
    says nothing of them.
    """
    if isinstance(status.revocations, int):
        return status.revocations
    return -1 if status.fresh and status.revocations is UNSET else None


class Revoking:
    """When each list was sent. If that is forgotten (a restart), lists are sent again, and nothing else is lost."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, int], float] = {}

    def tick(self, mono: float, lacking: Iterable[Lacking]) -> list[Revoked]:
        """Return the lists to send now. `lacking`: all gateways that need one."""
        sent, due = {}, []
        for each in lacking:
            key = (each.gateway, each.number)
            last = self._sent.get(key)
            if last is None or mono - last >= RESEND:
                last = mono
                due.append(Revoked(each.gateway, each.body, each.signature))
            sent[key] = last
        self._sent = sent
        return due
