"""One payment is one payment, whatever ways it comes by; what went back belongs to what came in."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from prewatt.kernel.units import DAY, NANO
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account
from prewatt.server.payments import same
from prewatt.server.payments.bank import (
    BankError,
    book_line,
    candidates,
    recorded_by_hand,
    reference,
    returned_by,
    same_as_line,
    same_as_recorded,
    set_aside,
    suggestion,
    upload,
)
from prewatt.server.payments.matching import referenced
from prewatt.server.payments.models import BankLine
from prewatt.server.payments.staff import record
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.vending.models import TopUp
from prewatt.server.vending.refusals import TopUpError
from tests.building import set_up
from tests.comparing import assert_row

pytestmark = pytest.mark.database
SAMPLES = Path(__file__).parent / "statements"


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def ben(tenancy):
    return Tenancy.objects.get(tenant="Ben")


@pytest.fixture
def put(owner, admin_user):
    """Uploads rows of day, amount, payer, text and whatever stands behind; gives what came of it."""

    def put(*rows, head="date;amount;payer;text;transaction id"):
        return upload(owner, "\n".join([head, *rows, ""]).encode(), "EUR", admin_user)

    return put


def line(text="", payer=""):
    return BankLine(text=text, payer=payer)


# -- the same in two forms ----------------------------------------------------------------------------------------------


def test_one_account_in_three_formats_is_kept_once(owner, admin_user):
    for name in ("camt053-de-v8.xml", "mt940-sparkasse.sta"):
        upload(owner, (SAMPLES / name).read_bytes(), "EUR", admin_user)
    text = (
        '"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Beguenstigter/Zahlungspflichtiger";"Betrag"\n'
        '"06.10.25";"07.10.25";"GUTSCHR. UEBERWEISUNG";"PW1-8 Strom Oktober";"Anna Müller";"20,50"\n'
    )
    made = upload(owner, text.encode(), "EUR", admin_user)
    assert (len(made.new), made.known) == (0, 1)
    assert owner.bank_lines.filter(amount=20_500_000_000).count() == 1


@pytest.mark.parametrize("name", ["camt053-de-v8.xml", "mt940-sparkasse.sta", "ofx-102.qfx", "alipay.csv"])
def test_the_same_file_again_is_nothing_new(owner, admin_user, name):
    content = (SAMPLES / name).read_bytes()
    first = upload(owner, content, "EUR", admin_user)
    again = upload(owner, content, "EUR", admin_user)
    assert first.new and not again.new and again.known == len(first.new) and again.out == first.out


def test_two_payments_that_look_alike_are_two_in_every_form(put):
    rows = ["2025-10-06;20,00;ANNA;power;", "2025-10-06;20,00;ANNA;power;"]
    assert len(put(*rows).new) == 2
    # The same day in another form, whose texts are longer.
    made = put(*(row.replace("power", "SEPA power") for row in rows))
    assert (len(made.new), made.known) == (0, 2)
    # And with a third one.
    made = put(*(row.replace("power", "SEPA power now") for row in [*rows, rows[0]]))
    assert (len(made.new), made.known) == (1, 2)


def test_a_second_payment_that_looks_like_a_known_one_is_new(put):
    assert len(put("2025-10-06;20,00;ANNA;power;").new) == 1
    made = put("2025-10-06;20,00;ANNA;power;", "2025-10-06;20,00;ANNA;power;")
    assert (len(made.new), made.known) == (1, 1) and made.new[0].like is None


def test_numbers_of_one_bank_that_differ_tell_payments_apart(put):
    assert len(put("2025-10-06;20,00;ANNA;power;QAA111").new) == 1
    made = put("2025-10-06;20,00;ANNA;power;QAA112")
    assert len(made.new) == 1 and made.new[0].like is None
    # In another form the bank's name for it is of another kind.
    assert put("2025-10-06;20,00;ANNA;power;2025-100600-1").known == 1


def test_pending_and_booked_on_another_day_is_asked_once(put, owner, admin_user, tenancy):
    (pending,) = put("2025-10-03;20,00;ANNA;power;").new
    (booked,) = put("2025-10-06;20,00;ANNA;power;").new
    assert booked.like == pending
    with pytest.raises(BankError, match="whether the two are the same payment"):
        book_line(booked, tenancy, admin_user)
    same_as_line(booked, True, admin_user)
    with pytest.raises(BankError, match="already"):
        book_line(booked, tenancy, admin_user)
    book_line(pending, tenancy, admin_user)
    assert not put("2025-10-03;20,00;ANNA;power;", "2025-10-06;20,00;ANNA;power;").new
    assert balance(tenant_account(tenancy)) == 20 * NANO


def test_a_doubt_may_be_two_payments(put, admin_user, tenancy):
    (first,) = put("2025-10-03;20,00;ANNA;power;").new
    (second,) = put("2025-10-06;20,00;ANNA;power;").new
    same_as_line(second, False, admin_user)
    with pytest.raises(BankError, match="like no other"):
        same_as_line(second, True, admin_user)
    for each in (first, second):
        book_line(BankLine.objects.get(pk=each.pk), tenancy, admin_user)
    assert balance(tenant_account(tenancy)) == 40 * NANO


@pytest.mark.parametrize(
    "row",
    ["2025-10-20;20,00;ANNA;power;", "2025-10-07;20,01;ANNA;power;", "2025-10-07;20,00;BEN;power;"],
)
def test_what_differs_in_days_amount_or_payer_is_no_doubt(put, row):
    put("2025-10-06;20,00;ANNA;power;")
    (made,) = put(row).new
    assert made.like is None


def test_lines_of_two_landlords_are_never_one(put, owner, admin_user, clock):
    put("2025-10-06;20,00;ANNA;power;QAA111")
    set_up(
        clock,
        organisation="Other",
        name="Else 1",
        gateway="g2",
        manager="other",
        apartments=[Apartment("A", "x1", "Z")],
    )
    other = Organisation.objects.get(name="Other")
    text = b"date;amount;payer;text;transaction id\n2025-10-06;20,00;ANNA;power;QAA111\n"
    assert len(upload(other, text, "EUR", admin_user).new) == 1


# -- recorded by staff --------------------------------------------------------------------------------------------------


def test_a_transfer_that_staff_recorded_is_asked_for_and_joined(put, owner, admin_user, tenancy):
    made = record(tenancy, 20 * NANO, "c1", admin_user, "R-7", "transfer")
    (line,) = put(f"2025-10-08;20,00;ANNA;{reference(tenancy)};").new
    (found,) = recorded_by_hand([line], list(Tenancy.objects.all()))[line.pk]
    assert found.payment == made
    with pytest.raises(BankError, match="whether the two are the same payment"):
        book_line(line, tenancy, admin_user)
    same_as_recorded(line, f"{made.pk}", admin_user)
    line.refresh_from_db()
    assert (line.state, line.top_up) == (BankLine.State.BOOKED, made)
    assert TopUp.objects.count() == 1 and balance(account(owner, Kind.BANK)) == -20 * NANO
    reverse_top_up(made, admin_user, "it was Ben's")
    line.refresh_from_db()
    assert line.state == BankLine.State.OPEN and not recorded_by_hand([line])


def test_of_two_lines_one_is_the_recorded_one(put, admin_user, tenancy):
    made = record(tenancy, 20 * NANO, "c1", admin_user, "", "transfer")
    one, two = put("2025-10-06;20,00;ANNA;a;", "2025-10-06;20,00;ANNA;b;").new
    same_as_recorded(one, f"{made.pk}", admin_user)
    assert recorded_by_hand([two]) == {}
    with pytest.raises(BankError, match="can't be that payment"):
        same_as_recorded(two, f"{made.pk}", admin_user)
    book_line(two, tenancy, admin_user)
    assert balance(tenant_account(tenancy)) == 40 * NANO


def test_what_was_paid_in_cash_long_ago_or_by_another_tenant_is_no_doubt(put, admin_user, tenancy, ben, clock):
    record(tenancy, 20 * NANO, "c1", admin_user, "", "cash")
    record(ben, 20 * NANO, "c2", admin_user, "", "transfer")
    clock.at -= 30 * DAY
    record(tenancy, 20 * NANO, "c3", admin_user, "", "transfer")
    (line,) = put(f"2025-10-06;20,00;ANNA;{reference(tenancy)};").new
    assert recorded_by_hand([line], list(Tenancy.objects.all())) == {}


def test_a_line_of_its_own_is_asked_for_no_more(put, admin_user, tenancy):
    record(tenancy, 20 * NANO, "c1", admin_user, "", "transfer")
    (line,) = put("2025-10-06;20,00;ANNA;power;").new
    same_as_recorded(line, "", admin_user)
    line.refresh_from_db()
    assert recorded_by_hand([line]) == {} and line.state == BankLine.State.OPEN


@pytest.mark.parametrize("again", ["r-7", "R-7 ", "Ｒ－７", "R–7"])
def test_a_receipt_is_one_however_it_is_typed(tenancy, ben, admin_user, again):
    record(tenancy, 20 * NANO, "c1", admin_user, "R-7")
    with pytest.raises(TopUpError, match="recorded already"):
        record(ben, 20 * NANO, "c2", admin_user, again)


# -- undone -------------------------------------------------------------------------------------------------------------


def test_a_line_that_was_undone_twice_is_booked_a_third_time(put, owner, admin_user, tenancy, ben):
    (line,) = put("2025-10-06;20,00;X;power;").new
    for who in (ben, tenancy, ben):
        made = book_line(BankLine.objects.get(pk=line.pk), who, admin_user)
        reverse_top_up(made, admin_user, "wrong flat")
    made = book_line(BankLine.objects.get(pk=line.pk), tenancy, admin_user)
    assert balance(tenant_account(tenancy)) == 20 * NANO and balance(tenant_account(ben)) == 0
    assert balance(account(owner, Kind.BANK)) == -20 * NANO
    assert BankLine.objects.get(pk=line.pk).top_up == made
    # The statement again is still nothing new.
    assert not put("2025-10-06;20,00;X;power;").new


# -- taken back ---------------------------------------------------------------------------------------------------------


def test_what_the_bank_takes_back_is_kept_beside_what_it_takes_back(put, admin_user, tenancy, ben):
    anna, other = put("2025-10-06;20,00;ANNA;power;", "2025-10-06;20,00;BEN;power;").new
    book_line(anna, tenancy, admin_user)
    book_line(other, ben, admin_user)
    made = put("2025-10-08;-20,00;ANNA;RUECKUEBERWEISUNG power;", "2025-10-08;-90,00;GRID;Lastschrift;")
    (back,) = made.new
    assert_row(back, amount=-20 * NANO, says_returned=True)
    assert made.out == 1
    assert returned_by(back) == anna and returned_by(anna) is None
    with pytest.raises(BankError, match="can't be credited"):
        book_line(back, tenancy, admin_user)
    set_aside(back, admin_user)
    assert not put("2025-10-08;-20,00;ANNA;RUECKUEBERWEISUNG power;").new


def test_a_return_that_says_nothing_is_kept_if_it_goes_to_who_paid_as_much(put, admin_user, tenancy):
    (paid,) = put("2025-10-06;20,00;ANNA MÜLLER;power;").new
    book_line(paid, tenancy, admin_user)
    made = put("2025-11-08;-20,00;Mueller, Anna;;", "2025-11-08;-20,00;GRID;;", "2025-11-08;-21,00;ANNA MÜLLER;;")
    assert [each.payer for each in made.new] == ["Mueller, Anna"] and made.out == 2
    assert returned_by(made.new[0]) == paid


def test_a_return_with_its_fee_is_kept_for_a_person(put, admin_user, tenancy):
    (paid,) = put("2025-10-06;20,00;ANNA;power;").new
    book_line(paid, tenancy, admin_user)
    made = put("2025-10-08;-23,50;ANNA;Rücklastschrift;", "2025-10-08;-90,00;ANNA;Rücklastschrift;")
    assert [each.amount for each in made.new] == [-23_500_000_000] and made.out == 1
    assert returned_by(made.new[0]) is None


def test_a_name_that_a_format_has_cut_is_the_same(put):
    put("2025-10-06;20,00;Wilhelmine Schmidt-Oberlandwehr;power;")
    assert put("2025-10-06;20,00;WILHELMINE SCHMIDT-OBERLAN;SVWZ power;").known == 1


def test_which_of_two_payments_came_back_is_not_guessed(put, admin_user, tenancy):
    for each in put("2025-10-06;20,00;ANNA;power;", "2025-10-07;20,00;ANNA;power;").new:
        book_line(each, tenancy, admin_user)
    (back,) = put("2025-10-08;-20,00;ANNA;returned;").new
    assert returned_by(back) is None


def test_a_return_may_stand_in_the_statement_of_the_payment(put):
    made = put("2025-10-06;20,00;ANNA;power;", "2025-10-07;-20,00;ANNA;returned power;", "2025-10-07;-5,00;X;returned;")
    assert [each.amount for each in made.new] == [20 * NANO, -20 * NANO] and made.out == 1
    assert returned_by(made.new[1]) == made.new[0]


def test_what_was_taken_back_and_undone_is_not_booked_again(put, owner, admin_user, tenancy, log_in):
    (paid,) = put(f"2025-10-06;20,00;ANNA;{reference(tenancy)};").new
    made = book_line(paid, tenancy, admin_user)
    (back,) = put(f"2025-10-08;-20,00;ANNA;Rücklauf {reference(tenancy)};").new
    reverse_top_up(made, admin_user, "taken back")
    page = log_in("manager").get("/bank-lines/").content.decode()
    assert "cancel each other" in page and "Book the chosen lines" not in page
    set_aside(back, admin_user)
    paid.refresh_from_db()
    assert paid.state == BankLine.State.ASIDE and paid.taken_back_by == back
    assert balance(account(owner, Kind.BANK)) == 0 == balance(tenant_account(tenancy))


# -- matching -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    ["PW1044-7", "Strom PW1044-7 danke", "strompw1044-7", "PW1044 7", "PW10447", "PW1044–7", "PW1044/7", "PW1044_7",
     "PW 1044-7", "PW-1044-7", "PW1044-7 06.10.2025", "PW1044-7 2025", "PW10447 06102025", "PW10 44-7", "PW104\n4-7",
     "ＰＷ１０４４－７", "PW1044-7.", "(PW1044-7)", "P W1044-7", "PW1044-706.10.2025", "PW1044-720251006", "PW1044-76/10/25",
     "EREF+PW1044-7SVWZ", "PW1044-7, PW1044-7", "PW١٠٤٤-٧"],
)  # fmt: skip
def test_a_reference_is_known_however_it_is_written(told):
    assert referenced(told) == {1044}


@pytest.mark.parametrize(
    "told",
    ["PW1044-8", "PW1045-7", "PW1044-77", "PW10-447", "1044-7", "PW", "PW7", "PW-", "PWX1044-7", "PW01044-7", "PW1044-706.10."],
)  # fmt: skip
def test_a_slip_names_nobody(told):
    assert 1044 not in referenced(told)


def test_the_digit_that_is_checked_is_the_references(tenancy):
    assert referenced(reference(tenancy)) == {tenancy.pk} and reference(Tenancy(pk=1044)) == "PW1044-7"


def test_two_references_are_nobodys_and_both_are_offered(tenancy, ben):
    told = line(f"{reference(tenancy)} and {reference(ben)}")
    assert suggestion(told, [ben, tenancy]) is None and set(candidates(told, [ben, tenancy])) == {tenancy, ben}


def test_a_reference_goes_before_a_name_and_likely_ones_come_first(tenancy, ben):
    told = line(f"{reference(ben)} for Anna", "ANNA")
    assert suggestion(told, [tenancy, ben]) == ben
    assert candidates(told, [tenancy, ben]) == [ben, tenancy]


@pytest.mark.parametrize(
    ("payer", "tenant", "is_one"),
    [
        ("ANNA MUELLER", "Anna Müller", True),
        ("Müller, Anna", "Anna Müller", True),
        ("Dr. Anna Maria Müller", "Anna Müller", True),
        ("Annabelle Müller", "Anna", False),
        ("HANNA", "Anna", False),
        ("Anna", "Anna Müller", False),
        ("张三", "张三", True),
        ("张三丰", "张三", False),
        ("JOSE GARCIA", "José García", True),
        ("", "Anna", False),
    ],
)
def test_names_are_known_as_whole_names_only(tenancy, ben, payer, tenant, is_one):
    tenancy.tenant = tenant
    assert (suggestion(line("", payer), [tenancy, ben]) == tenancy) is is_one


def test_a_name_that_two_tenants_have_is_nobodys(tenancy, ben):
    tenancy.tenant, ben.tenant = "Anna", "Anna Müller"
    told = line("", "Anna Müller")
    assert suggestion(told, [tenancy, ben]) is None and candidates(told, [tenancy, ben]) == [ben, tenancy]


# -- in parts -----------------------------------------------------------------------------------------------------------


def test_an_upload_that_broke_off_is_done_again(put, owner, monkeypatch):
    rows = [f"2025-10-{day:02};{number},00;P{number};t;" for day in range(1, 29) for number in range(1, 61)]
    real, calls = BankLine.objects.bulk_create, []

    def breaks(*given, **options):
        calls.append(len(given[0]))
        if len(calls) == 3:
            raise ConnectionError
        return real(*given, **options)

    monkeypatch.setattr(BankLine.objects, "bulk_create", breaks)
    with pytest.raises(ConnectionError):
        put(*rows)
    assert calls == [500, 500, 500] and owner.bank_lines.count() == 1000
    made = put(*rows)
    assert (len(made.new), made.known) == (680, 1000) and owner.bank_lines.count() == 1680


def test_the_window_of_days_holds_over_a_months_end(put):
    (first,) = put("2025-10-31;20,00;ANNA;power;").new
    (second,) = put(f"{date(2025, 10, 31) + timedelta(days=4)};20,00;ANNA;power;").new
    assert second.like == first


def test_thousands_of_one_amount_are_each_compared_with_few(put, monkeypatch):
    """Whose lines are all alike holds up nobody else: the work grows with the lines, not with their square."""
    compared = []
    real = same._ids_differ
    monkeypatch.setattr(same, "MOST", 20)
    monkeypatch.setattr(same, "_ids_differ", lambda *two: compared.append(two) or real(*two))
    put(*(f"2025-10-06;20,00;P{number};first {number};" for number in range(200)))
    made = put(*(f"2025-10-06;20,00;Q{number};other {number};" for number in range(200)))
    assert len(made.new) == 200
    # With so many beside it, a person is asked.
    assert all(row.like is not None for row in made.new[:150])
    assert len(compared) <= 200 * 2 * 21
