"""What pages of the console cost as a landlord grows: a page is no longer, and asks the database no more often, when there are
more flats. `bench/pages.py` measures what that takes.
"""

import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from prewatt.kernel.units import NANO
from prewatt.server.correspondence.models import Note, NoteTo, Report
from prewatt.server.estate.models import Property, Tenancy, Unit
from prewatt.server.metering.models import Alarm, Meter
from prewatt.server.overview.keeping import Keeper
from prewatt.server.overview.models import Place
from prewatt.server.payments.staff import record
from prewatt.server.vending.models import Command, TopUp
from prewatt.server.web.flat_choice import EVERY
from tests.building import NOON
from tests.server.web.addresses import pages

GROWS = {
    "console:overview:plan": "a tile for each flat, fit for a screen on the wall, is what it is for",
}
"""Pages that grow with a building, and why."""
KEPT = ("console:overview:properties", "console:overview:plan")
"""Pages that keep what they have worked out: what counts is to look again."""


def grow(home, number):
    """Let a property have so many flats, each with a tenant, an alarm, a fault report and a note."""
    there, gateway = home.units.count(), home.gateways.first()
    units = Unit.objects.bulk_create(Unit(property=home, name=f"N{each:04}") for each in range(there, number))
    meters = Meter.objects.bulk_create(Meter(name=f"x{each.pk:06}", unit=each, gateway=gateway) for each in units)
    tenancies = Tenancy.objects.bulk_create(Tenancy(unit=each, tenant=f"T{each.pk:06}", begins=1) for each in units)
    Alarm.objects.bulk_create(Alarm(meter=each, kind="difference", at=NOON, text="A difference.") for each in meters)
    Report.objects.bulk_create(
        Report(tenancy=each, asked=f"r{each.pk}", category="meter", made_at=NOON, changed_at=NOON) for each in tenancies
    )
    note, _made = Note.objects.get_or_create(
        organisation=home.organisation,
        asked="n",
        defaults={"title": "Water", "text": "Off.", "at": NOON, "by": "manager"},
    )
    NoteTo.objects.bulk_create(NoteTo(note=note, tenancy=each) for each in tenancies)
    keeper = Keeper()
    while not (keeper.keep(), home.units.count() == _worked_out(home))[1]:
        pass


def _worked_out(home):
    return Place.objects.filter(property=home, unit__isnull=False).exclude(state="").count()


def addresses(home):
    """The addresses of the console's pages, those of its own that a property, its first flat and its note have."""
    keys = {
        "properties": home.pk,
        "units": home.units.get(name="Flat 1").pk,
        "notes": Note.objects.get().pk,
        "tenancies": Tenancy.objects.get(tenant="Anna").pk,
    }
    for page in pages():
        if page.name.startswith("console:") and page.address.count("<") <= 1:
            arguments = [keys.get(page.address.split("/")[0])] if "<" in page.address else []
            if None not in arguments:
                yield page.name, reverse(page.name, args=arguments)


def costs(client, asked):
    """The queries and bytes of each page that there is to look at, by its name."""
    found = {}
    for name, address in asked.items():
        if name in KEPT:
            client.get(address)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        if answer.status_code == 200:
            found[name] = (len(captured), len(answer.content))
    return found


def test_no_page_of_the_console_grows_with_the_number_of_flats(manager):
    home = Property.objects.get()
    grow(home, 130)
    asked = dict(addresses(home))
    few = costs(manager, asked)
    assert len(few) > 45
    grow(home, 190)
    many = costs(manager, {name: asked[name] for name in few})
    grown = {name: (few[name], many[name]) for name in few if not is_flat(few[name], many[name])}
    assert grown.keys() == GROWS.keys(), grown


def is_flat(few, many):
    return many[0] <= few[0] and many[1] <= few[1] * 1.02


@pytest.mark.parametrize(
    "page",
    ["statements", "readings", "residents", "unreached-tenants", "first-payment", ""],
)
def test_a_flat_of_many_is_found_by_its_name(manager, page):
    home = Property.objects.get()
    grow(home, 130)
    address = f"/properties/{home.pk}/{page}{'/' if page else ''}"
    first = manager.get(address).content.decode()
    assert "N0129" not in first and "Page 1 of 2" in " ".join(first.split())
    assert "N0129" in manager.get(address, {"page": 2}).content.decode()
    found = manager.get(address, {"q": "n0129"}).content.decode()
    assert "N0129" in found and "N0128" not in found
    assert 'name="kept" value="2"' in manager.get(f"{address}?q=n0129&kept=1&kept=2").content.decode()
    nothing = manager.get(address, {"q": "xyz"}).content.decode()
    assert "Nothing was found." in nothing and "Flat 1" not in re.sub("<[^>]*>", "", nothing)


@pytest.mark.parametrize("page", ["/properties/{}/batches/", "/notes/"])
def test_flats_are_marked_over_pages_and_what_was_typed_stays(manager, page):
    home = Property.objects.get()
    grow(home, 130)
    page = page.format(home.pk)
    form = f"{page}preview/" if "batches" in page else page
    first, far = home.units.get(name="Flat 1").pk, home.units.get(name="N0129").pk
    typed = {"do": "note", "title": "Water", "text": "Off on Monday.", "asked": "1", "found": ""}
    # Looks through the list while a flat of the first page is marked, then turns a page.
    found = manager.post(form, {**typed, "unit": first, "find": "N0129"}, follow=True)
    choice = found.context["choice"]
    assert [each.unit.name for each in choice.offers] == ["N0129"]
    assert [each.unit.name for each in choice.elsewhere] == ["Flat 1"]
    assert 'value="Water"' in found.content.decode() and "Off on Monday." in found.content.decode()
    given = {**typed, "unit": [first, far], "find": "", "found": "", "look": "2"}
    second = manager.post(form, given, follow=True).context["choice"]
    assert second.page.number == 2
    assert [each.unit.name for each in second.offers if each.is_marked] == ["N0129"]
    assert not Note.objects.filter(title="Water", asked="1").exists()


def test_a_units_page_asks_only_for_what_there_is(manager, lived):
    page = f"/units/{Property.objects.get().units.get(name='Flat 1').pk}/"
    manager.get(page)
    with CaptureQueriesContext(connection) as captured:
        manager.get(page)
    assert len(captured) <= 15


def test_a_day_of_the_till_asks_no_more_for_more_receipts(manager, building, tenancy):
    user = get_user_model().objects.get(username="manager")
    counts = []
    for number in range(1, 7):
        record(tenancy, number * NANO, f"c{number}", user)
        if number in (2, 6):
            with CaptureQueriesContext(connection) as captured:
                assert len(manager.get("/till/day/").context["papers"]) == number
            counts.append(len(captured))
    assert counts[0] == counts[1]


def test_all_flats_that_fit_are_chosen_at_once(manager):
    home = Property.objects.get()
    grow(home, 130)
    page = f"/properties/{home.pk}/batches/preview/"
    given = {"do": "note", "title": "Water", "text": "Off on Monday.", EVERY: "on", "find": "", "found": ""}
    assert len(manager.post(page, given).context["rows"]) == 130
    shown = manager.post(page, {**given, "find": "N012", "found": "N012"})
    assert {each.flat.unit.name for each in shown.context["rows"]} == {f"N012{each}" for each in range(10)}
    again = manager.get(shown.context["back"]).context["choice"]
    assert (again.is_every, again.text) == (True, "N012")


def test_a_note_to_many_says_whom_it_reached_on_a_page_of_its_own(manager):
    home = Property.objects.get()
    grow(home, 130)
    note = Note.objects.get()
    NoteTo.objects.filter(note=note, tenancy__unit__name="N0129").update(seen_at=NOON)
    listed = " ".join(manager.get("/notes/").content.decode().split())
    assert "flats: 127 · sent to 0 · seen on the page by 1" in listed and "126 could not be reached" in listed
    assert "N0129" not in listed and f'href="/notes/{note.pk}/"' in listed
    assert "N0129" in manager.get(f"/notes/{note.pk}/", {"page": 2}).content.decode()


def test_the_reconciliation_asks_no_more_for_more_alarms_and_payments_of_more_flats(manager, clock):
    home = Property.objects.get()
    user = get_user_model().objects.get(username="manager")
    manager.get("/reconciliation/")
    counts = []
    for number in (4, 12):
        grow(home, number)
        Alarm.objects.update(at=clock.at)
        for tenancy in Tenancy.objects.filter(top_ups=None):
            record(tenancy, NANO, f"c{tenancy.pk}", user)
            Command.objects.filter(meter__unit=tenancy.unit).update(applied_seq=1)
        with CaptureQueriesContext(connection) as captured:
            page = manager.get("/reconciliation/").context
        assert page["count"] == Alarm.objects.count() + TopUp.objects.count() >= number
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_reconciliation_shows_alarms_of_a_page_and_counts_all(manager, clock):
    home = Property.objects.get()
    grow(home, 130)
    Alarm.objects.update(at=clock.at)
    pages = [manager.get("/reconciliation/", {"page": number}) for number in (1, 2)]
    rows = [each for page in pages for _day, open_, _matched, _count in page.context["days"] for each in open_]
    assert {page.context["to_do"] for page in pages} == {127}
    assert [each.name for each in rows] == sorted(each.name for each in Meter.objects.filter(alarms__isnull=False))
    assert {(each.who, each.detail) for each in rows} >= {(f"{home} N0129", "A difference.")}
