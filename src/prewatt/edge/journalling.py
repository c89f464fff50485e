"""The findings of a meter's rules go into its journal here, and the actions that follow are collected. Logic without
I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..kernel.account import Account
from ..kernel.entries import AnyEntry, Record, chain, encode_entry
from ..kernel.events import EventKind
from .bounds import Bounds
from .guarding import Tell


@dataclass(slots=True)
class Outcome:
    """The result of an input: records to commit first, then where to move the switch (None: leave it)."""

    records: list[Record] = field(default_factory=list)
    switch: bool | None = None


@dataclass(slots=True)
class Plan:
    """What follows from an account alone, and so stays the same until its next entry. Each field is None until it was
    asked for.

    `reading`: when the next reading must be journalled. `change`: since when, and until when, only the balance and
    people can change where the switch belongs. `is_warned`: whether all due warnings of low credit were given.
    """

    reading: int | None = None
    change: tuple[int, int] | None = None
    is_warned: bool | None = None


class Journalling:
    """One meter's account and the end of its journal. Each entry takes effect on the account at once."""

    def __init__(self, account: Account, head: bytes) -> None:
        self.account = account
        self.head = head
        self._bounds = Bounds()
        self._plan = Plan()

    def _append(self, outcome: Outcome, entry: AnyEntry) -> None:
        self.account.apply(entry)
        self._plan = Plan()
        body = encode_entry(entry)
        self.head = chain(self.head, body)
        outcome.records.append(Record(entry.seq, body, self.head))

    def _go_on_from(self, account: Account, head: bytes) -> None:
        """Continue from another state than that of this journal."""
        self.account, self.head, self._plan = account, head, Plan()

    def _may_say(self, outcome: Outcome, now: int, kind: str) -> bool:
        """Return whether an event that may come and go without end is journalled now. Once it is not, the journal says
        that it falls silent.
        """
        allowed = self._bounds.allow(kind, now)
        if not allowed and self._bounds.mute(kind):
            self._append(outcome, self.account.event(now, EventKind.MUTED, kind))
        return allowed

    def _say(self, outcome: Outcome, now: int, kind: EventKind, detail: str = "") -> bool:
        """Journal an event that may come and go without end. Returns whether it was journalled."""
        allowed = self._may_say(outcome, now, kind)
        if allowed:
            self._append(outcome, self.account.event(now, kind, detail))
        return allowed

    def _teller(self, now: int, outcome: Outcome) -> Tell:
        def tell(kind: EventKind, detail: str = "", *, bounded: bool = False) -> bool:
            if bounded:
                return self._say(outcome, now, kind, detail)
            self._append(outcome, self.account.event(now, kind, detail))
            return True

        return tell
