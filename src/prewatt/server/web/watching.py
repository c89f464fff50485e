"""What an open page watches, and whether it has moved. No page is worked out to find that out.

A page names what it shows (`Topic`), and says how that stood before the page was worked out (its state). Both are sealed in
a ticket, with which the browser opens a stream at the pages' process (`processes/pages/streams.py`). There all
topics of all open pages are looked at together, once a second, in a query for each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.models import Session
from django.core import signing
from django.db.models import Count, Exists, Max, OuterRef, Q, Sum
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import override

from ...kernel.calendar import zone
from ..accounts.memberships import Membership, reaches_of
from ..core.time import now, system_now
from ..estate.models import Resident, Tenancy
from ..metering.looks import LOOK_AGAIN, Present, look_at, read
from ..metering.models import Alarm, Gateway, LiveReading, Meter
from ..overview.models import Summary
from ..payments.models import Payment

STREAM = "/live/"
"""The address of the streams. The pages' process answers it, not Django."""
METER, PROPERTIES, READINGS, PAYMENT = "meter", "properties", "readings", "payment"
Topic = tuple[str, tuple[int, ...]]
"""A kind, and the keys of its rows: one meter, the properties of the first page, properties with all their meters, or one payment."""


class Shown(NamedTuple):
    """How a meter's present is shown on a page. `currency`: empty if the page shows no money."""

    currency: str
    zone: str
    language: str


class Ticket(NamedTuple):
    """What an open page watches. `user`: the login whose page it is. `state`: how the topic stood when the page was worked out.
    `shown`: how a meter's present is shown; None if the page shows none of it. `ends`: the instant (µs, system's clock) at which
    the page is worked out again in any case, and rights are checked again. `roles`: the mark of what the login may do
    (`Reach.mark`). `tenancy`: of a tenant's page, which is shown only while they live there; otherwise None.
    """

    user: int
    topic: Topic
    state: str
    shown: Shown | None
    ends: int
    roles: str
    tenancy: int | None = None


class Viewer(NamedTuple):
    """A person with an open page: the key of their session, the mark of what they were allowed when the page was worked out, and
    for a tenant's page the tenancy.
    """

    session: str
    roles: str
    tenancy: int | None = None


def seal(request: HttpRequest, ticket: Ticket) -> str:
    """Return a ticket as text, which is good for this session alone."""
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return signing.dumps(ticket, salt=_salt(session))


def unseal(text: str, session: str) -> Ticket | None:
    """Return the ticket in a text of `seal`; None if this server did not make it for this session, or it has ended."""
    try:
        user, (kind, keys), state, shown, ends, roles, tenancy = signing.loads(text, salt=_salt(session))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    ticket = Ticket(user, (kind, tuple(keys)), state, Shown(*shown) if shown else None, ends, roles, tenancy)
    return ticket if ticket.ends > system_now() else None


def still_may(viewers: Collection[Viewer]) -> set[Viewer]:
    """Return the viewers who still may see their pages: they are logged in with the present password, their rights are the same,
    and tenants still have their tenancy.
    """
    let_in = _let_in({each.session for each in viewers})
    living = set()
    if tenancies := {each.tenancy for each in viewers if each.tenancy is not None}:
        rows = Tenancy.objects.filter(pk__in=tenancies, people__in={each.user for each in let_in.values()})
        not_over = rows.filter(Q(ends__isnull=True) | Q(ends__gt=now()))
        living = set(not_over.values_list("people", "pk"))
    return {
        each
        for each in viewers
        if (person := let_in.get(each.session)) is not None
        and person.roles == each.roles
        and (each.tenancy is None or (person.user, each.tenancy) in living)
    }


class _LetIn(NamedTuple):
    """A login that a request would be let in by, and the mark of what it may do."""

    user: int
    roles: str


_BELONGS = (
    Q(is_superuser=True)
    | Exists(Membership.objects.filter(user=OuterRef("pk")))
    | Exists(Resident.objects.filter(user=OuterRef("pk")))
)
"""The condition of users who have a role somewhere, or a flat."""


def _let_in(sessions: Collection[str]) -> dict[str, _LetIn]:
    """Return whom some sessions let in, of people who have something to see.

    Who has changed the password has ended all sessions but one by that alone: their rows stay, with the hash of the password
    of before.
    """
    current = Session.objects.filter(session_key__in=sessions, expire_date__gt=timezone.now())
    kept = {row.session_key: row.get_decoded() for row in current}
    numbers = {each[SESSION_KEY] for each in kept.values() if SESSION_KEY in each}
    users = get_user_model()._default_manager.filter(_BELONGS, pk__in=numbers, is_active=True)
    people = {str(user.pk): (user, reach.mark) for user, reach in reaches_of(users).items()}
    let_in = {}
    for session, each in kept.items():
        user, mark = people.get(each.get(SESSION_KEY, ""), (None, ""))
        if user and constant_time_compare(each.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
            let_in[session] = _LetIn(user.pk, mark)
    return let_in


def _salt(session: str) -> str:
    return f"prewatt.watching {session}"


def state_of(topic: Topic) -> str:
    """Return how a topic stands. Call it before the page is worked out, so that a change meanwhile is noticed afterwards."""
    return states([topic])[topic]


def states(topics: Collection[Topic]) -> dict[Topic, str]:
    """Return how topics stand, except those of meters: `presents` has these."""
    states_: dict[Topic, str] = {}
    for kind, query in _QUERIES.items():
        asked = [topic for topic in topics if topic[0] == kind]
        if asked:
            rows = query({key for _kind, keys in asked for key in keys})
            states_ |= {topic: state_by(topic, rows) for topic in asked}
    return states_


def state_by(topic: Topic, rows: Mapping[int, Any]) -> str:
    """Return how a topic stands, from what was read of its rows."""
    return repr([rows.get(key) for key in topic[1]])


def presents(meters: Iterable[int]) -> dict[int, Present]:
    """Return the presents of meters that people look at, by the meters' keys, and ask their gateways, if online, to go on reading."""
    rows, ends = read(meters)
    soon = system_now() + LOOK_AGAIN
    if ending := [meter for meter, row in rows.items() if row.online and ends[meter] < soon]:
        look_at(ending)
    return rows


def render(present: Present, shown: Shown) -> str:
    """Return the part of a page that shows a meter's present."""
    with override(shown.language):
        context = {"present": present, "currency": shown.currency, "zone_info": zone(shown.zone)}
        return render_to_string("web/meter/_now.html", context)


def _properties(keys: set[int]) -> dict[int, Any]:
    """What moves the first page and the plans: all that is kept of a property says when it moved."""
    return dict(Summary.objects.filter(property__in=keys).values_list("pk", "moved_at"))


def _meters(keys: set[int]) -> dict[int, Any]:
    """What moves a page of all meters of properties: journals, orders, balances that gateways tell, networks, alarms."""
    sums_by_meter: dict[int, list[Any]] = {}
    meters = Meter.objects.filter(gateway__property__in=keys).values_list("gateway__property").order_by()
    for pk, *sums in meters.annotate(
        Count("pk"), Sum("seq"), Sum("told_seq"), Sum("commands"), Max("told_at"), Count("unit")
    ):
        sums_by_meter.setdefault(pk, []).append(sums)
    gateways = Gateway.objects.filter(property__in=keys).values_list("property").order_by()
    for pk, *sums in gateways.annotate(Count("pk"), Max("since"), reached=Count("pk", filter=Q(is_online=True))):
        sums_by_meter.setdefault(pk, []).append(sums)
    for owner in ("meter__gateway__property", "gateway__property"):
        alarms = Alarm.objects.filter(**{f"{owner}__in": keys, "is_resolved": False}).values_list(owner).order_by()
        for pk, *sums in alarms.annotate(Count("pk"), Max("pk")):
            sums_by_meter.setdefault(pk, []).append([owner, *sums])
    return sums_by_meter


def _readings(keys: set[int]) -> dict[int, Any]:
    place = "meter__gateway__property"
    rows = LiveReading.objects.filter(**{f"{place}__in": keys}).values_list(place).order_by()
    heard = {pk: sums for pk, *sums in rows.annotate(Count("pk"), Max("heard_at"))}
    return {pk: [rows, heard.get(pk)] for pk, rows in _meters(keys).items()}


def _payments(keys: set[int]) -> dict[int, Any]:
    rows = Payment.objects.filter(pk__in=keys)
    return {
        pk: row
        for pk, *row in rows.values_list(
            "pk", "state", "link", "confirmed_at", "top_up", "top_up__command__state", "top_up__command__meter__seq"
        )
    }


_QUERIES: dict[str, Callable[[set[int]], dict[int, Any]]] = {
    PROPERTIES: _properties,
    READINGS: _readings,
    PAYMENT: _payments,
}
