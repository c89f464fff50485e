"""Rows are locked in one order, and what is decided by is read under the lock: two who work on the same money at once do not
stop each other, and what comes of it is what one after the other would have made.
"""

import pytest

from prewatt.kernel.units import DAY, NANO
from prewatt.server.billing.debt_set_off import set_off
from prewatt.server.billing.debts import DebtError, owe
from prewatt.server.billing.owed import owed
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.payments.bank import book_line, reference, upload
from prewatt.server.payments.merchants import keep_merchant
from prewatt.server.payments.models import BankLine, RefundPart, TakenBack
from prewatt.server.payments.providers.interface import Cause, Step, TakenBackReport
from prewatt.server.payments.refunds import _begin, failed, pay_out_by_hand, sent
from prewatt.server.payments.returned import book_returned
from prewatt.server.payments.statements.errors import BankError
from prewatt.server.payments.taken_back import hear
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.payments.wrong_flat import move_payment
from prewatt.server.sales.giving_back import decide, put_right, refund
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.vending.models import Adjustment, Code, Command, TokenMeter
from prewatt.server.vending.refusals import GivingBackError, TopUpError
from prewatt.server.vending.typed_readings import take_reading
from tests.racing import at_once, before
from tests.server.keypads import keypad_flat
from tests.server.payments.paying import pay_and_call_back, start_payment
from tests.settings import ON_POSTGRESQL

pytestmark = [pytest.mark.database, pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one writer")]


@pytest.fixture
def anna(transactional_db, building):
    Gateway.objects.update(is_online=True)
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")


@pytest.fixture
def owner(anna):
    return anna.unit.property.organisation


@pytest.fixture
def bought(anna, owner, providers, client):
    """A payment of 20 by card."""
    payment = start_payment(anna, keep_merchant(owner, "stripe", "stripe", providers.settings("stripe")))
    assert pay_and_call_back(providers, client, payment).status_code == 200
    payment.refresh_from_db()
    return payment


def goes_back(payment):
    told = TakenBackReport(
        "re_1", Cause.REFUND, Step.TAKEN, payment.payment_id, payment.provider_id, 500, payment.currency, 1
    )
    return lambda: hear(payment.merchant, told, "callback")


def test_a_payment_moves_to_another_flat_while_some_of_it_goes_back(bought, owner, admin_user):
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    heard, moved = at_once(
        goes_back(bought), lambda: move_payment(bought.top_up, ben, admin_user, "typed the wrong flat")
    )
    assert heard.error is None
    # Whichever comes first: what was taken back in part moves no more.
    assert moved.error is None or isinstance(moved.error, GivingBackError)
    has = {each.tenant: balance(tenant_account(each)) for each in Tenancy.objects.all()}
    assert has == ({"Anna": 15 * NANO, "Ben": 0} if moved.error else {"Anna": 0, "Ben": 15 * NANO})
    assert TakenBack.objects.get().state == "booked"
    assert sum(trial_balance(owner).values()) == 0


def test_cash_is_taken_while_some_of_a_payment_goes_back(bought, anna, owner):
    both = at_once(lambda: top_up(anna, 7 * NANO, "cash"), goes_back(bought))
    assert [each.error for each in both] == [None, None]
    assert balance(tenant_account(anna)) == 22 * NANO


def test_what_was_paid_out_twice_is_heard_of_while_it_is_set_off(bought, anna, owner, admin_user):
    made = refund(anna, 5 * NANO, admin_user, "moves out")
    part = RefundPart.objects.create(refund=made, payment=bought, amount=5 * NANO, error="no answer")
    pay_out_by_hand(made, admin_user, 3 * NANO)
    debt = owe(anna, 3 * NANO, Reference(Of.SHARE, 1), "a share", 1)
    sends, sets = at_once(lambda: sent(part, admin_user), lambda: set_off(debt, made, admin_user))
    assert sends.error is None
    assert sets.error is None or isinstance(sets.error, DebtError)
    # What was paid by hand, or set off, and went out as well is owed.
    assert sum(each.left for each in owed(owner)) == 0
    assert balance(account(owner, Kind.DEBTS)) == -6 * NANO
    assert sum(trial_balance(owner).values()) == 0


def test_a_refund_is_sent_again_while_it_is_heard_that_it_did_not_arrive(bought, anna, owner, admin_user):
    made = refund(anna, 5 * NANO, admin_user, "moves out")
    part = RefundPart.objects.create(refund=made, payment=bought, amount=5 * NANO)
    told, again = at_once(lambda: failed(part, "closed account"), lambda: _begin(part))
    assert (told.error, str(again.error or "")) in ((None, ""), (None, "This refund is paid out already."))
    assert [each.left for each in owed(owner)] == [5 * NANO]


@pytest.fixture
def credited(anna, owner, admin_user):
    """A transfer of 20 that came in and was credited, and the line by which the bank took it back."""
    text = f"date;amount;text;payer\n2025-10-06;20,00;{reference(anna)};ANNA BERG\n"
    (line,) = upload(owner, text.encode(), "EUR", admin_user).new
    made = book_line(line, anna, admin_user)
    text = f"date;amount;text;payer\n2025-10-20;-20,00;Returned {reference(anna)};ANNA BERG\n"
    upload(owner, text.encode(), "EUR", admin_user)
    return made, BankLine.objects.get(amount__lt=0)


@pytest.mark.parametrize("undone_first", [True, False])
def test_a_payment_is_undone_while_its_return_is_booked(credited, anna, owner, admin_user, undone_first):
    made, line = credited

    def undo():
        return reverse_top_up(made, admin_user, "never was")

    def book():
        # Chosen by a person, who sees it as it was.
        return book_returned(line, admin_user, made)

    first, second = before(undo, book) if undone_first else before(book, undo)
    assert first.error is None
    assert isinstance(second.error, BankError if undone_first else GivingBackError)
    assert balance(tenant_account(anna)) == balance(account(owner, Kind.BANK)) == 0
    assert sum(trial_balance(owner).values()) == 0


def test_what_was_charged_wrongly_is_agreed_to_while_the_tenancy_is_settled(
    anna, owner, admin_user, clock, django_user_model
):
    """It is owed to who has moved out, and is no credit of whoever lives there next."""
    proposer = django_user_model.objects.get(username="manager")
    made = put_right(anna, 6 * NANO, "wrong", proposer, "a broken meter")
    clock.at += DAY
    move_out(anna, clock.at)
    Meter.objects.filter(unit=anna.unit_id).update(read_at=clock.at)
    clock.at += DAY
    fresh = Tenancy.objects.select_related("unit__property__organisation").get(pk=anna.pk)
    settled, agreed = before(lambda: settle(fresh), lambda: decide(made, admin_user, True))
    assert [settled.error, agreed.error] == [None, None]
    assert Adjustment.objects.get().state == "done"
    assert balance(tenant_account(anna)) == 0
    assert [(each.who, each.left) for each in owed(owner)] == [("Anna", 6 * NANO)]
    assert not Command.objects.filter(kind__in=("credit", "debit")).exists()


def test_two_payments_for_a_keypad_meter_at_once_are_two_codes_of_one_account(anna, clock):
    kim = keypad_flat(anna.unit.property)
    one, other = at_once(lambda: top_up(kim, 3 * NANO, "one"), lambda: top_up(kim, 5 * NANO, "other"))
    assert one.error is None and other.error is None
    codes = Code.objects.filter(token_meter__unit=kim.unit)
    assert len({each.tid for each in codes}) == 2 and sum(each.amount for each in codes) == 400
    assert balance(tenant_account(kim)) == 0
    assert [each.number for each in kim.keypad_entries.all()] == [1, 2]


def test_what_is_kept_for_the_next_code_is_sold_to_one_of_two_payments(anna):
    kim, cent = keypad_flat(anna.unit.property), NANO // 100
    assert top_up(kim, cent, "kept").code is None
    for each in at_once(lambda: top_up(kim, cent, "one"), lambda: top_up(kim, cent, "other")):
        assert each.error is None
    assert [each.amount for each in Code.objects.filter(token_meter__unit=kim.unit)] == [1]
    assert balance(tenant_account(kim)) == cent


def test_a_payment_that_meets_the_settlement_of_a_keypad_meter_is_sold_before_it_or_refused(anna, clock):
    kim = keypad_flat(anna.unit.property)
    top_up(kim, 4 * NANO, "first")
    move_out(kim, clock.now() + 1)
    take_reading(TokenMeter.objects.get(unit=kim.unit), clock.now(), 1_000, "kim", left=2_000)
    clock.at += 1
    paid, settled = at_once(lambda: top_up(kim, 3 * NANO, "late"), lambda: settle(kim))
    assert settled.error is None and isinstance(paid.error, TopUpError)
    assert balance(tenant_account(kim)) == 0
    assert sum(each.energy for each in kim.keypad_entries.all()) == 18_000
