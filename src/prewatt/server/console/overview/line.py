"""A line of *Now to do*, and who looks at it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ...accounts.rights import Right
from ...estate.models import Property

FIRST = 5
"""So many lines are shown of each kind; then one says how many more there are."""
Rights = Mapping[int, frozenset[Right]]
"""What somebody may do at each property, and in the whole of each organisation."""


@dataclass(frozen=True)
class Line:
    """Something to do. `tone`, `label`: how it stands, as a class of the style sheet and in words; both are empty in
    the line that says how many more there are. `who`: the text of a link to `page`. `property_name`: empty unless there
    are several. `amount` (nano) in `currency`; None if it is of no money, or whoever looks sees none. `waiting` (nano):
    paid, and on its way. The button leads to `to`.
    """

    tone: str
    label: str
    who: str = ""
    page: str = ""
    tenant: str = ""
    property_name: str = ""
    detail: str = ""
    since: int | None = None
    zone: ZoneInfo | None = None
    amount: int | None = None
    waiting: int = 0
    currency: str = ""
    button: str = ""
    to: str = ""


class Seer:
    """Who looks: the properties that are shown, and the rights there (`at`), and in whole organisations (`of`)."""

    def __init__(self, properties: Collection[Property], at: Rights, of: Rights) -> None:
        self.properties = {each.pk: each for each in properties}
        self.at, self.of = at, of

    @property
    def sees_several(self) -> bool:
        """Return whether lines must say where they are."""
        return len(self.properties) > 1

    def has(self, right: Right, property_id: int) -> bool:
        """Return whether they have a right at a property."""
        return right in self.at.get(property_id, ())
