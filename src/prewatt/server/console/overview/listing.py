"""The list of places: which are shown, in which order, a hundred a page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet
from django.http import QueryDict

from ...core.phone_numbers import country_at, read_phone
from ...core.sealing import SealError
from ...estate.models import Property
from ...metering.models import Meter
from ...notices.models import Channel
from ...notices.recipient_channels import address_of
from ...overview.models import Place, Summary
from ...vending.models import TokenMeter
from ...web.forms import key

PAGE = 100
"""The most places of a page."""
UNITS = Q(role=Meter.Role.UNIT)
SHOWN: Mapping[str, Q] = {
    "": UNITS,
    "off": UNITS & Q(state=Place.State.OFF, tenancy__isnull=False),
    "soon": UNITS & Q(state=Place.State.SOON),
    "silent": Q(is_silent=True),
    "alarms": Q(has_alarm=True),
    "waiting": UNITS & ~Q(waiting=0),
    "vacant": UNITS & Q(tenancy=None),
    "others": ~UNITS,
}
"""The places that each tile shows. The names are those of the numbers of `Summary`; the empty name is all units."""
ORDERS: Mapping[str, tuple[Any, ...]] = {
    "name": ("sort",),
    "need": ("need", "sort"),
    "balance": (F("balance").asc(nulls_last=True), "sort"),
    "days": (F("lasts_until").asc(nulls_last=True), "sort"),
    "read": (F("read_at").asc(nulls_first=True), "sort"),
}
MOST_CHANNELS = 200
"""The most sealed phone numbers that a search opens. Only their last three digits can be searched without that."""


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see: which places (`show`), of one property (0: of all), in which order, on which page, and what
    they look for.
    """

    show: str = ""
    property: int = 0
    order: str = "name"
    looked_for: str = ""
    page: int = 1

    def link(self, **changes: Any) -> str:
        """Return the query of an address that shows the same with some changes, on the first page unless `page` is one
        of them.
        """
        fields = {"q": self.looked_for, "show": self.show, "property": self.property, "order": self.order}
        fields |= {"page": 1, **changes}
        usual = {"q": "", "show": "", "property": 0, "order": "name", "page": 1}
        return "?" + urlencode({name: value for name, value in fields.items() if value != usual[name]})


def read(given: QueryDict) -> Wanted:
    """Return what somebody wants to see. What can't be read counts as not chosen."""
    show, order = given.get("show", ""), given.get("order", "")
    return Wanted(
        show=show if show in SHOWN else "",
        property=key(given.get("property", "")),
        order=order if order in ORDERS else "name",
        looked_for=" ".join(given.get("q", "").replace("\0", "").split())[:100],
        page=min(max(key(given.get("page", "")), 1), 10_000),
    )


def listing(
    properties: Collection[Property],
    wanted: Wanted,
    summaries: Collection[Summary],
    with_phones: Collection[Property] = (),
) -> Page[Place]:
    """Return the page that is wanted of the places of some properties. `with_phones`: the properties whose tenants may
    be found by their phone numbers.
    """
    rows = Place.objects.in_use().filter(SHOWN[wanted.show], property__in=[each.pk for each in properties])
    if wanted.looked_for:
        rows = rows.filter(_matching(wanted.looked_for, properties, with_phones))
        number = rows.count()
    else:
        number = sum(getattr(each, wanted.show or "units") for each in summaries)
    paginator = Paginator(with_names(rows).order_by(*ORDERS[wanted.order]), PAGE)
    # It is known: nothing has to be counted.
    paginator.__dict__["count"] = number
    return paginator.get_page(wanted.page)


def with_names(rows: QuerySet[Place]) -> QuerySet[Place]:
    """Return places with who lives there, who comes, and the gateway of the meter."""
    return rows.select_related("tenancy", "coming", "meter__gateway").only(
        *("property", "unit", "home", "name", "role", "state", "need", "why", "balance", "waiting", "off_since"),
        *("lasts_until", "read_at", "is_silent", "has_alarm", "switching"),
        *("tenancy__tenant", "tenancy__begins", "tenancy__ends", "coming__tenant", "coming__begins"),
        *("meter__name", "meter__gateway__is_online", "meter__gateway__since"),
    )


def _matching(text: str, properties: Collection[Property], with_phones: Collection[Property]) -> Q:
    """Return what finds places by the name of the unit, of who lives or will live there, by a meter's number or a phone's."""
    condition = Q(name__icontains=text) | Q(tenancy__tenant__icontains=text) | Q(coming__tenant__icontains=text)
    condition |= Q(meter__name__icontains=text) | Q(meter__serial__icontains=text)
    keypads = TokenMeter.objects.filter(meter=None, unit__property__in=properties, name__icontains=text)
    condition |= Q(unit__in=keypads.values("unit"))
    tenancies = _by_phone(text, with_phones)
    return condition | Q(tenancy__in=tenancies) | Q(coming__in=tenancies) if tenancies else condition


def _by_phone(text: str, properties: Collection[Property]) -> set[int]:
    """Return the tenancies that are reached at a phone number, which must be whole. Numbers are sealed: those that end alike
    are opened.
    """
    numbers = set()
    for country in {country_at(each.zone, each.currency) for each in properties}:
        try:
            numbers.add(read_phone(text, country))
        except ValueError:
            continue
    if not numbers:
        return set()
    ends = reduce(or_, (Q(shown__endswith=number[-3:]) for number in numbers))
    channels = Channel.objects.filter(ends, kind="sms", recipient__tenancy__unit__property__in=properties)
    return {
        channel.recipient.tenancy_id
        for channel in channels.select_related("recipient")[:MOST_CHANNELS]
        if channel.recipient.tenancy_id is not None and _address(channel) in numbers
    }


def _address(channel: Channel) -> str:
    try:
        return address_of(channel)
    except SealError:
        return ""
