"""What became of a note for each tenant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from ..estate.models import Tenancy
from ..notices.models import Delivery
from .models import Note, NoteTo


@dataclass(frozen=True)
class Reached:
    """What became of a note for one tenant. `ways`: the deliveries that carry it. `muted`: the tenant does not want to
    be told of notes. A tenant without channels sees the note only on their page. `seen`: the instant when they saw it
    there.
    """

    tenancy: Tenancy
    ways: list[Delivery]
    muted: bool
    seen: int | None

    @property
    def failed(self) -> bool:
        """Whether no channel has brought the note, none is still trying, and the tenant has not seen it."""
        states = {each.state for each in self.ways}
        return self.seen is None and not states & {Delivery.State.SENT, Delivery.State.WAITING}


class Reach(NamedTuple):
    """How many tenants a note is for, to how many of them a channel has brought it, how many have seen it on their page, and
    how many it did not reach.
    """

    all: int
    sent: int
    seen: int
    failed: int


def reach_of(notes: Collection[Note]) -> dict[int, Reach]:
    """Return what became of some notes, by the note's number."""
    ways = Delivery.objects.filter(notice=OuterRef("notice"))
    brought = Exists(ways.filter(state=Delivery.State.SENT))
    is_open = Exists(ways.filter(state__in=(Delivery.State.SENT, Delivery.State.WAITING)))
    rows = NoteTo.objects.filter(note__in=list(notes)).order_by().annotate(brought=brought, is_open=is_open)
    sums = rows.values_list("note").annotate(
        all=Count("pk"),
        sent=Count("pk", filter=Q(brought=True)),
        seen=Count("seen_at"),
        failed=Count("pk", filter=Q(is_open=False, seen_at=None)),
    )
    nobody = {each.pk: Reach(0, 0, 0, 0) for each in notes}
    return nobody | {number: Reach(*counts) for number, *counts in sums}


def addressed(note: Note) -> QuerySet[NoteTo]:
    """Return to whom a note is addressed."""
    return note.addressed.select_related("tenancy__unit__property", "notice")


def reached(note: Note, some: Iterable[NoteTo] | None = None) -> list[Reached]:
    """Return what became of a note, by tenant. `some`: only for these of its addressees; None: for all."""
    rows = list(addressed(note) if some is None else some)
    notices = [each.notice_id for each in rows if each.notice_id]
    ways: dict[int, list[Delivery]] = {}
    for delivery in Delivery.objects.filter(notice__in=notices).select_related("channel").order_by("pk"):
        ways.setdefault(delivery.notice_id, []).append(delivery)
    return [
        Reached(each.tenancy, ways.get(each.notice_id or 0, []), each.notice_id is None, each.seen_at) for each in rows
    ]
