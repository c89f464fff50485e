"""Bugs of the head-end: taking in, acknowledging, storing, sending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from ...edge.sync import Sync
from ...headend import ingest
from ...headend.batch import MeterPlan, Plan
from ...headend.dispatch import Dispatch, Dispatched, Pending
from ...kernel import entries
from ...wire import signing
from ...wire.messages import Frame, Head, Receipt, Status, Upload, decode_frame
from ..faults.database import Database, MemoryStore
from ..faults.headend import HeadEnd


@contextmanager
def acknowledge_before_commit() -> Iterator[None]:
    """Receipts are sent before the commit."""
    original = HeadEnd.__init__

    def init(self: HeadEnd, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.acknowledges_first = True

    with patch.object(HeadEnd, "__init__", init):
        yield


@contextmanager
def skip_duplicate_check() -> Iterator[None]:
    """Entries that the head-end already has are taken in again."""

    def take_in(_result: Plan, change: MeterPlan, _gateway: str, span: Any, late: int) -> None:
        for body in span.bodies:
            ingest.take_entry(change, entries.decode_entry(body), body, late > 0)

    with patch.object(ingest, "_take_in", take_in):
        yield


@contextmanager
def receipt_for_one_more() -> Iterator[None]:
    """A receipt names an entry that the head-end does not have yet."""
    original = ingest._receipt

    def receipt(message: Status | Upload, heads: Iterable[Head], now: int) -> Receipt:
        more = [Head(each.meter, each.seq + 1, each.hash, each.resend) if each.seq else each for each in heads]
        return original(message, more, now)

    with patch.object(ingest, "_receipt", receipt):
        yield


@contextmanager
def cleared_credit_not_booked() -> Iterator[None]:
    """Credit that was cleared at a meter stays in the tenant's account of the books."""
    original = ingest.take_entry

    def take(change: MeterPlan, *args: Any) -> None:
        original(change, *args)
        change.cleared.clear()

    with patch.object(ingest, "take_entry", take):
        yield


@contextmanager
def late_charges_not_booked() -> Iterator[None]:
    """What was used in an outage is not in the books."""
    original = ingest.take_entry

    def take(change: MeterPlan, entry: Any, body: bytes, late: bool) -> None:
        charges = list(change.charges)
        original(change, entry, body, late)
        if late:
            change.charges[:] = charges

    with patch.object(ingest, "take_entry", take):
        yield


@contextmanager
def lacking_never_asked_for() -> Iterator[None]:
    """Missing entries are never asked for, one receipt in ten is lost, and gateways wait for it for ever."""
    original = HeadEnd._acknowledge

    def acknowledge(self: HeadEnd, plan: Plan) -> None:
        plan.receipts = [
            replace(each, heads=tuple(replace(head, resend=False) for head in each.heads))
            for each in plan.receipts
            if self._world.chance.random() < 0.9
        ]
        original(self, plan)

    with patch.object(HeadEnd, "_acknowledge", acknowledge), patch.object(Sync, "_out_of_patience", lambda _: 1e18):
        yield


@contextmanager
def anybody_signs() -> Iterator[None]:
    """A frame is believed whoever signed it."""

    def open_frame(_key: Any, _context: bytes, data: bytes) -> Frame:
        return decode_frame(data)

    with patch.object(signing, "_open", open_frame):
        yield


@contextmanager
def outrun_worker_commits() -> Iterator[None]:
    """Two workers that took in the same entries both commit."""
    with patch.object(MemoryStore, "_give_way", lambda *_: None):
        yield


@contextmanager
def command_sent_once() -> Iterator[None]:
    """A command that was lost on the way is not sent again."""
    original = Dispatch.__init__

    def init(self: Dispatch, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self._policy = type(self._policy)(resend=float("inf"), silence=self._policy.silence)

    with patch.object(Dispatch, "__init__", init):
        yield


@contextmanager
def last_command_not_sent() -> Iterator[None]:
    """A command counts as taken up when the one before it is."""
    original = Dispatch.tick

    def tick(self: Dispatch, mono: float, pending: Iterable[Pending]) -> Dispatched:
        return original(self, mono, [each for each in pending if self._taken.get(each.meter) != each.number - 1])

    with patch.object(Dispatch, "tick", tick):
        yield


@contextmanager
def forgotten_with_a_restart() -> Iterator[None]:
    """After a restart of the head-end nobody counts as online until the next sign of life."""
    original = Dispatch.__init__

    def init(self: Dispatch, mono: float, policy: Any, _online: Iterable[str] = ()) -> None:
        original(self, mono, policy)

    with patch.object(Dispatch, "__init__", init):
        yield


@contextmanager
def numbers_given_twice() -> Iterator[None]:
    """A meter's thirteenth command takes the number of its twelfth."""
    original = Database.order

    def order(self: Database, name: str, now: int, what: Any) -> None:
        stored = self.meters[name]
        if len(stored.log) == 12:
            stored.count -= 1
        original(self, name, now, what)

    with patch.object(Database, "order", order):
        yield


BUGS = (
    acknowledge_before_commit, skip_duplicate_check, receipt_for_one_more, cleared_credit_not_booked,
    late_charges_not_booked, lacking_never_asked_for, anybody_signs, outrun_worker_commits, command_sent_once,
    last_command_not_sent, forgotten_with_a_restart, numbers_given_twice,
)  # fmt: skip
