"""A note from the manager to one flat, several flats, a building or all. It is sent by the channels that each tenant
has chosen, after their quiet hours unless it is urgent. It is also shown on the tenants' pages, whether they have
channels or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from ...kernel.names import natural
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..metering.locking import lock_organisation
from ..notices.events import Event
from ..notices.languages import ENGLISH, languages
from ..notices.models import Delivery, Notice
from ..notices.pages import for_tenant
from ..notices.recipients import recipient_of
from ..notices.telling import tell
from ..notices.texts import SHORT
from .models import Note, NoteTo
from .texts import named, written

LONGEST_TITLE, LONGEST_TEXT = 100, 1000
SHOWN = 10
"""The most notes that a tenant's page shows."""


def living_in(organisation: Organisation, units: Collection[int], properties: Collection[int]) -> list[Tenancy]:
    """Return the tenancies that hold now in some units, and in some buildings, of an organisation. Raises
    ValidationError if one of these does not belong to it.
    """
    _check(organisation.properties, properties, "properties", _("There is no such building."))
    rows = Tenancy.objects.living(now()).filter(unit__property__organisation=organisation)
    homes = organisation.properties.filter(units__in=units).values_list("units", flat=True)
    if set(units) - set(homes):
        raise ValidationError({"units": _("There is no such flat.")})
    chosen = rows.filter(Q(unit__in=units) | Q(unit__property__in=properties))
    tenancies = chosen.select_related("unit__property__organisation")
    return sorted(tenancies, key=lambda each: (natural(each.unit.property.name), natural(each.unit.name)))


def _check(rows: Any, wanted: Collection[int], field: str, text: str) -> None:
    if set(wanted) - set(rows.filter(pk__in=wanted).values_list("pk", flat=True)):
        raise ValidationError({field: text})


@transaction.atomic
def send_note(
    organisation: Organisation,
    asked: str,
    title: str,
    text: str,
    by: Any,
    to: Collection[Tenancy],
    urgent: bool = False,
    texts: Mapping[str, tuple[str, str]] | None = None,
) -> Note:
    """Send a note to tenants. `texts`: title and text for tenants who have chosen a language, by its code. Sent twice
    under one name (`asked`), it is one note. Raises ValidationError, which names the field.
    """
    asked = named(asked)
    title, text = _title(title, "title"), written(text, "text", LONGEST_TEXT)
    others = {}
    for language, (other_title, other_text) in (texts or {}).items():
        if language not in languages():
            raise ValidationError({"language": _("Choose a language.")})
        if other_title.strip() or other_text.strip():
            others[language] = [
                _title(other_title, f"title_{language}"),
                written(other_text, f"text_{language}", LONGEST_TEXT),
            ]
    # One at a time: asked twice at once it is one note.
    lock_organisation(organisation.pk)
    known = Note.objects.filter(organisation=organisation, asked=asked).first()
    if known is not None:
        if (known.title, known.text) != (title, text):
            raise ValidationError({"asked": _("%(name)s names another note.") % {"name": asked}})
        return known
    if not to:
        raise ValidationError({"units": _("Nobody lives there now. Choose other flats or a building.")})
    note = Note.objects.create(
        organisation=organisation,
        asked=asked,
        title=title,
        text=text,
        texts=others,
        is_urgent=urgent,
        at=now(),
        by=by.get_username(),
    )
    NoteTo.objects.bulk_create([NoteTo(note=note, tenancy=each, notice=_tell(note, each)) for each in to])
    return note


def _title(text: str, field: str) -> str:
    return " ".join(written(text, field, LONGEST_TITLE).split())


def _tell(note: Note, tenancy: Tenancy) -> Notice | None:
    recipient = recipient_of(tenancy)
    title, text = note.words(recipient.language)
    values = {
        "tenant": True,
        "unit": str(tenancy.unit),
        "title": title,
        "line": " ".join(text.split()),
        # A line of its own would end the text (`notices.texts`).
        "text": "\n".join("—" if line.strip() == SHORT else line for line in text.split("\n")),
        "link": for_tenant(Event.NOTE, tenancy),
    }
    return tell(recipient, Event.NOTE, f"note {note.pk}", values, urgent=note.is_urgent)


# -- what became of it --------------------------------------------------------------------------------------------------


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
    """Return what became of a note, by tenant. `some`: only of these to whom it is addressed."""
    rows = list(addressed(note) if some is None else some)
    notices = [each.notice_id for each in rows if each.notice_id]
    ways: dict[int, list[Delivery]] = {}
    for delivery in Delivery.objects.filter(notice__in=notices).select_related("channel").order_by("pk"):
        ways.setdefault(delivery.notice_id, []).append(delivery)
    return [
        Reached(each.tenancy, ways.get(each.notice_id or 0, []), each.notice_id is None, each.seen_at) for each in rows
    ]


@dataclass(frozen=True)
class Shown:
    """A note as its tenant reads it."""

    title: str
    text: str
    at: int
    is_urgent: bool
    new: bool


def notes_for(tenancies: Iterable[Tenancy], look: bool = False) -> list[Shown]:
    """Return the last notes to a tenant, in their language, the latest first. `look`: they are shown on the tenant's
    page now.
    """
    rows = list(
        NoteTo.objects.filter(tenancy__in=tenancies)
        .select_related("note", "tenancy__recipient")
        .order_by("-note__at", "-pk")[:SHOWN]
    )
    if look and (new := [each.pk for each in rows if each.seen_at is None]):
        NoteTo.objects.filter(pk__in=new, seen_at=None).update(seen_at=now())
    return [
        Shown(*each.note.words(_language(each.tenancy)), each.note.at, each.note.is_urgent, each.seen_at is None)
        for each in rows
    ]


def _language(tenancy: Tenancy) -> str:
    recipient = getattr(tenancy, "recipient", None)
    return str(recipient.language) if recipient is not None else ENGLISH
