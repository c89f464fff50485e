"""Statements that are given out: their numbers, the landlord on them, all flats at once, and by e-mail."""

import re
import zipfile
from csv import DictReader
from dataclasses import replace
from datetime import date
from io import BytesIO, StringIO

import pytest
from django.contrib.auth import get_user_model

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.processes import tasks as processes
from prewatt.server.billing.models import StatementPaper
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.contacts import keep_contact
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.payments.staff import record
from prewatt.server.statements import many_task
from prewatt.server.statements.papers import digest_of, give_out, paper_of
from prewatt.server.statements.statement import days, month, statement
from prewatt.server.tasks.models import Task
from prewatt.server.tasks.queueing import claim
from tests.gateway import Edge, at
from tests.recorded import recorded_once
from tests.server.notices.test_channels import mail

pytestmark = pytest.mark.database


def text_of(answer):
    return " ".join(re.sub("<[^>]*>", " ", answer.content.decode()).split())


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """October is over for all meters; Anna has paid in cash."""
    clock.at = at(2025, 10, 7)
    edge = Edge(building.code, clock)
    for meter in edge.accounts:
        edge.read(meter, 1000)
    record(Tenancy.objects.get(tenant="Anna"), 20 * NANO, "c1", get_user_model().objects.get(username="manager"))
    edge.live(store, at(2025, 11, 2), {"m1": 500, "m2": 100, "m3": 1}, DAY)
    return edge


@pytest.fixture
def anna(edge):
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")


def october(tenancy):
    return statement(tenancy, *days(tenancy, *month("2025-10")))


def test_a_statement_of_more_years_than_it_says_is_refused(anna):
    assert days(anna, date(2015, 1, 1), date(2024, 12, 31))
    with pytest.raises(ValueError, match="at most 10 years"):
        days(anna, date(2014, 1, 1), date(2024, 12, 31))


def test_a_statement_keeps_its_number_until_its_figures_change_and_a_preliminary_one_has_none(anna, clock):
    first = give_out(october(anna))
    assert str(first) == "000001" and give_out(october(anna)) == first == paper_of(october(anna))
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    assert str(give_out(october(ben))) == "000002"
    assert give_out(statement(anna, *days(anna, *month("2025-11")))) is None
    clock.at = at(2025, 10, 20)
    record(anna, 5 * NANO, "c2", get_user_model().objects.get(username="manager"))
    again = give_out(october(anna))
    assert (str(again), again.replaces) == ("000003", first)
    assert StatementPaper.objects.count() == 3


def test_a_statement_keeps_its_number_in_whatever_order_its_rates_are_listed(anna):
    one = october(anna)
    energy = [each for each in one.lines if each.tier is not None]
    more = [replace(energy[0], rate=rate, price=price) for rate, price in (("a", 3), ("b", 1))]
    first, last = (replace(one, lines=[*one.lines, *order]) for order in (more, more[::-1]))
    assert digest_of(first) == digest_of(last) != digest_of(one)


def test_the_landlord_the_number_and_the_receipt_stand_on_it_and_the_receipt_in_what_programs_read(anna, manager):
    Organisation.objects.update(address="Lindenstr. 5\n10115 Berlin", tax_id="DE 123")
    page = f"/tenancies/{anna.pk}/statement/?month=2025-10"
    shown = text_of(manager.get(page))
    assert "Berg Homes Lindenstr. 5 10115 Berlin Tax number DE 123" in shown and "receipt 000001" in shown
    assert "Statement 000001" not in shown, "it was not given out yet"
    pdf = manager.get(f"{page}&format=pdf")
    assert pdf.content.startswith(b"%PDF") and "Statement 000001" in text_of(manager.get(page))
    rows = list(DictReader(StringIO(manager.get(f"{page}&format=csv").content.decode("utf-8-sig"))))
    top_ups = [row["receipt"] for row in rows if row["section"] == "top-ups"]
    assert top_ups == ["000001"] and {row["receipt"] for row in rows if row["section"] != "top-ups"} == {""}
    lines = manager.get(f"{page}&format=json").json()["lines"]
    assert [line.get("receipt") for line in lines if line["section"] == "top-ups"] == top_ups
    assert "September" not in shown and "December" not in shown


def test_the_papers_of_a_unit_are_by_month_with_number_and_receipts(anna, manager, clock):
    manager.get(f"/tenancies/{anna.pk}/statement/?month=2025-10&format=pdf")
    page = text_of(manager.get(f"/units/{anna.unit_id}/papers/"))
    assert "November 2025 preliminary" in page and "October 2025 000001" in page
    assert "000001 20.00 EUR Anna" in page
    # Who has gone and is settled need not wait for the end of the month.
    Tenancy.objects.filter(pk=anna.pk).update(ends=clock.at, settled_at=clock.at)
    page = text_of(manager.get(f"/units/{anna.unit_id}/papers/"))
    assert "preliminary" not in page and "November 2025 – – PDF Send by e-mail" in page


def work():
    processes._do(claim(1))
    return Task.objects.latest("pk")


def test_all_flats_of_a_month_are_one_file_and_many_are_bundles(anna, manager, monkeypatch):
    home = anna.unit.property_id
    page = text_of(manager.get(f"/properties/{home}/statements/"))
    assert "Statements of October 2025" in page and "Flat 1 Anna" in page and "Flat 2 Ben" in page
    asked = manager.post(f"/properties/{home}/statements/draw/", {"month": "2025-10"})
    task = work()
    assert asked.url == f"/tasks/{task.pk}/" and (task.state, task.result_name) == ("done", "statements-2025-10.pdf")
    assert bytes(task.result).startswith(b"%PDF") and StatementPaper.objects.count() == 2
    assert manager.get(f"/tasks/{task.pk}/file/").status_code == 200
    monkeypatch.setattr(many_task, "BUNDLE", 1)
    manager.post(f"/properties/{home}/statements/draw/", {"month": "2025-10"})
    packed = zipfile.ZipFile(BytesIO(bytes(work().result)))
    assert packed.namelist() == ["statements-2025-10-1.pdf", "statements-2025-10-2.pdf"]
    manager.post(f"/properties/{home}/statements/draw/", {"month": "2024-01"})
    assert (work().state, Task.objects.latest("pk").text) == ("failed", "Nobody lived there in these days.")
    assert manager.get(f"/properties/{home}/statements/?month=x").status_code == 200


def test_they_go_by_mail_once_and_who_has_no_address_is_named(anna, manager, internet, clock):
    home = anna.unit.property
    keep_account(home.organisation, "email", mail(internet))
    keep_contact(anna, Contact(email="anna@example.com"))
    manager.post(f"/properties/{home.pk}/statements/send/", {"month": "2025-10"})
    task = work()
    assert (len(task.facts["sent"]), task.facts["failed"]) == (1, [])
    (ben,) = task.facts["without"]
    assert ben.startswith("Ben")
    ((_sender, to, text),) = internet.mail.mails
    assert "anna@example.com" in str(to) and "application/pdf" in str(text) and "Statement 000001" in str(text)
    page = text_of(manager.get(f"/properties/{home.pk}/statements/?month=2025-10&task={task.pk}"))
    assert "1 statement was sent." in page and "No e-mail address is known for: Ben" in page
    # It was cut off after it was sent: nobody gets a second one.
    Task.objects.filter(pk=task.pk).update(state=Task.State.WAITING)
    work()
    assert len(internet.mail.mails) == 1
    # Asked for again it goes again, and to one tenant alone if one is named.
    clock.at += HOUR
    manager.post(f"/properties/{home.pk}/statements/send/", {"month": "2025-10", "tenancy": anna.pk})
    assert work().facts["without"] == [] and len(internet.mail.mails) == 2
    manager.post(f"/properties/{home.pk}/statements/send/", {"month": "2025-11", "tenancy": anna.pk})
    assert len(work().facts["preliminary"]) == 1 and len(internet.mail.mails) == 2


def test_without_a_mail_server_nobodys_address_is_said_to_be_unknown(anna, manager):
    home = anna.unit.property
    keep_contact(anna, Contact(email="anna@example.com"))
    manager.post(f"/properties/{home.pk}/statements/send/", {"month": "2025-10"})
    task = work()
    assert task.state == Task.State.FAILED and "no mail server is set up" in text_of(manager.get(f"/tasks/{task.pk}/"))


def test_nobody_else_has_them_drawn_or_sent(anna, log_in):
    home = anna.unit.property_id
    for part in ("draw", "send"):
        assert log_in("flat1").post(f"/properties/{home}/statements/{part}/", {"month": "2025-10"}).status_code == 404
    assert not Task.objects.exists()


def test_who_is_not_known_here_is_not_taken_for_all(anna, manager):
    home = anna.unit.property_id
    for named in ("0", "999999", "x", "9" * 40):
        answer = manager.post(f"/properties/{home}/statements/send/", {"month": "2025-10", "tenancy": named})
        assert answer.status_code == 404
    assert not Task.objects.exists()
