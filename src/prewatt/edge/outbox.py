"""The gateway's messages to the head-end: its state, its journal, and the readings of watched meters.

Each message has the gateway's stamp: its epoch, which counts its starts, the number of the message in that epoch, and
the session, which is drawn at random at each start. Logic without I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET

from ..kernel.quantities import can_be
from ..wire.messages import MAX_INSTEAD, LineStatus, Live, MeterState, MeterStatus, Span, Status, Upload
from .effects import Effect, SendLive, SendStatus, SendUpload
from .looking import Looking
from .meter import Meter
from .revocations import RevokedGrants
from .sync import Sync
from .timekeeping import Moment, Timekeeper

SENT_KEPT = 200
"""The number of messages of which the sending time is stored."""


class Outbox:
    """The messages of one gateway. `number`: that of the last message; `asked`: that of the last one that asked for a
    full answer.
    """

    def __init__(
        self,
        gateway: str,
        stamp: tuple[int, bytes],
        meters: Mapping[str, Meter],
        sync: Sync,
        looking: Looking,
        time: Timekeeper,
    ) -> None:
        """`stamp` is the pair of epoch and session."""
        self.epoch, self.session = stamp
        self.number = 0
        self.asked = 0
        self._gateway = gateway
        self._meters, self._sync, self._looking, self._time = meters, sync, looking, time
        self.lines: tuple[LineStatus, ...] = ()
        """The lines of meters that are in trouble as a whole."""
        self.revoked = RevokedGrants()
        """The staff grants that hold no more."""
        self.tells_revocations = False
        """Whether the next status tells which list of them is here; a fresh one does anyway."""
        self._changed = set(meters)
        self._sent: dict[int, int] = {}

    def changed(self, name: str) -> None:
        """Let the next status report this meter's state."""
        self._changed.add(name)

    def sent_at(self, number: int) -> int | None:
        """Return when a message of this epoch was sent, on the steady clock (µs); None if that is not stored any more."""
        return self._sent.get(number)

    def messages(self, moment: Moment) -> list[Effect]:
        """Return the messages to send now."""
        effects: list[Effect] = []
        if self._sync.status_due(moment.mono):
            effects.append(self._status(moment))
        if self._sync.connected and (seen := self._looking.message(moment.mono)):
            number = self._next(moment)
            effects.append(SendLive(Live(self._gateway, self.epoch, number, self.session, seen)))
        while pieces := self._sync.next_upload():
            effects.append(SendUpload(self._next(moment), pieces))
        return effects

    def upload(
        self,
        number: int,
        read: tuple[tuple[Span, ...], tuple[int, ...], Mapping[str, int]],
        holds: Callable[[str, int], bool],
    ) -> Upload:
        """Return the message of a `SendUpload`. `read`: what `uploads.read_pieces` read from the journal."""
        spans, late, lacking = read
        states = self.states_instead(lacking, holds)
        return Upload(self._gateway, self.epoch, number, spans, late, self.session, states)

    def states_instead(self, lacking: Mapping[str, int], holds: Callable[[str, int], bool]) -> tuple[MeterState, ...]:
        """Return the states of meters whose entries the head-end asks for and that cannot be sent. `lacking`: the first
        number asked for, by meter.

        Entries from before this gateway took over cannot be sent: a server that was restored from a copy asks for such.
        Damaged ones, which the journal `holds`, cannot be sent either. There are as many states as a message has room
        for beside entries.
        """
        states: list[MeterState] = []
        room = MAX_INSTEAD
        for name, first in lacking.items():
            meter = self._meters[name]
            damaged = holds(name, first)
            state = MeterState(name, meter.account.seq, meter.head, meter.account.dump(), damaged)
            room -= len(state.account)
            if room < 0:
                break
            states.append(state)
            self._sync.on_lacking(name)
        return tuple(states)

    def _next(self, moment: Moment) -> int:
        """Return the number of a message that is sent now. A receipt names the number that it answers, which bounds its
        age.
        """
        self.number += 1
        self._looking.on_sent(moment.mono, self.number)
        self._sent[self.number] = moment.steady
        while len(self._sent) > SENT_KEPT:
            del self._sent[next(iter(self._sent))]
        return self.number

    def _status(self, moment: Moment) -> SendStatus:
        fresh = not self._sync.answered
        # Of a meter that waits to be asked for entries each status speaks: the answer to the last one may be lost.
        names: Sequence[str] = list(self._meters) if fresh else sorted(self._changed | self._sync.lacking)
        self._changed.clear()
        number = self._next(moment)
        if fresh:
            self.asked = number
        meters = tuple(_meter_status(self._meters[name]) for name in names)
        now = self._time.now(moment)
        revocations = self.revoked.number if fresh or self.tells_revocations else UNSET
        self.tells_revocations = False
        status = Status(
            self._gateway, self.epoch, number, now, fresh, meters, self.session, self.lines or UNSET, revocations
        )
        return SendStatus(status)


def _meter_status(meter: Meter) -> MeterStatus:
    account = meter.account
    return MeterStatus(
        meter.name,
        account.seq,
        account.at,
        account.balance,
        account.shown,
        account.closed,
        account.command,
        meter.head,
        {str(name): value for name, value in meter.quantities.items() if can_be(name, value)},
        str(meter.switching.progress or ""),
    )
