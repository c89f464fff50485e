"""Pages of bank statements: what is asked, once, and what comes of the answers."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prewatt.kernel.units import NANO
from prewatt.server.estate.models import Organisation
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.payments.bank import book_line, reference
from prewatt.server.payments.models import BankLayout, BankLine, WaitingStatement
from prewatt.server.payments.staff import record
from tests.building import PASSWORD, set_up

STRANGE = "Wann;Wieviel;Wer;Wozu\n13/10/2025;20,00;Anna;{r}\n14/10/2025;-450,00;Netz;Abschlag\n"


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def manager(log_in):
    return log_in("manager")


def send(client, text, **more):
    file = SimpleUploadedFile("s.csv", text if isinstance(text, bytes) else text.encode(), "text/csv")
    return client.post("/bank-lines/", {"statement": file, **more}, follow=True)


def said(response):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def columns(*roles, **more):
    return {"named": "0", "order": "", "direction": "", "words": "", **more} | {
        f"column-{place}": role for place, role in enumerate(roles)
    }


# -- how far it is ---------------------------------------------------------------------------------------------------------


def test_who_uploads_sees_how_many_lines_are_in(manager, owner, log_in, clock):
    so_far = f"/bank-lines/progress/?organisation={owner.pk}&since={clock.at}"
    assert so_far.replace("&", "&amp;") in manager.get("/bank-lines/").content.decode()
    assert "is being read" in said(manager.get(so_far))
    file = SimpleUploadedFile("s.csv", b"date;amount\n2025-10-06;20,00\n2025-10-07;21,00\n", "text/csv")
    answer = manager.post("/bank-lines/", {"statement": file}, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/bank-lines/?organisation={owner.pk}"
    page = manager.get(so_far)
    assert "2 lines are read so far" in said(page) and so_far.replace("&", "&amp;") in page.content.decode()
    assert "2 lines" not in said(manager.get(so_far.replace(f"{clock.at}", f"{clock.at + 1}")))
    assert manager.get("/bank-lines/progress/?since=x").status_code == 200
    assert log_in("flat1").get(so_far).status_code == 404


# -- unknown columns ----------------------------------------------------------------------------------------------------


def test_unknown_columns_are_asked_for_once_and_remembered(manager, owner, tenancy):
    page = send(manager, STRANGE.format(r=reference(tenancy)))
    assert page.redirect_chain[-1][0].startswith("/bank-lines/columns/") and "Wieviel" in said(page)
    assert "No line has the names of the columns" in said(page) and "Read the statement in this way" not in said(page)
    chosen = columns("day", "amount", "payer", "text")
    page = manager.post("/bank-lines/columns/", {**chosen, "do": "look"})
    assert "1 payments in, 1 payments out" in said(page) and "13 Oct 2025 Anna PW" in said(page)
    assert not BankLine.objects.exists() and not BankLayout.objects.exists()
    page = manager.post("/bank-lines/columns/", {**chosen, "do": "read"}, follow=True)
    assert (
        "New lines: 1. Already known: 0. No incoming money: 1." in said(page) and not WaitingStatement.objects.exists()
    )
    assert owner.bank_lines.get().text == reference(tenancy)
    page = send(manager, STRANGE.format(r="next month"))
    assert "New lines: 1. Already known: 0." in said(page)


def test_the_order_of_days_is_asked_for_and_remembered(manager, owner):
    text = "date,amount\n06/10/2025,{}\n07/10/2025,-1.00\n"
    page = send(manager, text.format("20.00"))
    assert "whether the day or the month comes first" in said(page)
    chosen = columns("day", "amount", order="dmy", do="read")
    assert "New lines: 1." in said(manager.post("/bank-lines/columns/", chosen, follow=True))
    assert f"{owner.bank_lines.get().day}" == "2025-10-06"
    assert "New lines: 1." in said(send(manager, text.format("21.00")))


def test_how_money_out_is_told_is_asked_for(manager, owner):
    text = "date;amount;text;kind\n2025-10-06;20,00;Anna;1\n2025-10-06;450,00;Lastschrift Netz;2\n"
    assert "no amount is negative" in said(send(manager, text))
    told = columns("day", "amount", "text", "direction", words="1")
    assert "1 payments in, 1 payments out" in said(manager.post("/bank-lines/columns/", {**told, "do": "look"}))
    opposite = columns("day", "amount", "text", "", direction="opposite")
    page = said(manager.post("/bank-lines/columns/", {**opposite, "do": "look"}))
    assert "0 payments in, 2 payments out" in page
    manager.post("/bank-lines/columns/", {**told, "do": "read"})
    assert owner.bank_lines.get().text == "Anna"


@pytest.mark.parametrize("is_latest_first", [False, True])
def test_that_the_balance_shows_money_out_can_be_said_and_is_remembered(manager, owner, is_latest_first):
    rows = ["2025-10-06;20,00;Anna;120,00\n", "2025-10-07;90,00;Grid;30,00\n", "2025-10-08;45,00;Ben;75,00\n"]
    text = "date;amount;text;balance\n" + "".join(rows[::-1] if is_latest_first else rows)
    assert "no amount is negative" in said(send(manager, text))
    told = columns("day", "amount", "text", "balance", direction="balance")
    page = said(manager.post("/bank-lines/columns/", {**told, "do": "look"}))
    assert "1 payments in, 1 payments out, 1 rows left out" in page
    manager.post("/bank-lines/columns/", {**told, "do": "read"})
    assert [each.text for each in owner.bank_lines.all()] == ["Ben"]
    assert "neither money in nor money out" in said(send(manager, text))


@pytest.mark.parametrize(
    "rows",
    [
        "2025-10-06;20,00;Anna;120,00;Zurbo\n2025-10-07;90,00;Grid;31,00;Zurbo\n",
        "2025-10-06;20,00;Anna;120,00;Zurbo\n2025-10-07;90,00;Grid;x;Zurbo\n",
        "2025-10-06;20,00;Anna;120,00;Zurbo\n2025-10-07;20,00;Grid;100,00;Zurbo\n",
    ],
)
def test_balances_that_do_not_fit_the_amounts_show_nothing(manager, rows):
    send(manager, f"date;amount;text;balance;type\n{rows}")
    told = columns("day", "amount", "text", "balance", "", direction="balance", do="look")
    assert "The balances do not fit the amounts" in said(manager.post("/bank-lines/columns/", told))


def test_which_states_are_booked_is_asked_for_and_remembered(manager, owner):
    text = "date;amount;text;status\n2025-10-06;{};Anna;Zurbo\n2025-10-06;30,00;Ben;Garbo\n2025-10-06;9,00;Cem;void\n"
    assert "it is not clear whether “Zurbo” means" in said(send(manager, text.format("20,00")))
    told = columns("day", "amount", "text", "state", booked="zurbo")
    assert "1 payments in, 0 payments out, 2 rows left out" in said(
        manager.post("/bank-lines/columns/", {**told, "do": "look"})
    )
    manager.post("/bank-lines/columns/", {**told, "do": "read"})
    page = said(send(manager, text.format("21,00")))
    assert "not booked by the bank yet" in page and "not carried out" in page
    assert [each.text for each in owner.bank_lines.all()] == ["Anna", "Anna"]


def test_a_file_without_names_is_known_by_how_many_columns_it_has(manager, owner):
    text = '06/10/2025,{},"ANNA POWER"\n13/10/2025,-90.00,"GRID"\n'
    assert "names of the columns" in said(send(manager, text.format("20.00")))
    chosen = columns("day", "amount", "text", named="none", do="read")
    assert "New lines: 1." in said(manager.post("/bank-lines/columns/", chosen, follow=True))
    assert "New lines: 1." in said(send(manager, text.format("21.00")))
    assert {f"{each.day}" for each in owner.bank_lines.all()} == {"2025-10-06"}


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (columns("", "amount"), "exactly one column as the day"),
        (columns("day", "day", "amount"), "exactly one column as the day"),
        (columns("day", ""), "one column for the amount"),
        (columns("day", "amount", "amount"), "one column for the amount"),
        (columns("day", "out"), "one column for the amount"),
        (columns("day", "amount", "<b>"), "Choose from the list what each column is"),
        (columns("day", "amount", order="x"), "Choose from the list what each column is"),
        (columns("day", "amount", direction="x"), "Choose from the list how this bank shows money out"),
        (columns("day", "amount", direction="balance"), "exactly one column as the balance"),
        (columns("day", "amount", words="C"), "the column that has the words"),
        (columns("day", "amount", booked="C"), "the column that says whether a payment is booked"),
        (columns("day", "amount", "state", booked="C," * 21), "at most 20 words"),
        (columns("day", "amount", named="99"), "Choose the row that names"),
        (columns("day", "payer", "amount"), "is not an amount"),
    ],
)
def test_a_choice_that_can_not_be_is_said_in_words_and_stays(manager, chosen, says):
    send(manager, STRANGE)
    page = manager.post("/bank-lines/columns/", {**chosen, "do": "read"})
    assert says in said(page) and not BankLayout.objects.exists() and not BankLine.objects.exists()
    if chosen["column-1"] == "amount":
        assert re.search(r'column-1".*?value="amount" selected', page.content.decode(), re.DOTALL)


def test_a_file_that_is_left_is_forgotten(manager):
    send(manager, STRANGE)
    page = manager.post("/bank-lines/columns/", {"do": "forget"}, follow=True)
    assert page.redirect_chain and not WaitingStatement.objects.exists() and not BankLine.objects.exists()


def test_nothing_waits_or_it_is_another_persons(manager, owner, clock):
    assert manager.get("/bank-lines/columns/", follow=True).redirect_chain
    send(manager, STRANGE)
    set_up(clock, organisation="Other", name="Else 1", gateway="g2", manager="other", apartments=[])
    other = Client()
    assert other.login(username="other", password=PASSWORD)
    page = other.get(f"/bank-lines/columns/?organisation={owner.pk}", follow=True)
    assert "Wieviel" not in said(page) and WaitingStatement.objects.count() == 1
    # What one landlord's people have said is not the others'.
    manager.post("/bank-lines/columns/", {**columns("day", "amount", "payer", "text"), "do": "read"})
    assert "names of the columns" in said(send(other, STRANGE))
    assert not Organisation.objects.get(name="Other").bank_lines.exists()


# -- what was left out, doubts, returns ---------------------------------------------------------------------------------


def test_what_was_left_out_is_listed_once(manager):
    text = "date;amount;text;status\n2025-10-06;20,00;a;booked\n2025-10-06;30,00;<i>later</i>;pending\n;50,00;Saldo;\n"
    page = send(manager, text)
    assert "2 rows left out" in said(page) and "not booked by the bank yet" in said(page)
    assert "<i>" not in page.content.decode() and "a balance or a total" in said(page)
    assert "left out" not in said(manager.get("/bank-lines/"))


def test_a_doubt_is_asked_side_by_side_and_answered_once(manager, owner, tenancy, admin_user):
    made = record(tenancy, 20 * NANO, "c1", admin_user, "R-7", "transfer")
    page = said(send(manager, f"date;amount;text\n2025-10-06;20,00;{reference(tenancy)}\n2025-10-06;7,00;x\n"))
    assert (
        "One payment, or two? 1" in page
        and "Already recorded by admin" in page
        and "R-7" in page
        and "To be booked 1" in page
    )
    line = owner.bank_lines.get(amount=20 * NANO)
    assert "one payment or two" in said(manager.post(f"/bank-lines/{line.pk}/decide/", {"same": ""}, follow=True))
    assert "can't be that" in said(manager.post(f"/bank-lines/{line.pk}/decide/", {"same": "999"}, follow=True))
    page = said(manager.post(f"/bank-lines/{line.pk}/decide/", {"same": made.pk}, follow=True))
    assert "One payment" not in page and balance(tenant_account(tenancy)) == 20 * NANO
    assert "already" in said(manager.post(f"/bank-lines/{line.pk}/decide/", {"same": "own"}, follow=True))


def test_a_line_like_an_earlier_one_is_asked(manager, owner, tenancy):
    send(manager, "date;amount;payer\n2025-10-03;20,00;Anna\n")
    page = said(send(manager, "date;amount;payer\n2025-10-06;20,00;Anna\n"))
    assert "One payment, or two?" in page and "In an earlier statement" in page
    line = owner.bank_lines.get(day="2025-10-06")
    page = said(manager.post(f"/bank-lines/{line.pk}/decide/", {"same": "own"}, follow=True))
    assert "One payment" not in page and "To be booked 2" in page


def test_what_was_taken_back_stands_beside_what_it_takes_back(manager, owner, tenancy, admin_user):
    send(manager, f"date;amount;payer;text\n2025-10-06;20,00;Anna;{reference(tenancy)}\n")
    book_line(owner.bank_lines.get(), tenancy, admin_user)
    page = said(send(manager, f"date;amount;payer;text\n2025-10-08;-20,00;Anna;Rücklauf {reference(tenancy)}\n"))
    assert "Taken back by the bank 1" in page and "-20.00 EUR Anna, Linden 5 Flat 1 , 6 Oct 2025" in page
    back = owner.bank_lines.get(amount__lt=0)
    assert "can't be credited" in said(
        manager.post("/bank-lines/book/", {f"line-{back.pk}": f"tenancy:{tenancy.pk}"}, follow=True)
    )
    page = said(manager.post("/bank-lines/book/", {f"line-{back.pk}": "aside"}, follow=True))
    assert "Taken back" not in page


def test_whom_a_line_may_be_for_comes_first_and_nobody_is_chosen_if_several(manager, tenancy):
    from prewatt.server.estate.models import Tenancy

    both = " ".join(reference(each) for each in Tenancy.objects.all())
    page = send(manager, f"date;amount;text\n2025-10-06;20,00;{both}\n").content.decode()
    assert page.count('label="likely tenants"') == 1 and "selected" not in page.split("<tbody>")[1].split("</tbody>")[0]


def test_another_landlords_doubts_are_not_ones_own(manager, owner, clock):
    send(manager, "date;amount;payer\n2025-10-03;20,00;Anna\n")
    send(manager, "date;amount;payer\n2025-10-06;20,00;Anna\n")
    set_up(clock, organisation="Other", name="Else 1", gateway="g2", manager="other", apartments=[])
    other = Client()
    assert other.login(username="other", password=PASSWORD)
    line = owner.bank_lines.get(day="2025-10-06")
    assert other.post(f"/bank-lines/{line.pk}/decide/", {"same": "line"}).status_code == 404
    line.refresh_from_db()
    assert line.state == BankLine.State.OPEN


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1899-12-31"])
def test_a_day_on_which_nobody_books_is_said_and_nothing_is_read(manager, day):
    answer = send(manager, f"date;amount\n2025-10-06;20,00\n{day};21,00\n")
    assert f"{day} has a year in which no bank books" in said(answer) and not BankLine.objects.exists()
