"""A tenancy is found by what is typed: by flat, name or reference; who may be meant is asked back, and nothing is booked."""

import html
import re

import pytest
from django.template.loader import render_to_string

from prewatt.kernel.units import NANO
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.payments.bank import reference, upload
from prewatt.server.payments.models import BankLine
from prewatt.server.web.paging import list_page
from prewatt.server.web.tenancy_choice import tenancies_called, the_one
from tests.building import set_up
from tests.recorded import recorded_once

pytestmark = pytest.mark.database


def said(answer):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


@pytest.fixture
@recorded_once
def many(building, clock):
    """Flats 10 to 99 of the building beside the three that there are; in two of them lives a Ben."""
    home = Property.objects.get()
    units = Unit.objects.bulk_create(Unit(property=home, name=f"Flat {each}") for each in range(10, 100))
    Tenancy.objects.bulk_create(
        Tenancy(unit=unit, tenant="Ben Li" if unit.name == "Flat 20" else f"Person {unit.name[5:]}", begins=1)
        for unit in units
    )
    return Tenancy.objects.filter(unit__property=home)


@pytest.mark.parametrize(
    ("text", "flats"),
    [
        ("1", "Flat 1"),  # Not Flat 10, which comes as one of those that only contain it.
        ("flat 20", "Flat 20"),
        ("  BEN li ", "Flat 20"),
        ("li, linden 20", "Flat 20"),
        ("nobody", ""),
        (" ", ""),
        ("\0", ""),
    ],
)
def test_who_is_meant_comes_first(many, text, flats):
    rows = tenancies_called(many, text)
    assert (rows[0].unit.name if rows else "") == flats


def test_a_reference_means_one_alone_and_its_check_digit_must_be_right(many):
    ben = many.get(tenant="Ben")
    assert tenancies_called(many, f"Ben, Flat 2, {reference(ben)}") == [ben]
    wrong = f"PW{ben.pk}-{(int(reference(ben)[-1]) + 1) % 10}"
    assert tenancies_called(many, wrong) == []


def test_two_of_a_name_are_both_meant_and_a_flat_of_just_that_name_is_one(many):
    both = tenancies_called(many, "ben")
    assert [each.tenant for each in both] == ["Ben", "Ben Li"] and the_one(both, "ben") is None
    flat = tenancies_called(many, "2")
    assert len(flat) == 19 and the_one(flat, "2") == many.get(tenant="Ben")


def test_a_bank_line_for_two_of_a_name_is_asked_back_and_nothing_is_booked(many, log_in):
    owner = Organisation.objects.get()
    anna, ben = many.get(tenant="Anna"), many.get(tenant="Ben")
    # The bank's text seems to be for Anna, whom the page proposes.
    told = f"date,amount,text,payer\n2025-10-06,20.00,{reference(anna)},x\n2025-10-06,7.00,y,z\n"
    line, other = upload(owner, told.encode(), "EUR", None).new
    manager, field = log_in("manager"), f"line-{line.pk}"
    assert f'value="tenancy:{anna.pk}" selected' in manager.get("/bank-lines/").content.decode()
    given = {
        field: f"tenancy:{anna.pk}",
        f"{field}-typed": "ben",
        f"line-{other.pk}": "",
        f"line-{other.pk}-typed": "2",
    }
    page = manager.post("/bank-lines/book/", given, follow=True)
    line.refresh_from_db()
    assert line.state == BankLine.State.OPEN and balance(tenant_account(anna)) == 0
    assert balance(tenant_account(ben)) == 7 * NANO  # The other line was clear.
    assert "Several are called “ben”. Choose who it is." in said(page)
    # Who was proposed is chosen no more: it was not who was typed.
    text = page.content.decode()
    assert f'value="tenancy:{ben.pk}"' in text and f'value="tenancy:{anna.pk}" selected' not in text
    manager.post("/bank-lines/book/", {field: f"tenancy:{ben.pk}", f"{field}-typed": ""})
    assert balance(tenant_account(ben)) == 27 * NANO


def test_who_fits_is_offered_with_the_reference_to_whoever_may_and_of_their_own_only(many, clock, log_in):
    set_up(clock, organisation="Other", name="Else 1", gateway="g9", manager="other", apartments=[])
    manager, own = log_in("manager"), Organisation.objects.get(name="Berg Homes")
    path = f"/payments/tenancies/?organisation={own.pk}&line-7-typed=ben"
    offers = manager.get(path, headers={"HX-Request": "true", "HX-Trigger-Name": "line-7-typed"}).content.decode()
    assert offers.count("<option") == 2 and reference(many.get(tenant="Ben")) in offers
    assert manager.get("/payments/tenancies/?q=person").content.decode().count("<option") == 20
    assert log_in("other").get("/payments/tenancies/?q=ben").content.decode().strip() == ""
    assert log_in("other").get(path).status_code == log_in("flat1").get(path).status_code == 404


def test_lines_are_shown_a_hundred_a_page(many, log_in):
    owner = Organisation.objects.get()
    rows = (f"2025-10-06,{each}.00,x,y\n" for each in range(1, 106))
    upload(owner, ("date,amount,text,payer\n" + "".join(rows)).encode(), "EUR", None)
    manager = log_in("manager")
    first, last = manager.get("/bank-lines/"), manager.get("/bank-lines/?page=2")
    assert "Page 1 of 2" in said(first) and first.content.decode().count('-typed"') == 100
    assert "Page 2 of 2" in said(last) and last.content.decode().count('-typed"') == 5


def test_each_list_of_a_page_has_pages_of_its_own(rf):
    request = rf.get("/books/?organisation=7&owed=2&debts=9")
    owed, debts = list_page(request, range(250), "owed"), list_page(request, range(150), "debts")
    assert list(owed) == list(range(100, 200)) and list(debts) == list(range(100, 150))
    parts = [
        render_to_string("web/look/_pages.html", {"page": page, "field": field}, request)
        for page, field in ((owed, "owed"), (debts, "debts"))
    ]
    assert "?organisation=7&amp;owed=3&amp;debts=9" in parts[0] and "?organisation=7&amp;owed=2&amp;debts=1" in parts[1]
    assert render_to_string("web/look/_pages.html", {"page": list_page(request, range(100))}, request).strip() == ""
