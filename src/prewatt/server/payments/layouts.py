"""What people have said of their banks' tables, kept for the next statement."""

from __future__ import annotations

from collections import defaultdict

from ..estate.models import Organisation
from .models import BankLayout
from .statements.layout import Layout


def layouts_of(organisation: Organisation) -> list[Layout]:
    """All that an organisation's people have said."""
    return [as_layout(each) for each in BankLayout.objects.filter(organisation=organisation)]


def as_layout(kept: BankLayout) -> Layout:
    """In the reader's terms."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, role in enumerate(kept.columns):
        if role:
            places[role].append(place)
    return Layout(
        {role: tuple(found) for role, found in places.items()}, kept.fingerprint, kept.named, kept.order, kept.direction,
        tuple(kept.words_in),
    )  # fmt: skip
