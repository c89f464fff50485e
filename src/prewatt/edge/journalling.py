"""How what a meter's rules find comes into its journal, and what is to be done then. Logic without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..kernel.account import Account
from ..kernel.entries import AnyEntry, Record, chain, encode_entry
from ..kernel.events import EventKind
from .bounds import Bounds
from .guarding import Tell


@dataclass(slots=True)
class Outcome:
    """What follows from an input: records to be committed first, then where to move the switch (None: leave it)."""

    records: list[Record] = field(default_factory=list)
    switch: bool | None = None


@dataclass(slots=True)
class Plan:
    """What follows from an account alone, and so is the same until its next entry; each is None until it was asked for.

    `reading`: when the next one is to be journalled. `change`: since when, and until when, only the balance and people can
    change where the switch belongs. `told`: whether all steps of low credit are told that are to be.
    """

    reading: int | None = None
    change: tuple[int, int] | None = None
    told: bool | None = None


class Journalling:
    """One meter's account and the end of its journal. Each entry takes its effect on the account at once."""

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
        """Go on from another state than that of this journal."""
        self.account, self.head, self._plan = account, head, Plan()

    def _may_say(self, outcome: Outcome, now: int, kind: str) -> bool:
        """Whether a thing that may come and go without end is journalled; where it is not any more, that is."""
        allowed = self._bounds.allow(kind, now)
        if not allowed and self._bounds.mute(kind):
            self._append(outcome, self.account.event(now, EventKind.MUTED, kind))
        return allowed

    def _say(self, outcome: Outcome, now: int, kind: EventKind, detail: str = "") -> bool:
        """An event that may come and go without end: whether it was journalled."""
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
