"""What each form of price beside the energy declares: the charges per kWh, per day and per month.

A form says all of itself: its name in journals, its field in a tariff's document and in the editor, its words, its
bounds, its line on the statement, its account in the books, and what it costs. The kernel rates each reading by it,
`server.tariffs.vectorised` whole years at once; both ask the same methods.

Amounts are in nano, prices in micro per kWh, energy in Wh, instants in µs since 1970. Words are English, and are
translated where they are shown.
"""

# ruff: noqa: ARG002 (each form is asked alike, and most need only a part of what is said)

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol

from msgspec import Meta

from .. import limits
from ..units import (
    NANO,
    Instant,
    Micro,
    Nano,
    Wh,
    exact_money,
    exact_price,
    parse_money,
    parse_price,
)

OWN_FIELDS = ("fee", "standing", "minimum")
"""The forms whose amounts are fields of their own in tariffs and entries, which are stored and sent so. The amounts of all
others are pairs of name and amount in the field `charges`.
"""
OTHER_REVENUE = "other-revenue"
"""The account of the books, by its kind, for charges that name no account of their own."""
Amounts = Annotated[
    tuple[tuple[Annotated[str, Meta(min_length=1, max_length=32)], Annotated[int, Meta(ge=0)]], ...],
    Meta(max_length=16),
]
"""Pairs of a form's name and an amount, in the order of the names, without amounts of zero."""
Kept = tuple[int, ...]
"""What a form keeps of the readings of a month; empty when the month begins."""


class Holder(Protocol):
    """A tariff, which holds what each form costs, or a reading or its rating, which hold what each form came to."""

    @property
    def charges(self) -> tuple[tuple[str, int], ...]:
        """Return the pairs of name and amount of the forms without a field of their own."""


class Month(NamedTuple):
    """A calendar month that has ended, or a tenancy's part of it.

    `days`: the days that counted; at least one. `length`: the days of the whole month. `charged`: what it has cost so
    far, nano, without a tax that is added. `kept`: what `PerMonth.watch` kept of it.
    """

    days: int
    length: int
    charged: Nano
    kept: Kept


def in_fields(amounts: Mapping[str, int]) -> dict[str, Any]:
    """Return the fields of a tariff, a reading or a rating for `amounts`, which are given by the names of the forms."""
    return {**{name: amounts.get(name, 0) for name in OWN_FIELDS}, "charges": others_of(amounts)}


def others_of(amounts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return the amounts of forms without a field of their own, as they are stored (`Amounts`)."""
    return tuple(sorted((name, amount) for name, amount in amounts.items() if amount and name not in OWN_FIELDS))


class Charge:
    """A form of price. Write a subclass of `PerKwh`, `PerDay` or `PerMonth` instead of this one.

    `name`: its name in journals and figures. `field`: its name in a tariff's document. `place`: the forms are charged
    and listed in this order. `label`: the name of the editor's field. `fact`: the text of a tariff's page, with
    %(amount)s. `line`: the text of the statement's line. `revenue`: the kind of its account in the books. `figure`: its
    name in a comparison.
    """

    name: ClassVar[str]
    field: ClassVar[str]
    place: ClassVar[int] = 50
    label: ClassVar[str]
    fact: ClassVar[str]
    line: ClassVar[str]
    revenue: ClassVar[str] = OTHER_REVENUE
    figure: ClassVar[str]

    def of(self, holder: Holder) -> int:
        """Return what this form costs in a tariff, or what it came to in a reading or a rating."""
        if self.name in OWN_FIELDS:
            return int(getattr(holder, self.name))
        return dict(holder.charges).get(self.name, 0)

    def read(self, text: str, currency: str) -> int:
        """Return the nano that a document's text says. Raises ValueError if it is no amount, or is more than a tariff in
        this currency charges.
        """
        amount, most = parse_money(text), limits.most_charged(currency)
        if not 0 <= amount <= most:
            raise ValueError(f"amount {text!r} is not between 0 and {most // NANO}")
        return amount

    def written(self, amount: int) -> str:
        """Return the text of an amount (nano) for a document. `read` reads it back."""
        return exact_money(amount)


class PerKwh(Charge):
    """A price on each kWh, micro, beside the price of the energy."""

    def read(self, text: str, currency: str) -> Micro:
        """Return the micro that a document's text says. Raises ValueError if it is no price, or is above the highest in
        this currency.
        """
        return parse_price(text, limits.highest_price(currency))

    def written(self, amount: Micro) -> str:
        """Return the text of a price (micro per kWh) for a document."""
        return exact_price(amount)


class PerDay(Charge):
    """An amount for each local day that ends. `line` may contain the number of days as %(days)d."""


class PerMonth(Charge):
    """An amount that is charged when a calendar month ends, or when a tenancy ends within it.

    `watches`: the amount follows from the readings of the month, such as the highest power: see `watch`.
    """

    watches: ClassVar[bool] = False

    def due(self, amount: Nano, month: Month) -> Nano:
        """Return what a month costs (nano, never negative). `amount` is the amount of the tariff."""
        raise NotImplementedError

    def watch(self, kept: Kept, begin: Instant, end: Instant, energy: Wh) -> Kept:
        """Return what to keep of the month after `energy` was used evenly from `begin` to `end`, within one local day.
        `kept`: what was kept before. The time of a reading comes in one part or in several, in order.
        """
        return kept
