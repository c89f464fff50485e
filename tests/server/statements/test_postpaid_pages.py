"""Pages, notices, the API and commands of paying after use."""

import json
from dataclasses import replace

import pytest
from django.test import Client
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.billing.models import Bill
from prewatt.server.estate.terms import Terms
from prewatt.server.estate.terms_in_force import terms_of
from prewatt.server.notices.models import Notice
from prewatt.server.notices.recipients import manager_of, recipient_of
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.terms import agree
from tests.gateway import at
from tests.server.notices.test_notices import mail_account, told_by_mail, watch
from tests.server.statements.test_postpaid import AFTER, RULE, owner, site  # noqa: F401

TYPED = {
    "way": "after", "limit": "200", "limit_cuts": "on", "due_days": "14", "overdue": "cut", "overdue_days": "7", "begins": "",
}  # fmt: skip


@pytest.fixture
def manager(log_in):
    return log_in("manager")


@pytest.fixture
def billed(site, tenancy):  # noqa: F811
    """Anna pays after use, and October's bill is made."""
    agree(tenancy, RULE, "manager")
    site.settle()
    site.go(at(2025, 11, 1), kwh=200)
    site.jobs()
    return Bill.objects.get()


def shown(answer):
    return " ".join(answer.content.decode().split())


def test_terms_are_looked_at_before_they_hold(manager, site, tenancy):  # noqa: F811
    page = f"/tenancies/{tenancy.pk}/terms/"
    assert page in shown(manager.get(f"/units/{tenancy.unit_id}/money/"))
    seen = shown(manager.post(page, {**TYPED, "do": "preview"}))
    assert "Nothing is changed yet." in seen and "The supply ends when 200.00 EUR is owed." in seen
    assert 'value="200"' in seen and not Terms.objects.exists()
    seen = shown(manager.post(page, {**TYPED, "do": "keep"}, follow=True))
    assert "being sent to the meter" in seen and "the supply ends by itself, until something is paid" in seen
    holds = terms_of(tenancy.pk)
    assert (holds.limit, holds.overdue, holds.overdue_days, holds.by) == (200 * NANO, "cut", 7, "manager")
    # What is refused stands beside its field, and loses nothing.
    seen = shown(manager.post(page, {**TYPED, "limit": "", "overdue_days": "9", "do": "keep"}, follow=True))
    assert "Give the limit at which the supply ends: more than 0." in seen and 'value="9"' in seen
    later = {"way": "before", "owed": "spread", "begins": "2025-11-10T12:00", "do": "keep"}
    seen = shown(manager.post(page, later, follow=True))
    assert "takes effect at that time" in seen and "From 10 Nov, 12:00" in seen


def test_the_tenant_sees_what_is_owed_by_when_and_what_follows(log_in, site, tenancy, billed, clock):  # noqa: F811
    flat = log_in("flat1")
    seen = shown(flat.get("/me/"))
    assert "Pay 40.00 EUR by 15 Nov 2025." in seen and "You pay after use." in seen
    assert "If nothing is paid, the power goes off on 23 Nov, 00:00" in seen
    site.go(at(2025, 11, 24), kwh=10)
    site.jobs()
    seen = shown(flat.get("/me/"))
    assert "Since 24 Nov, 00:00, there is power only for what is paid after that time." in seen
    assert "This follows from the rule for unpaid bills (overdue: bill 1)." in seen
    assert "40.00 EUR is overdue. Pay it now." in seen and "The power returns by itself after a payment" in seen
    assert "Change how it is paid" not in seen
    bill = shown(flat.get(f"/bills/{billed.pk}/"))
    assert "Bill 1" in bill and "Left to pay for this bill by 15 Nov 2025" in bill and "Statement" in bill
    assert log_in("flat2").get(f"/bills/{billed.pk}/").status_code == 404


def test_a_bill_is_pdf_csv_and_json(manager, tenancy, billed):
    page = f"/bills/{billed.pk}/"
    top_up(tenancy, 15 * NANO, "part")
    found = json.loads(manager.get(page, {"format": "json"}).content)
    assert (found["number"], found["amount"], found["paid"], found["left"], found["state"]) == (
        1,
        "40.00",
        "15.00",
        "25.00",
        "part",
    )
    assert found["statement"]["closing"] == "-40.000000000" and found["due"] == "2025-11-15"
    rows = manager.get(page, {"format": "csv"}).content.decode().splitlines()
    assert any(row.startswith("bill,left") and "25.000000000" in row for row in rows)
    assert manager.get(page, {"format": "pdf"}).content.startswith(b"%PDF")
    assert "no such choice" in shown(manager.get(page, {"format": "x"}, follow=True))


def test_open_bills_are_listed_overdue_first_to_their_landlord_alone(manager, log_in, site, tenancy, billed, clock):  # noqa: F811
    seen = shown(manager.get("/bills/"))
    assert "Still to be paid: 40.00. Of this, overdue: 0.00." in seen
    site.go(at(2025, 11, 24))
    site.jobs()
    seen = shown(manager.get("/bills/"))
    assert "Of this, overdue: 40.00." in seen and "Pay after use ended by rule" in seen
    assert log_in("flat1").get("/bills/").status_code == 404
    assert Client().get("/bills/").status_code == 302
    assert log_in("flat1").post(f"/tenancies/{tenancy.pk}/terms/", TYPED).status_code == 404


def told(recipient):
    return [(each.event, each.title) for each in Notice.objects.filter(recipient=recipient).order_by("pk")]


@pytest.fixture
def anna(tenancy, owner, internet):  # noqa: F811
    """Anna, who is told by e-mail at any hour."""
    keep_account(owner, "email", mail_account(internet))
    return told_by_mail(recipient_of(tenancy))


def test_tenant_and_manager_are_told_of_bills(site, tenancy, owner, anna, clock):  # noqa: F811
    office = told_by_mail(manager_of(owner), "office@example.com")
    agree(tenancy, RULE, "manager")
    site.settle()
    watch()

    def look():
        site.jobs()
        Notice.objects.all().update(due_at=0)
        clock.at += HOUR
        watch()
        watch()

    site.go(at(2025, 11, 1), kwh=200)
    look()
    assert ("bill", "Your electricity bill 1: 40.00 EUR by 2025-11-15") in told(anna)
    site.go(at(2025, 11, 13))
    look()
    assert ("bill-due", "40.00 EUR for electricity are due on 2025-11-15") in told(anna)
    site.go(at(2025, 11, 16))
    look()
    assert ("overdue", "Your electricity bill 1 is overdue: 40.00 EUR") in told(anna)
    notice = Notice.objects.filter(recipient=anna, event="overdue").get()
    assert "If you don't pay, the power goes off on 2025-11-23 00:00, by the rule in your terms." in notice.text
    assert ("overdue", "Bill 1 of Anna is overdue: 40.00 EUR") in told(office)
    site.go(at(2025, 11, 22, 12))
    look()
    assert [event for event, _title in told(anna)].count("overdue") == 2
    site.go(at(2025, 11, 23, 1))
    look()
    assert [event for event, _title in told(office)].count("overdue") == 2
    cut = Notice.objects.filter(recipient=anna, event="cut-off").get()
    assert "a bill is overdue" in cut.text
    # Of a month that was billed nobody hears a second time.
    assert "statement" not in [event for event, _title in told(anna)]


def test_the_last_steps_before_the_limit_are_told(site, tenancy, anna, clock):  # noqa: F811
    agree(tenancy, replace(AFTER, limit=20 * NANO), "manager")
    site.settle()
    watch()
    site.go(clock.at + 4 * DAY, kwh=80)
    watch()
    (low,) = Notice.objects.filter(recipient=anna, event="low")
    assert low.title == "Only 4.00 EUR are left until your limit for electricity"
    site.go(clock.at + 2 * DAY, kwh=20)
    watch()
    assert "You have reached your limit for electricity" in [title for _event, title in told(anna)]
    cut = Notice.objects.get(recipient=anna, event="cut-off")
    assert "the limit of what may be owed is reached" in cut.text


def test_over_the_api(site, tenancy, billed, django_user_model, clock):  # noqa: F811
    headers = {"Authorization": f"Bearer {make_key(django_user_model.objects.get(username='manager'), 'program')}"}
    client = Client(headers=headers)

    def call(path, given):
        answer = client.post(f"/api/v1/{path}", json.dumps(given), content_type="application/json")
        return answer.status_code, answer.json()

    assert [each["number"] for each in client.get("/api/v1/bills").json()] == [1]
    assert client.get(f"/api/v1/tenancies/{tenancy.pk}/bills").json()[0]["left"] == "40.00"
    assert client.get(f"/api/v1/bills/{billed.pk}").json()["statement"]["closing"] == "-40.000000000"
    assert client.get(f"/api/v1/bills/{billed.pk}?form=csv").content.startswith(b"\xef\xbb\xbfsection")
    where = f"tenancies/{tenancy.pk}/terms"
    holds = client.get(f"/api/v1/{where}").json()
    assert (holds["holds"]["limit"], holds["holds"]["overdue"]) == ("200.000000000", "cut")
    status, found = call(where, {"postpaid": False, "preview": True})
    assert status == 200 and any("40.00" in each for each in found["says"])
    assert call(where, {"postpaid": True, "limit": "1"}) == (
        400,
        {
            "errors": [
                {
                    "field": "limit",
                    "message": "40.00 is owed now: with this limit the supply would end at once. Give a higher limit.",
                }
            ]
        },
    )
    status, found = call(where, {"postpaid": False, "begins": "2025-12-01T00:00:00+01:00"})
    assert status == 201 and found["terms"]["applied"] is None
    # Sent again, they are the same terms, and from another instant others, which take their place.
    assert call(where, {"postpaid": False, "begins": "2025-12-01T00:00:00+01:00"}) == (201, found)
    assert tenancy.terms.filter(applied_at=None).count() == 1
    assert call(where, {"postpaid": False, "begins": "2025-12-02T00:00:00+01:00"})[1] != found
    assert tenancy.terms.filter(applied_at=None, ended_at=None).count() == 1
    stranger = Client(headers={"Authorization": f"Bearer {make_key(tenancy.people.get(), 'mine')}"})
    assert stranger.get(f"/api/v1/bills/{billed.pk}").status_code == 200
    assert stranger.get(f"/api/v1/{where}").status_code == 404 and stranger.get("/api/v1/bills").status_code == 404


def test_by_command(site, tenancy, billed, clock):  # noqa: F811
    def prewatt(*words, status=0):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == status, result.output
        return result.output

    bills = prewatt("books", "bills")
    assert bills.count("Flat 1") == 1 and "Still to be paid: 40.00. Of this, overdue: 0.00." in bills
    assert "The supply ends when 200.00 EUR is owed." in prewatt("terms", "show", "Flat 1")
    assert "Nothing is changed" in prewatt("terms", "set", "Flat 1", "before", "--preview")
    wrong = prewatt("terms", "set", "Flat 1", "before", "--owed-as", "a gift", status=2)
    assert "--owed-as: There is no such choice." in wrong
    assert terms_of(tenancy.pk).is_postpaid
    assert "being sent to the meter" in prewatt("terms", "set", "Flat 1", "before", "--owed-as", "spread")
    assert not terms_of(tenancy.pk).is_postpaid
