"""This module sends commands until the journals show them applied, and tells which gateways are online. Logic without
I/O, on a clock that never jumps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import Struct

from ..wire.messages import MAX_COMMANDS, Orders, SignedCommand, Status, Upload

MAX_ORDERS_BYTES = 512 * 1024


class DispatchPolicy(Struct, frozen=True):
    """The times of sending, in seconds. After `resend`, a command is sent again if no status shows that the meter took
    it up. After `silence` without a message, a gateway counts as offline.
    """

    resend: float = 5.0
    silence: float = 25.0


@dataclass(frozen=True, slots=True)
class Pending:
    """A command of the credit log that no journal entry shows yet."""

    gateway: str
    meter: str
    number: int
    signed: SignedCommand


@dataclass(slots=True)
class Dispatched:
    """The result of a tick: `orders` are to be published, `sent` are commands (meter, number) to be marked as sent, and
    `presence` says which gateways came (True) or went (False).
    """

    orders: list[Orders]
    sent: list[tuple[str, int]]
    presence: dict[str, bool]


class Dispatch:
    """The state of sending: which gateways are online, and when each command was sent. If this is forgotten (a
    restart), commands are sent again, and nothing else is lost.
    """

    def __init__(self, mono: float, policy: DispatchPolicy, online: Iterable[str] = ()) -> None:
        self._policy = policy
        # Who was online when the last worker ended gets the time of one silence to speak up.
        self._heard = dict.fromkeys(online, mono)
        self._sent: dict[tuple[str, bytes], float] = {}
        self._taken: dict[str, int] = {}
        self._came: set[str] = set()

    def heard(self, mono: float, messages: Iterable[Status | Upload]) -> None:
        """Take up verified messages."""
        for message in messages:
            if message.gateway not in self._heard:
                self._came.add(message.gateway)
            self._heard[message.gateway] = mono
            if isinstance(message, Status):
                for status in message.meters:
                    self._taken[status.meter] = status.command
                if message.fresh:
                    # A new connection: nothing that was sent on the old one can still arrive.
                    names = {status.meter for status in message.meters}
                    self._sent = {key: at for key, at in self._sent.items() if key[0] not in names}

    def tick(self, mono: float, pending: Iterable[Pending]) -> Dispatched:
        """Return what to do now. `pending`: the open commands of the worker's shards, in the order of their numbers."""
        presence = self._presence(mono)
        pieces = [
            (gateway, piece) for gateway, commands in self._due(mono, pending).items() for piece in _pieces(commands)
        ]
        orders = [Orders(gateway, tuple(command.signed for command in piece)) for gateway, piece in pieces]
        ordered = [command for _, piece in pieces for command in piece]
        self._sent.update(((command.meter, command.signed.signature), mono) for command in ordered)
        return Dispatched(orders, [(command.meter, command.number) for command in ordered], presence)

    def _due(self, mono: float, pending: Iterable[Pending]) -> dict[str, list[Pending]]:
        """Return the commands to send now, by gateway. Those that are no longer open are forgotten."""
        due: dict[str, list[Pending]] = {}
        open_now: dict[tuple[str, bytes], float] = {}
        for command in pending:
            # By its signature: one that is numbered again is another one.
            key = (command.meter, command.signed.signature)
            last = self._sent.get(key)
            if last is not None:
                open_now[key] = last
            if command.gateway not in self._heard or self._taken.get(command.meter, 0) >= command.number:
                continue
            if last is None or mono - last > self._policy.resend:
                due.setdefault(command.gateway, []).append(command)
        self._sent = open_now
        return due

    def _presence(self, mono: float) -> dict[str, bool]:
        """Return the gateways that have come (True) or fallen silent (False) since the last tick."""
        presence = dict.fromkeys(self._came, True)
        self._came.clear()
        for gateway, at in list(self._heard.items()):
            if mono - at > self._policy.silence:
                del self._heard[gateway]
                presence[gateway] = False
        return presence


def _pieces(commands: list[Pending]) -> list[list[Pending]]:
    """Cut commands into messages within the bounds of the wire."""
    pieces: list[list[Pending]] = [[]]
    size = 0
    for command in commands:
        size += len(command.signed.body) + 100
        if pieces[-1] and (size > MAX_ORDERS_BYTES or len(pieces[-1]) == MAX_COMMANDS):
            pieces.append([])
            size = len(command.signed.body) + 100
        pieces[-1].append(command)
    return pieces
