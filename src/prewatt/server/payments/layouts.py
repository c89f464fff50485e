"""The descriptions that people give of their banks' tables. They are stored for the next statement."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ..estate.models import Organisation
from .models import BankLayout
from .statements.layout import Layout


def layouts_of(organisation: Organisation) -> list[Layout]:
    """Return all layouts that the people of an organisation have described."""
    return [as_layout(each) for each in BankLayout.objects.filter(organisation=organisation)]


def as_layout(description: BankLayout) -> Layout:
    """Return a stored description as a layout for the reader."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, role in enumerate(description.columns):
        if role:
            places[role].append(place)
    return Layout(
        {role: tuple(columns) for role, columns in places.items()},
        description.fingerprint,
        description.has_names,
        description.order,
        description.direction,
        tuple(description.words_in),
        tuple(description.words_booked),
    )


def keep_layout(layout: BankLayout, by: Any) -> None:
    """Store a description for the next statement of the same form."""
    values = {
        name: getattr(layout, name)
        for name in ("has_names", "columns", "order", "direction", "words_in", "words_booked", "made_at")
    }
    BankLayout.objects.update_or_create(
        organisation=layout.organisation, fingerprint=layout.fingerprint, defaults={**values, "by": by}
    )
