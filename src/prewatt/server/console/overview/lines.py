"""*Now to do*: who or what needs somebody, since when, how much, and where it is settled. What is most harmful stands first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models import Case, F, Q, Value, When, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from ....kernel.calendar import zone
from ....kernel.forecast import days_until
from ....kernel.state import EXHAUSTED
from ...accounts.rights import Right
from ...metering.models import Meter
from ...metering.seen import LIMIT
from ...overview.models import Need, Place, Summary, ToDo
from .begun import begun_lines
from .line import FIRST, Line, Seer
from .listing import Wanted, with_names
from .words import why_in_words


def lines(seer: Seer, summaries: Collection[Summary], wanted: Wanted, at: int) -> list[Line]:
    """Return the lines of *Now to do*, the most urgent first."""
    off, soon = _urgent(seer)
    rows = _rows(seer)
    numbers = {name: sum(getattr(each, name) for each in summaries) for name in ("off", "soon")}
    return [
        *(_off(each, seer) for each in off),
        *_more(numbers["off"] - len(off), wanted.link(show="off", q="")),
        *begun_lines(seer),
        *_of_kinds(rows, seer, (ToDo.Kind.GATEWAY, ToDo.Kind.SILENCE), wanted),
        *(_soon(each, seer, at) for each in soon),
        *_more(numbers["soon"] - len(soon), wanted.link(show="soon", q="", order="days")),
        *_of_kinds(
            rows, seer, [kind for kind in ToDo.Kind if kind not in (ToDo.Kind.GATEWAY, ToDo.Kind.SILENCE)], wanted
        ),
    ]


def _more(number: int, to: str) -> Iterable[Line]:
    if number > 0:
        text = ngettext("and %(number)d more", "and %(number)d more", number) % {"number": number}
        yield Line("", "", who=text, page=to)


# -- flats -----------------------------------------------------------------------------------------------------------------


def _urgent(seer: Seer) -> tuple[list[Place], list[Place]]:
    """Return the first flats without power, the longest first, and those whose credit runs out soonest."""
    group = Case(When(need__lte=Need.OFF, then=Value(0)), default=Value(1))
    soonest = F("lasts_until").asc(nulls_last=True)
    rows = with_names(
        Place.objects.in_use().filter(property__in=seer.properties, need__lte=Need.SOON, role=Meter.Role.UNIT)
    )
    numbered = rows.annotate(
        number=Window(
            RowNumber(),
            partition_by=[group],
            order_by=[F("need").asc(), soonest, F("off_since").asc(), F("sort").asc()],
        )
    ).filter(number__lte=FIRST)
    places = sorted(numbered, key=lambda each: each.number)  # type: ignore[attr-defined]
    return [each for each in places if each.need <= Need.OFF], [each for each in places if each.need == Need.SOON]


def _place_line(
    place: Place, seer: Seer, tone: str, label: str, detail: str, since: int | None, way: tuple[str, str]
) -> Line:
    home, sees_money = seer.properties[place.property_id], seer.has(Right.SEE_MONEY, place.property_id)
    return Line(
        tone,
        label,
        who=place.name,
        page=reverse("console:units:unit", args=[place.unit_id]),
        tenant=place.tenancy.tenant if place.tenancy else "",
        property_name=home.name if seer.sees_several else "",
        detail=detail,
        since=since,
        zone=zone(home.zone),
        amount=place.balance if sees_money else None,
        waiting=place.waiting if sees_money else 0,
        currency=home.currency,
        button=way[0],
        to=way[1],
    )


def _way(place: Place, seer: Seer) -> tuple[str, str]:
    """Return the button that mends it, and where it leads: money if that is what is missing, the switch otherwise."""
    for_money = place.need == Need.SOON or place.why in (EXHAUSTED, LIMIT)
    if for_money and not place.waiting and seer.has(Right.TAKE_MONEY, place.property_id):
        page = ("console:till:take", place.tenancy_id) if place.tenancy_id else ("console:units:money", place.unit_id)
        return _("Take a payment"), reverse(page[0], args=[page[1]])
    if not for_money and seer.has(Right.SWITCH, place.property_id):
        return _("Look at the switch"), reverse("console:units:switch", args=[place.unit_id])
    return _("What to do"), reverse("console:units:unit", args=[place.unit_id])


def _off(place: Place, seer: Seer) -> Line:
    label = _("off though paid") if place.need == Need.PAID_AND_OFF else _("off")
    return _place_line(place, seer, "off", label, why_in_words(place), place.off_since, _way(place, seer))


def _soon(place: Place, seer: Seer, at: int) -> Line:
    if place.lasts_until is None:
        label = _("low")
    else:
        days = days_until(place.lasts_until, at)
        label = ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days} if days else _("today")
    return _place_line(place, seer, "soon", label, "", None, _way(place, seer))


# -- all else --------------------------------------------------------------------------------------------------------------


class Words(NamedTuple):
    """The words for the lines of a kind: the tone, the label, what a line counts (one, several), and the button. Only
    people with the right see the lines.
    """

    tone: str
    label: str | Promise
    several: Any
    button: str | Promise
    right: Right


K = ToDo.Kind


WORDS: Mapping[str, Words] = {
    K.GATEWAY: Words(
        "silent",
        gettext_lazy("gateway offline"),
        ngettext_lazy("%(number)d meter of this gateway", "%(number)d meters of this gateway", "number"),
        gettext_lazy("What to do"),
        Right.SEE,
    ),
    K.SILENCE: Words(
        "silent",
        gettext_lazy("silent"),
        ngettext_lazy("%(number)d meter", "%(number)d meters", "number"),
        gettext_lazy("What to do"),
        Right.SEE,
    ),
    K.ALARM: Words("doubtful", gettext_lazy("alarm"), "", gettext_lazy("What to do"), Right.SEE),
    K.HELD: Words(
        "soon",
        gettext_lazy("payment to decide"),
        ngettext_lazy("%(number)d payment waits for a decision", "%(number)d payments wait for a decision", "number"),
        gettext_lazy("Decide"),
        Right.BANK,
    ),
    K.TAKEN_BACK: Words(
        "soon",
        gettext_lazy("taken back"),
        ngettext_lazy(
            "%(number)d payment was taken back by a bank", "%(number)d payments were taken back by a bank", "number"
        ),
        gettext_lazy("Decide"),
        Right.BANK,
    ),
    K.UNEXPECTED: Words(
        "soon",
        gettext_lazy("payment to decide"),
        ngettext_lazy(
            "%(number)d payment that nobody asked for", "%(number)d payments that nobody asked for", "number"
        ),
        gettext_lazy("Decide"),
        Right.BANK,
    ),
    K.UNEXPLAINED: Words(
        "soon",
        gettext_lazy("not explained"),
        ngettext_lazy(
            "%(number)d line of a settlement file is not explained",
            "%(number)d lines of settlement files are not explained",
            "number",
        ),
        gettext_lazy("Explain"),
        Right.BANK,
    ),
    K.BANK: Words(
        "soon",
        gettext_lazy("to be booked"),
        ngettext_lazy("%(number)d line of a bank statement", "%(number)d lines of bank statements", "number"),
        gettext_lazy("Book"),
        Right.BANK,
    ),
    K.ADJUSTMENT: Words(
        "soon",
        gettext_lazy("second person"),
        ngettext_lazy(
            "%(number)d credit waits for a second person", "%(number)d credits wait for a second person", "number"
        ),
        gettext_lazy("Decide"),
        Right.GIVE_BACK,
    ),
    K.WRITE_OFF: Words(
        "soon",
        gettext_lazy("second person"),
        ngettext_lazy(
            "%(number)d write-off waits for a second person", "%(number)d write-offs wait for a second person", "number"
        ),
        gettext_lazy("Decide"),
        Right.GIVE_BACK,
    ),
    K.RECONCILIATION: Words(
        "doubtful",
        gettext_lazy("does not agree"),
        ngettext_lazy(
            "%(number)d finding of the reconciliation", "%(number)d findings of the reconciliation", "number"
        ),
        gettext_lazy("Reconcile"),
        Right.BOOKS,
    ),
    K.BILL: Words(
        "soon",
        gettext_lazy("overdue"),
        ngettext_lazy("%(number)d bill is not paid", "%(number)d bills are not paid", "number"),
        gettext_lazy("Bills"),
        Right.SEE_MONEY,
    ),
    K.DEBT: Words(
        "soon",
        gettext_lazy("owed to you"),
        ngettext_lazy("%(number)d debt", "%(number)d debts", "number"),
        gettext_lazy("Debts"),
        Right.BOOKS,
    ),
    K.REFUND: Words(
        "soon",
        gettext_lazy("to pay out"),
        ngettext_lazy("%(number)d refund", "%(number)d refunds", "number"),
        gettext_lazy("Refunds"),
        Right.BOOKS,
    ),
    K.UNREACHED: Words(
        "unknown",
        gettext_lazy("not reached"),
        ngettext_lazy("%(number)d tenant gets no notice", "%(number)d tenants get no notices", "number"),
        gettext_lazy("Add contacts"),
        Right.TENANCIES,
    ),
    K.REPORT: Words(
        "soon",
        gettext_lazy("fault report"),
        ngettext_lazy("%(number)d report is open", "%(number)d reports are open", "number"),
        gettext_lazy("Answer"),
        Right.SEE,
    ),
}
PAGES: Mapping[str, str] = {
    K.HELD: "console:payments:payments",
    K.TAKEN_BACK: "console:payments:payments",
    K.UNEXPECTED: "console:payments:payments",
    K.UNEXPLAINED: "console:payments:payments",
    K.BANK: "console:bank:bank",
    K.ADJUSTMENT: "console:books:books",
    K.WRITE_OFF: "console:books:books",
    K.RECONCILIATION: "console:reconciliation:reconciliation",
    K.BILL: "console:bills:bills",
    K.DEBT: "console:books:books",
    K.REFUND: "console:books:books",
    K.REPORT: "console:reports:reports",
}
"""The page on which a kind is settled, if its rows belong to an organisation or are listed for all properties."""


def _rows(seer: Seer) -> list[ToDo]:
    """Return the rows that whoever looks may see, the oldest of each kind first."""
    whole = [pk for pk, rights in seer.of.items() if rights]
    rows = ToDo.objects.filter(Q(property__in=seer.properties) | Q(property=None, organisation__in=whole))
    related = rows.select_related(
        "gateway", "silence__meter__unit", "silence__gateway", "alarm__meter__unit", "alarm__gateway"
    )
    shown = related.only(
        *("organisation", "property", "kind", "since", "count", "amount", "currency", "gateway__name"),
        *("silence__line", "silence__gateway__name", "silence__meter__name", "silence__meter__unit__name"),
        *("alarm__text", "alarm__parts", "alarm__gateway__name", "alarm__meter__name", "alarm__meter__unit__name"),
    )
    return [each for each in shown.order_by(F("since").asc(nulls_last=True), "pk") if _may_see(each, seer)]


def _may_see(row: ToDo, seer: Seer) -> bool:
    right = WORDS[row.kind].right
    if row.property_id is not None:
        return seer.has(right, row.property_id)
    return right in seer.of.get(row.organisation_id, ())


def _of_kinds(rows: Iterable[ToDo], seer: Seer, kinds: Iterable[str], wanted: Wanted) -> Iterable[Line]:
    """Yield the first lines of each kind; then how many more there are."""
    by_kind: dict[str, list[ToDo]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    for kind in kinds:
        own = by_kind.get(kind, [])
        yield from (_line(row, seer) for row in own[:FIRST])
        shows: dict[str, str] = {K.GATEWAY: "silent", K.SILENCE: "silent", K.ALARM: "alarms"}
        yield from _more(len(own) - FIRST, wanted.link(show=shows.get(kind, ""), q=""))


def _line(row: ToDo, seer: Seer) -> Line:
    said, home = WORDS[row.kind], seer.properties.get(row.property_id or 0)
    who, page, detail = _who(row, said)
    to = _to(row)
    return Line(
        said.tone,
        str(said.label),
        who=who,
        page=page or to,
        property_name=home.name if home is not None and seer.sees_several else "",
        detail=detail,
        since=row.since,
        zone=zone((home or next(iter(seer.properties.values()))).zone),
        amount=row.amount,
        currency=row.currency,
        button=str(said.button),
        to=to,
    )


def _who(row: ToDo, said: Words) -> tuple[str, str, str]:
    """Return what a row is about, the page of it, and what more there is to say."""
    if row.gateway is not None:
        return row.gateway.name, "", _counted(said, row)
    if row.alarm is not None:
        meter = row.alarm.meter
        page = _page_of(meter) if meter is not None else ""
        return row.alarm.who if meter is None or meter.unit is None else meter.unit.name, page, row.alarm.sentence
    if row.silence is not None:
        meter = row.silence.meter
        if meter is None:
            return f"{row.silence.gateway.name}, {row.silence.line}", "", _counted(said, row)
        return meter.unit.name if meter.unit else meter.name, _page_of(meter), ""
    return _counted(said, row), "", ""


def _page_of(meter: Meter) -> str:
    """Return the page of the unit where a meter hangs; empty if it hangs at none."""
    return reverse("console:units:unit", args=[meter.unit_id]) if meter.unit_id else ""


def _counted(said: Words, row: ToDo) -> str:
    return str(said.several % {"number": row.count})


def _to(row: ToDo) -> str:
    """Return the address where a row is settled."""
    if row.alarm_id is not None:
        return reverse("console:alarms:alarm", args=[row.alarm_id])
    if row.kind == K.UNREACHED:
        return reverse("console:contacts:not_reached", args=[row.property_id])
    if row.kind in (K.GATEWAY, K.SILENCE):
        return reverse("console:alarms:alarms", args=[row.property_id])
    address = reverse(PAGES[row.kind])
    return f"{address}?organisation={row.organisation_id}" if row.property_id is None else address
