"""The navigation: the places of the console, the pages of the place that one is in, and those of a property.

A link is shown only to people with the right that its page needs (`web/needs.py`), so no link leads to a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..accounts.memberships import Reach
from ..estate.models import Organisation, Property, Tenancy
from .access import chosen_flat, flats_now
from .gate import reach
from .needs import PAGES


class Page(NamedTuple):
    """A link to a page. `whole`: it is for roles in a whole organisation. `under`: the beginnings of the names of addresses
    that belong to this page. `given`: the arguments of its address.
    """

    label: Any
    name: str
    whole: bool = False
    under: tuple[str, ...] = ()
    given: Mapping[str, Any] = {}


class Place(NamedTuple):
    """A part of the console, and its pages. A link to the place opens the first page that the user may see."""

    label: Any
    pages: Sequence[Page]


class Link(NamedTuple):
    """A link as the page shows it. `here`: `page` if it leads to this page, `true` if this page is a part of it; empty otherwise."""

    label: Any
    address: str
    here: str


OF_PROPERTY = (
    Page(_("Plan"), "console:overview:plan"),
    Page(_("Tariffs"), "console:tariffs:tariffs", under=("console:tariffs:",)),
    Page(_("Shared costs"), "console:sharing:shared_costs", under=("console:sharing:",)),
    Page(_("Losses"), "console:sharing:building_balance"),
    Page(_("Supply"), "console:supply:supply", under=("console:supply:",)),
    Page(_("Flats and gateways"), "console:estate:building", under=("console:estate:", "console:begin:")),
    Page(_("Emergency codes"), "console:emergency_codes:emergency_codes", under=("console:emergency_codes:",)),
    Page(_("Alarms"), "console:alarms:alarms", under=("console:alarms:",)),
    Page(_("Statements"), "console:papers:statements", under=("console:papers:",)),
    Page(_("Readings now"), "console:readings:readings", under=("console:readings:",)),
    Page(_("Many flats at once"), "console:batch:batch", under=("console:batch:",)),
)
"""The pages of a property."""

BUILDINGS = Place(_("Buildings"), (Page(_("Buildings"), "console:overview:properties"),))
PLACES = (
    BUILDINGS,
    Place(_("On site"), (Page(_("On site"), "console:on_site:on_site", under=("console:on_site:",)),)),
    Place(
        _("Money"),
        (
            Page(_("Books"), "console:books:books", whole=True, under=("console:books:", "console:owed:")),
            Page(_("Till"), "console:till:till", under=("console:till:",)),
            Page(
                _("Payments"),
                "console:payments:payments",
                whole=True,
                under=("console:payments:", "console:taken_back:", "console:merchants:"),
            ),
            Page(_("Bills"), "console:bills:bills"),
            Page(
                _("Bank statements"), "console:bank:bank", whole=True, under=("console:bank:", "console:bank_columns:")
            ),
            Page(_("Reconciliation"), "console:reconciliation:reconciliation", whole=True),
        ),
    ),
    Place(
        _("Messages"),
        (
            Page(_("Fault reports"), "console:reports:reports", under=("console:reports:", "tenant:reports:")),
            Page(_("Notes"), "console:notes:notes", whole=True, under=("console:notes:",)),
            Page(
                _("Notices"),
                "tenant:notices:notices",
                whole=True,
                under=("tenant:notices:", "console:sending:"),
                given={"whose": "office"},
            ),
        ),
    ),
    Place(
        _("Organisation"),
        (
            Page(_("Landlord"), "console:estate:organisation", whole=True, under=("console:estate:add_property",)),
            Page(_("People"), "console:people:people", whole=True, under=("console:people:",)),
            Page(_("Keypad meters"), "console:keypads:keypads", whole=True, under=("console:keypads:",)),
            Page(_("Personal data"), "console:personal_data:retention", whole=True),
            Page(_("Changes"), "console:audit:changes", whole=True),
        ),
    ),
)
"""The places of the console. A page that stands in none of them belongs to the buildings."""

OF_TENANT = (
    Page(
        _("My electricity"),
        "tenant:home:tenancy",
        under=("tenant:home:", "tenant:pay:", "tenant:papers:", "tenant:bill:"),
    ),
    Page(_("Notices"), "tenant:notices:notices", under=("tenant:notices:",), given={"whose": "me"}),
    Page(_("Report a fault"), "tenant:reports:my_reports", under=("tenant:reports:",)),
    Page(_("People"), "tenant:residents:residents", under=("tenant:residents:",)),
)
"""The pages of a tenant."""


class Navigation(NamedTuple):
    """What the header shows: the places, and the pages of the present place. `property_`: the property whose pages these are;
    None if they are of no property.
    """

    places: list[Link]
    pages: list[Link]
    property_: Property | None = None


def navigation(request: Any, context: Any) -> Navigation:
    """Return the navigation for a request of a user who is logged in. `context`: that of the template. Its `property` is used if
    the request has noted none; its `owner` is the organisation that links name.
    """
    name, all_ = _name_of(request), reach(request)
    if not all_.rights:
        return _of_tenant(request, name)
    here, owner = _place_of(name), context.get("owner")
    open_ = _open_places(all_)
    places = [Link(place.label, _address(own[0], owner), "true" if place is here else "") for place, own in open_]
    property_ = getattr(request, "property_here", None) or context.get("property")
    if here is BUILDINGS and property_ is not None:
        return Navigation(places, _links(_pages_of(property_, all_), name), property_)
    pages = [] if here is BUILDINGS else next((own for place, own in open_ if place is here), [])
    return Navigation(places, _links(pages, name, owner))


def _name_of(request: Any) -> str:
    """Return the name of the page that was asked for; empty if there is none."""
    return request.resolver_match.view_name if request.resolver_match else ""


def _open_places(all_: Reach) -> list[tuple[Place, list[Page]]]:
    """Return the places of which somebody may open a page, each with those pages."""
    pages = [(place, [each for each in place.pages if _is_open(each, all_)]) for place in PLACES]
    return [(place, own) for place, own in pages if own]


def _pages_of(property_: Property, all_: Reach) -> list[Page]:
    """Return the pages of a property that somebody may open."""
    rights = all_.at(property_)
    return [each._replace(given={"pk": property_.pk}) for each in OF_PROPERTY if PAGES[each.name].read in rights]


def _links(pages: Iterable[Page], name: str, owner: Organisation | None = None) -> list[Link]:
    """Return links to pages, of which at most one is the page with a name, or the nearest above it."""
    pages = list(pages)
    nearest = next((each for each in pages if each.name == name), None) or next(
        (each for each in pages if name.startswith(each.under)), None
    )
    here = "page" if nearest is not None and nearest.name == name else "true"
    return [Link(each.label, _address(each, owner), here if each is nearest else "") for each in pages]


def _address(page: Page, owner: Organisation | None) -> str:
    return reverse(page.name, kwargs=dict(page.given)) + (f"?organisation={owner.pk}" if owner and page.whole else "")


def _is_open(page: Page, all_: Reach) -> bool:
    right: Any = PAGES[page.name].read
    if page.whole:
        return all_.operator or any(each.properties is None and each.has(right) for each in all_.grants)
    return right in all_.rights


def _place_of(name: str) -> Place | None:
    """Return the place to which an address belongs. None: to none, such as the pages of one's own login."""
    for place in PLACES:
        if any(each.name == name or name.startswith(each.under) for each in place.pages):
            return place
    return BUILDINGS if name.startswith(("console:", "tenant:")) and not name.startswith("console:keys:") else None


def _of_tenant(request: Any, name: str) -> Navigation:
    """Return the way of a tenant. Whoever has several flats chooses among them on each page, and stays on that page."""
    flats, flat = flats_now(request), getattr(request, "flat_here", None) or chosen_flat(request)
    if len(flats) < 2:
        return Navigation(_links(OF_TENANT if flats else (), name), [])
    page = _same_page(name)
    names = [
        Link(_name(each, flats), _address(_of(page, each), None), "page" if each == flat else "") for each in flats
    ]
    # On a paper of a flat that they have left, the pages are of one where they live.
    here = flat if flat in flats else chosen_flat(request)
    return Navigation(_links([_of(each, here or flats[0]) for each in OF_TENANT], name), names)


def _same_page(name: str) -> Page:
    """Return the page with a name of another flat: one that is no page of a flat by itself leads to its home."""
    return next((each for each in OF_TENANT if each.name == name), OF_TENANT[0])


def _of(page: Page, flat: Tenancy) -> Page:
    return page._replace(given={**page.given, "tenancy": flat.pk})


def _name(flat: Tenancy, flats: Sequence[Tenancy]) -> str:
    """Return what a flat is called beside others: with its building where they lie in several."""
    unit = flat.unit
    several = len({each.unit.property_id for each in flats}) > 1
    return f"{unit.name}, {unit.property.name}" if several else unit.name
