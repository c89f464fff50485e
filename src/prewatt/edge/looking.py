"""Meters that somebody watches on a page are read every few seconds and reported at once. Logic without I/O, on a clock
that never jumps.

Watching changes nothing: what is read goes through no rule of the account, into no journal and to no switch. It ends by
itself, as the server's leases do, and uses the bus for no more than half of the time: after some reading it rests for
as long as that took, so that due readings and switch orders come first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..kernel.account import Account
from ..kernel.entries import Reading
from ..kernel.plausible import BACKWARDS
from ..kernel.units import BALANCE_MAX, INT64_MAX
from ..wire.messages import POWER_MOST, LiveMeter
from .meter import Foreign, Observed
from .texts import _

ASKED_AGAIN = 30.0
"""A look that did not come is asked for again after this time (s)."""
SENT_KEPT = 200
"""The number of messages of which the sending time is stored."""
SILENT = 4
"""A meter that did not answer is asked again after this many intervals, because waiting for it delays the others."""
BURST = 0.05
"""Seconds of reading after which the bus rests."""
TOLD_MOST = 200
"""The most characters of a cause."""

Seen = Observed | Foreign | str
"""The result of a look at a meter. A text says why the meter could not be read."""


def live(name: str, account: Account, now: int, seen: Seen) -> LiveMeter:
    """Return the state of a meter by a look at it at `now`. The account does not change."""
    if isinstance(seen, Foreign):
        seen = _("meter %(serial)s answers in its place") % {"serial": seen.serial}
    if isinstance(seen, str):
        return LiveMeter(name, now, cause=(seen or _("no answer"))[:TOLD_MOST])
    balance = live_balance(account, now, seen.register, seen.end)
    register = seen.register if 0 <= seen.register <= INT64_MAX else None
    power = seen.power if seen.power is not None and abs(seen.power) <= POWER_MOST else None
    return LiveMeter(name, now, register, power, seen.closed, balance)


def live_balance(account: Account, now: int, register: int, end: int = 0) -> int | None:
    """Return the balance (nano) of an account for a register (Wh) at `now`; None if the register cannot be true. `end`:
    where it rolls over.
    """
    reading = account.read(now, register, end)
    if isinstance(reading, Reading):
        return reading.balance if abs(reading.balance) <= BALANCE_MAX else None
    # Of what stands under the last reading nothing flows back, and the time goes on.
    return account.hold(now).balance if reading.cause == BACKWARDS else None


@dataclass(slots=True)
class _Look:
    """A lease: until when it lasts, when the meter is read next, and until when a reading that was asked for may come."""

    until: float
    next: float
    once: bool
    asked_until: float = 0.0


class Looking:
    """The meters that are watched, until when, and what was seen last. `interval`: seconds of a round, in which each
    meter is read once and one message is sent.
    """

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self._looks: dict[str, _Look] = {}
        self._seen: dict[str, tuple[float, LiveMeter]] = {}
        self._unsent: dict[str, LiveMeter] = {}
        self._sent: dict[int, float] = {}
        self._rests_until = self._busy = self._next_message = self._unsent_since = 0.0

    # -- leases ------------------------------------------------------------------------------------------------------

    def on_sent(self, mono: float, number: int) -> None:
        """Note that a message was sent, so that leases may name it."""
        self._sent[number] = mono
        while len(self._sent) > SENT_KEPT:
            del self._sent[next(iter(self._sent))]

    def watch(self, mono: float, answers: int, lasts: int, meters: Iterable[str], once: Iterable[str]) -> bool:
        """Watch meters until `lasts` seconds after message `answers` was sent; read the meters in `once` once. Returns
        False if that time is over, or if the message is unknown.
        """
        sent = self._sent.get(answers)
        if sent is None or (until := sent + lasts) <= mono:
            return False
        for name, one in [*((name, True) for name in once), *((name, False) for name in meters)]:
            known = self._looks.get(name)
            if known is None:
                self._looks[name] = _Look(until, mono, one)
            else:
                known.until, known.once = max(known.until, until), known.once and one
        return True

    def on_disconnected(self) -> None:
        """End all leases, because nobody sees the readings any more."""
        self._looks.clear()
        self._unsent.clear()

    # -- reading -----------------------------------------------------------------------------------------------------

    def next_meter(self, mono: float) -> str | None:
        """Return the meter to read now, the one that has waited longest; None if none is due. Leases that are over end
        here.
        """
        if not self._looks:
            return None
        for name in [name for name, look in self._looks.items() if look.until <= mono]:
            del self._looks[name]
        if not self._looks or mono < self._rests_until:
            return None
        due = [name for name, look in self._looks.items() if max(look.next, look.asked_until) <= mono]
        if not due:
            return None
        name = min(due, key=lambda name: self._looks[name].next)
        # A slow bus brings it later. What never comes is asked for again.
        self._looks[name].asked_until = mono + ASKED_AGAIN
        return name

    def saw(self, began: float, ended: float, seen: LiveMeter) -> None:
        """Store what a look at a meter has shown."""
        self._busy += ended - began
        if self._busy >= BURST:
            self._rests_until, self._busy = ended + self._busy, 0.0
        self._seen[seen.meter] = (ended, seen)
        look = self._looks.get(seen.meter)
        if look is None:
            return
        self._unsent_since = self._unsent_since if self._unsent else ended
        self._unsent[seen.meter] = seen
        look.asked_until = 0.0
        look.next = self._next_round(began) if not seen.cause else ended + SILENT * self.interval
        if look.once:
            del self._looks[seen.meter]

    def _next_round(self, mono: float) -> float:
        """Return when the next round begins. All meters are read together and reported in one message, so that none
        waits for the next message.
        """
        return (mono // self.interval + 1) * self.interval

    def fresh(self, mono: float, name: str) -> LiveMeter | None:
        """Return what was seen of a meter last, if it is no older than one interval; else None."""
        at, seen = self._seen.get(name, (0.0, None))
        return seen if seen is not None and mono - at < self.interval else None

    # -- telling -----------------------------------------------------------------------------------------------------

    def message(self, mono: float) -> tuple[LiveMeter, ...]:
        """Return what must be reported now. The call counts as reporting it."""
        if not self._unsent or mono < self._message_due():
            return ()
        self._next_message = self._next_round(mono)
        readings = tuple(self._unsent.values())
        self._unsent.clear()
        return readings

    def _message_due(self) -> float:
        """Return when the next message is due: a little later if other meters are being read just now, so that they go
        into the same message.
        """
        first = max(self._next_message, self._unsent_since)
        more = any(look.next <= first < look.until for look in self._looks.values())
        return first + self.interval / 2 if more else first

    def next_timer(self) -> float:
        """Return when (s, `mono`) to ask `next_meter` or `message` again."""
        timer = self._message_due() if self._unsent else float("inf")
        for look in self._looks.values():
            timer = min(timer, look.until, max(look.next, look.asked_until, self._rests_until))
        return timer
