"""The rules of synchronisation: which entries are sent, and when: new ones, a backlog after a reconnection, or some
once more. Logic without I/O, on a clock that never jumps.

After connecting, the agent says how far its journals go, and the head-end answers how far it has them: nothing is sent
on a guess. Then entries flow, at most `window` of them unacknowledged. Of the meters with something to send, those that
lag least go first, so that new entries do not wait for old ones. If receipts fail to come, the agent asks again and
continues from the answer; it waits longer each time if that brings no progress either (a head-end that is older than
the agent may refuse what it does not know).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct

from ..wire.messages import MAX_ENTRIES, Head

MOST_PATIENT = 64
"""The agent waits at most this many times its `patience`."""


class SyncPolicy(Struct, frozen=True):
    """How the agent talks to the head-end. `heartbeat`: seconds between signs of life. `patience`: seconds without a
    receipt before it asks again. `window`: the most entries that may be unacknowledged. `look_interval`: seconds of a
    round in which all watched meters are read and one message reports them.
    """

    heartbeat: float = 10.0
    patience: float = 10.0
    window: int = 4 * MAX_ENTRIES
    look_interval: float = 2.0


@dataclass(frozen=True, slots=True)
class Piece:
    """The entries `first` to `last` of a meter's journal. The first `late` of them were written before this connection
    began.
    """

    meter: str
    first: int
    last: int
    late: int


class Sync:
    """How far each meter's journal goes (`heads`), is acknowledged (`acked`) and is sent (`sent`). `lacking`: meters of
    which nothing is sent until the head-end asks.
    """

    def __init__(self, heads: Mapping[str, int], policy: SyncPolicy) -> None:
        self.policy = policy
        self.heads = dict(heads)
        self.acked = dict.fromkeys(heads, 0)
        self.sent = dict.fromkeys(heads, 0)
        self.connected = False
        self.answered = False
        self.next_status = 0.0
        self._at_connect = dict(heads)
        self._progress = 0.0
        self._in_vain = 1
        self._ask_again: float | None = None
        self.lacking: set[str] = set()

    def on_connected(self, mono: float) -> None:
        """Note that the connection stands: a new status is due, and the first answer to it opens the flow."""
        self.connected = True
        self._at_connect = dict(self.heads)
        self._in_vain = 1
        self._ask(mono)

    def on_disconnected(self) -> None:
        """Note that the connection is gone: nothing is sent until it stands again."""
        self.connected = self.answered = False

    def _ask(self, mono: float) -> None:
        self.answered = False
        self.next_status = mono
        self._ask_again = None

    def on_journalled(self, meter: str, seq: int) -> None:
        """Note that the meter's journal goes to `seq` now, committed."""
        self.heads[meter] = seq

    def on_adopted(self, mono: float, meter: str, seq: int) -> None:
        """Let the meter's journal continue from the head-end's entry `seq`, and ask again, because what was sent does
        not belong to it.
        """
        self.heads[meter] = self.acked[meter] = self.sent[meter] = self._at_connect[meter] = seq
        self.lacking.discard(meter)
        self._ask(mono)

    def on_epoch_over(self, mono: float) -> None:
        """Ask again, because what was sent was not accepted."""
        self._ask(mono)

    def on_strange_head(self, mono: float) -> None:
        """Ask again after a while, because the head-end has another journal than this one and has not said how to go
        on.
        """
        if self._ask_again is None:
            self._ask_again = mono + self.policy.patience * self._in_vain
            self._in_vain = min(self._in_vain * 2, MOST_PATIENT)

    def report(self, mono: float) -> None:
        """Make a status due at once, instead of with the next sign of life."""
        self.next_status = mono

    def on_head(self, mono: float, head: Head) -> None:
        """Note that the head-end has committed a meter's journal up to `head`, which this journal has."""
        meter = head.meter
        self.lacking.discard(meter)
        if head.seq > self.acked[meter]:
            self._progress = mono
            self._in_vain = 1
        elif not head.resend:
            return
        # Asked to resend, it goes back even behind what was acknowledged: the database may have been restored from
        # a copy. If the request is only late, the head-end drops what it has.
        self.acked[meter] = head.seq
        self.sent[meter] = head.seq if head.resend else max(self.sent[meter], head.seq)

    def on_lacking(self, meter: str) -> None:
        """Note that the entries that were asked for cannot be sent. Nothing of the meter is sent until it is asked for
        again.
        """
        self.lacking.add(meter)

    def on_answered(self, mono: float) -> None:
        """Go on from the heads of the head-end, which has named all that it has."""
        self.answered = True
        self.sent = dict(self.acked)
        self._progress = mono

    def status_due(self, mono: float) -> bool:
        """Return whether a status must be sent now. The call counts as sending it."""
        if self.connected and self.answered and mono >= self._out_of_patience() and self._unacknowledged():
            self._in_vain = min(self._in_vain * 2, MOST_PATIENT)
            self._ask(mono)
        if self._ask_again is not None and mono >= self._ask_again:
            self._ask(mono)
        if not self.connected or mono < self.next_status:
            return False
        self.next_status = mono + self.policy.heartbeat
        return True

    def next_timer(self) -> float:
        """Return when (s, `mono`) to ask `status_due` again, if nothing happens before."""
        if not self.connected:
            return float("inf")
        timer = self.next_status if self._ask_again is None else min(self.next_status, self._ask_again)
        if self.answered and self._unacknowledged():
            return min(timer, self._out_of_patience())
        return timer

    def _out_of_patience(self) -> float:
        return self._progress + self.policy.patience * self._in_vain

    def _unacknowledged(self) -> int:
        if self.sent == self.acked:
            return 0
        return sum(self.sent[meter] - self.acked[meter] for meter in self.heads if meter not in self.lacking)

    def next_upload(self) -> list[Piece]:
        """Return the next pieces to send in one message; an empty list if there is nothing to send, or the window is
        full. The call counts as sending them.
        """
        if not (self.connected and self.answered):
            return []
        sent = self.sent
        if sent == self.heads:
            return []
        waiting = sorted(
            (seq - sent[meter], meter)
            for meter, seq in self.heads.items()
            if seq > sent[meter] and meter not in self.lacking
        )
        if not waiting:
            return []
        room = min(MAX_ENTRIES, self.policy.window - self._unacknowledged())
        pieces = []
        for lag, meter in waiting:
            if room <= 0:
                break
            count = min(lag, room)
            first = self.sent[meter] + 1
            late = min(max(self._at_connect[meter] - first + 1, 0), count)
            pieces.append(Piece(meter, first, first + count - 1, late))
            self.sent[meter] += count
            room -= count
        return pieces
