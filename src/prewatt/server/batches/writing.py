"""A note to many flats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from ..accounts.rights import Right
from ..core.time import now
from ..correspondence.notes import LONGEST_TEXT, LONGEST_TITLE, send_note
from ..correspondence.texts import written
from ..estate.models import Property
from .acts import Act, Planned
from .flats import Batch, CantBe, Flat


class Notes(Act):
    """One note to all who live in the flats, by the ways that each has chosen."""

    do = "note"
    right = Right.WRITE
    is_whole = True

    def read(self, property_: Property, given: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG002
        """Return the title, the text, and whether it is urgent."""
        return {
            "title": written(given.get("title", ""), "title", LONGEST_TITLE),
            "text": written(given.get("text", ""), "text", LONGEST_TEXT),
            "urgent": given.get("urgent") == "on",
        }

    def plan(self, batch: Batch, flat: Flat, before: int) -> Planned:  # noqa: ARG002
        """Return which tenant will read the note. Raises CantBe if nobody lives in the flat."""
        if flat.tenancy is None or flat.tenancy.begins > now():
            raise CantBe(_("Nobody lives here."))
        return Planned(_("%(who)s gets the note.") % {"who": flat.tenancy.tenant})

    def carry_out(self, batch: Batch, flats: Sequence[Flat]) -> str:
        """Send the note. It is named by the batch, so that it is one note."""
        to = [each.tenancy for each in flats if each.tenancy is not None and each.tenancy.begins <= now()]
        values = batch.values
        title, text, urgent = values["title"], values["text"], values["urgent"]
        send_note(batch.property_.organisation, batch.id, title, text, batch.by, to, urgent)
        return _("The note is sent.")
