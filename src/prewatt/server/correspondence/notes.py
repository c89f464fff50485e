"""A note from the manager to one flat, several flats, a building or all. It is sent by the channels that each tenant
has chosen, after their quiet hours unless it is urgent. It is also shown on the tenants' pages, whether they have
channels or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ..core.errors import Refused
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from ..metering.locking import lock_organisation
from ..notices.events import Event
from ..notices.languages import languages
from ..notices.models import Notice
from ..notices.pages import for_tenant
from ..notices.recipients import recipient_of
from ..notices.telling import tell
from ..notices.texts import SHORT
from .models import Note, NoteTo
from .texts import named, written

LONGEST_TITLE, LONGEST_TEXT = 100, 1000


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
    under one name (`asked`), it is one note. Raises ValidationError, which names the field, and Refused if the name is that of another
    note.
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
            said = _("The name %(name)s belongs to another note. Use a new name.") % {"name": asked}
            raise Refused(said, "asked", is_conflict=True)
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
