"""Money that staff received: in cash, by transfer, or read off a bank statement."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.units import NANO
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account
from prewatt.server.payments.bank import (
    BankError,
    book_line,
    book_payout,
    read_statement,
    reference,
    set_aside,
    suggestion,
    upload,
)
from prewatt.server.payments.errors import PaymentError
from prewatt.server.payments.models import BankLine, RefundPart
from prewatt.server.payments.refunds import pay_out_by_hand, send_back
from prewatt.server.payments.staff import record
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.sales.giving_back import refund
from prewatt.server.vending.models import TopUp
from prewatt.server.vending.refusals import GivingBackError, TopUpError
from tests.building import set_up
from tests.comparing import assert_row
from tests.server.payments.paying import pay_and_call_back, start_payment

pytestmark = pytest.mark.database

SPARKASSE = """"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Beguenstigter/Zahlungspflichtiger";"Betrag";"Waehrung"
"06.10.25";"06.10.25";"GUTSCHR. UEBERWEISUNG";"{reference} Strom";"Anna Müller";"1.020,50";"EUR"
"06.10.25";"06.10.25";"LASTSCHRIFT";"Miete";"Wohnbau";"-800,00";"EUR"
"07.10.25";"07.10.25";"GUTSCHR. UEBERWEISUNG";"Strom Oktober";"BEN";"20,00";"EUR"
"07.10.25";"07.10.25";"GUTSCHR. UEBERWEISUNG";"Strom Oktober";"BEN";"20,00";"EUR"
"""


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


# -- one by one ---------------------------------------------------------------------------------------------------------


def test_cash_and_transfers_are_recorded_with_a_receipt_each_in_its_account(tenancy, owner, admin_user):
    made = record(tenancy, 20 * NANO, "c1", admin_user, " R-7 ")
    record(tenancy, 30 * NANO, "c2", admin_user, "R-8", "transfer")
    assert (made.receipt, made.by) == ("R-7", admin_user)
    assert balance(account(owner, Kind.CASH)) == -20 * NANO
    assert balance(account(owner, Kind.BANK)) == -30 * NANO
    assert balance(tenant_account(tenancy)) == 50 * NANO
    assert record(tenancy, 20 * NANO, "c1", admin_user, "R-7") == made


def test_of_a_receipt_there_is_one_payment_in_an_organisation(tenancy, owner, admin_user):
    record(tenancy, 20 * NANO, "c1", admin_user, "R-7")
    with pytest.raises(TopUpError, match="R-7 was recorded already"):
        record(Tenancy.objects.get(tenant="Ben"), 20 * NANO, "c2", admin_user, "R-7")
    assert TopUp.objects.count() == 1


def test_one_receipt_typed_at_two_desks_at_once_is_one_payment(transactional_db, clock, django_user_model):
    set_up(clock)
    who = django_user_model.objects.get(username="manager")
    anna = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")

    def desk(number):
        try:
            return record(anna, 20 * NANO, f"c{number}", who, "R-7").pk
        except TopUpError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as desks:
        made = [each for each in desks.map(desk, range(8)) if each]
    assert len(made) == 1 == TopUp.objects.count()


@pytest.mark.parametrize(
    ("amount", "receipt", "way"),
    [
        (0, "", "cash"),
        (-NANO, "", "cash"),
        (1, "", "cash"),
        (NANO, "x" * 101, "cash"),
        (NANO, "a\x00", "cash"),
        (NANO, "", "gold"),
    ],
)
def test_what_can_not_be_received_is_refused(tenancy, admin_user, amount, receipt, way):
    with pytest.raises(TopUpError):
        record(tenancy, amount, "c1", admin_user, receipt, way)
    assert not TopUp.objects.exists()


def test_a_typing_error_is_undone_out_of_the_account_it_is_in(tenancy, owner, admin_user):
    made = record(tenancy, 20 * NANO, "c1", admin_user, "R-7", "transfer")
    reverse_top_up(made, admin_user, "wrong flat")
    assert balance(account(owner, Kind.BANK)) == balance(account(owner, Kind.CASH)) == 0


def test_what_a_provider_has_is_refunded_not_undone(tenancy, merchants, providers, client, admin_user):
    payment = start_payment(tenancy, merchants["wechat"])
    pay_and_call_back(providers, client, payment)
    with pytest.raises(GivingBackError, match="refund"):
        reverse_top_up(payment.top_up, admin_user, "wrong flat")


def test_what_a_provider_refuses_to_send_back_is_paid_out_by_hand_but_not_while_it_may_yet_go(
    tenancy, merchants, providers, client, admin_user
):
    from prewatt.server.metering.models import Gateway
    from prewatt.server.payments.providers.interface import ProviderError

    Gateway.objects.update(is_online=True)
    for number in (1, 2):
        pay_and_call_back(providers, client, start_payment(tenancy, merchants["wechat"], asked=f"a{number}"))
    decided = refund(tenancy, 30 * NANO, admin_user, "moves out")
    real, calls = providers._wechat_call, []

    def poor(where, given):
        calls.append(where.path)
        if where.path == "/v3/refund/domestic/refunds" and calls.count(where.path) > 1:
            return 403, {"code": "NOT_ENOUGH", "message": "余额不足"}
        return real(where, given)

    providers._wechat_call = poor
    with pytest.raises(ProviderError, match="余额不足"):
        send_back(decided, admin_user)
    RefundPart.objects.filter(sent_at=None).update(error="")
    with pytest.raises(PaymentError, match="sending"):
        pay_out_by_hand(decided, admin_user)
    with pytest.raises(ProviderError, match="余额不足"):
        send_back(decided, admin_user)
    done = pay_out_by_hand(decided, admin_user)
    providers._wechat_call = real
    owner = tenancy.unit.property.organisation
    assert done.paid_at is not None and balance(account(owner, Kind.REFUNDS)) == 0
    assert balance(account(owner, Kind.CASH)) == 10 * NANO
    with pytest.raises(PaymentError, match="already"):
        send_back(decided, admin_user)


# -- bank statements ----------------------------------------------------------------------------------------------------


def test_a_statement_is_kept_line_by_line_and_again_it_is_nothing_new(tenancy, owner, admin_user):
    content = SPARKASSE.format(reference=reference(tenancy)).encode("latin-1")
    first = upload(owner, content, "EUR", admin_user)
    assert len(first.new) == 3
    assert_row(first, known=0, out=1)
    again = upload(owner, content, "EUR", admin_user)
    assert (len(again.new), again.known) == (0, 3)
    tenancies = list(Tenancy.objects.all())
    line, ben, ben_too = owner.bank_lines.all()
    assert_row(line, amount=1_020_500_000_000, day=date(2025, 10, 6), payer="Anna Müller", currency="EUR")
    assert [suggestion(each, tenancies).tenant for each in (line, ben, ben_too)] == ["Anna", "Ben", "Ben"]
    made = book_line(line, tenancy, admin_user)
    assert made.amount == balance(tenant_account(tenancy)) == line.amount == -balance(account(owner, Kind.BANK))
    with pytest.raises(BankError, match="already"):
        book_line(line, tenancy, admin_user)
    set_aside(ben, admin_user)
    with pytest.raises(BankError, match="already"):
        book_line(ben, tenancy, admin_user)
    assert TopUp.objects.count() == 1


def test_lines_that_look_alike_at_two_landlords_are_two(tenancy, owner, admin_user, clock):
    from prewatt.server.commissioning.setup import Apartment
    from prewatt.server.estate.models import Organisation

    set_up(
        clock,
        organisation="Other",
        name="Else 1",
        gateway="g2",
        manager="other",
        apartments=[Apartment("A", "x1", "Zoe")],
    )
    for who, name in ((owner, "Anna"), (Organisation.objects.get(name="Other"), "Zoe")):
        upload(who, b"date,amount\n2025-10-06,20\n", "EUR", admin_user)
        book_line(who.bank_lines.get(), Tenancy.objects.get(tenant=name), admin_user)
    assert TopUp.objects.count() == 2


def test_a_reference_with_a_slip_suggests_nobody(tenancy, owner, admin_user):
    right = reference(tenancy)
    slipped = right[:-1] + str((int(right[-1]) + 1) % 10)
    upload(owner, f"date,amount,text\n2025-10-06,20,{slipped}\n2025-10-06,20,{right}9\n".encode(), "EUR", admin_user)
    assert [suggestion(line, list(Tenancy.objects.all())) for line in owner.bank_lines.all()] == [None, None]


@pytest.mark.parametrize(
    ("text", "encoding", "amount"),
    [
        ("交易日期,金额,对方户名,摘要\n2025年10月06日,1,234.50,王,电费\n", "gb18030", None),
        ("交易日期,金额,对方户名,摘要\n2025年10月06日,\"1,234.50\",王,电费\n", "gb18030", "1234.50"),
        ("date;amount\n2025-10-06;12,5\n", "utf-8", "12.5"),
        ("date;amount\n2025-10-06;1.234,50 €\n", "utf-8-sig", "1234.50"),
        ("Account 7\nholder;x\ndate;amount\n06.10.2025;+7.00\n;total 7\n", "utf-8", "7"),
        ("date\tamount\n20251006\t£7\n", "utf-8", "7"),
        ("date;amount\n2025-10-06;1.234\n2025-10-07;-1,50\n", "utf-8", "1234"),
        ("date;amount\n2025-10-06;12,345.6\n2025-10-07;-1.5\n", "utf-8", "12345.6"),
        ("date;amount\n2025-10-06;12.345\n2025-10-07;-1.5\n", "utf-8", "12.345"),
    ],
)  # fmt: skip
def test_banks_write_in_many_ways(text, encoding, amount):
    if amount is None:
        found, _out = read_statement(text.encode(encoding), "CNY")
        # A comma that is not quoted makes it one yuan: the preview shows it before anything is booked.
        assert found[0].amount == NANO
        return
    (line,), _out = read_statement(text.encode(encoding), "CNY")
    assert (line.amount, line.day) == (int(float(amount) * NANO), date(2025, 10, 6))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "names of the columns"),
        (b"date,amount\n2025-10-06,lots\n", "Line 2: lots is not an amount"),
        (b"date,amount\n2025-10-06,nan\n", "not an amount"),
        (b"date;amount\n2025-10-06;1.234\n", "two ways"),
        (b"date;amount\n2025-10-06;1,234\n2025-10-06;-1,2\n2025-10-06;-1.2\n", "two ways"),
        (b"date;amount\n2025-10-06;1,2.3,4\n", "not an amount"),
        (b"date,amount\n2025-10-06,1e9\n", "Line 2: 1e9 is not an amount"),
        (b"date,amount\n10/06/2025,5\n", "Line 2: 10/06/2025 can be read in two ways"),
        (b"date,amount\n2025-10-06,99999999999\n", "larger than a payment can be"),
        (b"date,amount\n2025-02-30,5\n", "Line 2: 2025-02-30 is not a day"),
        (b"date,amount\n2025-02-30,5\n2025-10-06,lots\n", "(?s)Line 2: .* is not a day.*line 3: lots is not an amount"),
        (b"x" * 5_000_001, "5 MB"),
        (b'date,amount\n"' + b"x" * 200_000, "quotation mark"),
        (b"\x00date,amount\n", "no text"),
        (b"," * 4_000_000, "columns"),
        (b"date,amount\n" + b"2025-10-06,1\n" * 20_501, "20000 lines"),
    ],
)
def test_a_statement_that_can_not_be_read_names_the_line(owner, admin_user, content, says):
    with pytest.raises(BankError, match=says):
        upload(owner, content, "EUR", admin_user)
    assert not BankLine.objects.exists()


def test_an_amount_of_nothing_is_no_line(owner, admin_user):
    text = b"date,amount,in,out\n2025-10-06,0.00,,\n2025-10-06,,0,0.00\n2025-10-06,5.00,,\n"
    made = upload(owner, text, "EUR", admin_user)
    assert [line.amount for line in made.new] == [5 * NANO] and len(made.left_out) == 2 and made.out == 0


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"date,amount\n{text}".encode()))
def test_no_file_whatsoever_is_an_error_of_ours(content):
    with suppress(BankError):
        read_statement(content, "EUR")


def test_a_line_goes_to_its_own_organisation_in_its_own_currency_only(tenancy, owner, merchants, admin_user, clock):
    set_up(clock, organisation="Other", name="Else 1", gateway="g2", manager="other", apartments=[])
    upload(
        owner,
        b"date,amount,currency\n2025-10-06,20,USD\n2025-10-06,20.001,CNY\n2025-10-06,-1.50,CNY\n",
        "CNY",
        admin_user,
    )
    dollars, fine = owner.bank_lines.all()
    tenancy.unit.property.refresh_from_db()
    with pytest.raises(BankError, match="in CNY"):
        book_line(dollars, tenancy, admin_user)
    with pytest.raises(BankError, match="more decimals"):
        book_line(fine, tenancy, admin_user)
    stranger = merchants["wechat"]
    from prewatt.server.estate.models import Organisation

    stranger.organisation = Organisation.objects.get(name="Other")
    with pytest.raises(BankError, match="another landlord"):
        book_payout(dollars, stranger, admin_user)
    assert owner.bank_lines.filter(state="open").count() == 2
