"""A flat with a keypad meter: what is paid is energy by a code at the tariff of that moment, booked once, to the nano."""

import pytest
from django.contrib.auth import get_user_model
from msgspec.structs import replace

from prewatt.kernel.tariff import Period, Rate, Tiers
from prewatt.kernel.units import DAY, NANO, exact_kwh
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.models import Account
from prewatt.server.payments.staff import record
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.sales.giving_back import decide, give, give_code_back
from prewatt.server.sales.keypad_left import take_over, worth
from prewatt.server.sales.keypad_sales import charge_days_of_all, quote, sell_credit
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.formats import to_document
from prewatt.server.statements.statement import statement
from prewatt.server.statements.terms import TermsError, TermsRequest, agree
from prewatt.server.tariffs.models import TariffVersion
from prewatt.server.tenancies.moving import move_out, settle, settle_what_is_due
from prewatt.server.vending.keypad_places import place
from prewatt.server.vending.keypad_readings import in_doubt
from prewatt.server.vending.meter_numbers import register
from prewatt.server.vending.models import Code, KeypadEntry, Refund, TokenMeter, TopUp
from prewatt.server.vending.refusals import GivingBackError, TopUpError, VendError
from prewatt.server.vending.sold_codes import vend_money, vend_units
from prewatt.server.vending.typed_readings import Implausible, ReadingRefused, take_reading
from prewatt.tokens import UnitCredit, carried, cipher, decode
from tests.building import FLAT
from tests.recorded import recorded_once
from tests.server.keypads import KEY, TAXED, keypad_flat, tariff_from

pytestmark = pytest.mark.database


@pytest.fixture
def home(building, clock):
    return Property.objects.get()


@pytest.fixture
@recorded_once
def kim(home, clock):
    return keypad_flat(home)


@pytest.fixture
def keypad(kim):
    return TokenMeter.objects.get(unit=kim.unit)


def credit(tenancy):
    return balance(tenant_account(tenancy))


def sums_agree(tenancy):
    """What was paid is what its entries have charged, and what is left; and the books are of zero in all."""
    paid = sum(TopUp.objects.filter(tenancy=tenancy).values_list("amount", flat=True))
    charged = sum(KeypadEntry.objects.filter(tenancy=tenancy).values_list("charge", flat=True))
    assert paid == charged + credit(tenancy)
    assert sum(trial_balance(tenancy.unit.property.organisation).values()) == 0


def test_a_payment_is_a_code_that_the_meter_reads_and_the_rest_stays_for_the_next_one(kim, keypad):
    bought = top_up(kim, 10 * NANO + NANO // 100, "first")
    token = decode(bought.code.digits, cipher(keypad.key().algorithm, keypad.key().decoder_key(KEY)))
    assert isinstance(token, UnitCredit) and token.amount == 500, "50.0 kWh at 0.20"
    assert credit(kim) == NANO // 100
    again = top_up(kim, NANO // 100, "second")
    assert again.code.amount == 1, "two times a cent buy what one cent does not"
    assert credit(kim) == 0
    sums_agree(kim)


def test_a_large_payment_is_a_code_that_carries_just_what_was_charged(kim, keypad):
    bought = top_up(kim, 1000 * NANO + 3 * NANO // 10, "large")
    token = decode(bought.code.digits, cipher(keypad.key().algorithm, keypad.key().decoder_key(KEY)))
    assert carried(token.amount) == token.amount == bought.code.amount == bought.entry.energy // 100
    assert bought.entry.charge == bought.entry.energy * 200_000
    assert 0 <= credit(kim) < 2 * NANO // 10, "what is less than a whole kWh is kept"
    sums_agree(kim)


def test_asked_for_twice_it_is_one_code(kim):
    first, second = top_up(kim, 5 * NANO, "same"), top_up(kim, 5 * NANO, "same")
    assert first == second and Code.objects.filter(token_meter__unit=kim.unit).count() == 1


def test_killed_between_payment_and_code_there_is_neither_and_asked_again_there_are_both(kim, monkeypatch):
    from prewatt.server.sales import keypad_sales

    def dies(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keypad_sales, "vend", dies)
        with pytest.raises(KeyboardInterrupt):
            top_up(kim, 5 * NANO, "same")
    assert not TopUp.objects.filter(tenancy=kim).exists() and credit(kim) == 0
    assert top_up(kim, 5 * NANO, "same").code.amount == 250
    sums_agree(kim)


def test_days_fees_and_taxes_are_paid_first_each_to_its_account_and_its_day(home, kim, clock):
    tariff_from(home, TAXED, clock.now())
    clock.at += 3 * DAY
    assert charge_days_of_all() == 1
    days = KeypadEntry.objects.filter(tenancy=kim, kind=KeypadEntry.Kind.DAYS)
    assert [each.charge for each in days] == [NANO // 2 * 119 // 100] * 3
    charge_days_of_all()
    assert days.count() == 3, "a day ends once"
    bought = top_up(kim, 20 * NANO, "first")
    price = 250_000 - 100  # 0.2499 a kWh: (0.20 + 0.01) and 19 %
    tenths = (20 * NANO - 3 * 595_000_000) // (price * 100)
    assert bought.code.amount == tenths and credit(kim) == 20 * NANO - 3 * 595_000_000 - tenths * price * 100
    owner, entry = home.organisation, bought.entry
    assert balance(account(owner, Kind.STANDING_REVENUE)) == 3 * NANO // 2
    assert balance(account(owner, Kind.SERVICE_REVENUE)) == entry.fee == tenths * 100 * 10_000
    assert balance(account(owner, Kind.ENERGY_REVENUE)) == tenths * 100 * 200_000
    assert balance(account(owner, Kind.TAX)) == 3 * 95_000_000 + entry.tax
    sums_agree(kim)


def test_what_energy_costs_is_asked_before_and_paid_just_so(home, kim, clock):
    tariff_from(home, TAXED, clock.now())
    clock.at += DAY
    asked = quote(kim, 25_600)
    assert not KeypadEntry.objects.exists(), "who asks changes nothing"
    assert asked.charge == 25_600 * 249_900 and asked.to_pay == 7 * NANO
    assert top_up(kim, asked.to_pay, "first").code.amount >= 256


def test_too_little_or_no_tariff_is_credit_from_which_a_code_is_made_later(home, kim, clock):
    assert top_up(kim, NANO // 100, "a cent").code is None
    with pytest.raises(TopUpError, match="less than"):
        sell_credit(kim, "manager")
    TariffVersion.objects.all().delete()
    assert top_up(kim, 4 * NANO, "no price").code is None
    with pytest.raises(TopUpError, match="No tariff"):
        quote(kim, 1000)
    tariff_from(home, FLAT, clock.now() - DAY)
    assert sell_credit(kim, "manager").code.amount == 200
    sums_agree(kim)


def test_a_code_that_cannot_be_made_refuses_no_payment(kim, keypad):
    TokenMeter.objects.filter(pk=keypad.pk).update(last_tid=0xFFFFFF)
    assert top_up(kim, 4 * NANO, "no minutes").code is None
    assert credit(kim) == 4 * NANO


def test_a_code_beside_the_account_is_refused_where_somebody_lives(kim, keypad):
    with pytest.raises(VendError, match="record the payment"):
        vend_units(keypad, 10)
    Tenancy.objects.filter(pk=kim.pk).delete()
    assert vend_units(keypad, 10).amount == 10


def test_before_the_tenancy_begins_nothing_is_sold(home, clock):
    coming = keypad_flat(home, begins=clock.now() + DAY)
    with pytest.raises(TopUpError, match="not begun"):
        top_up(coming, NANO, "early")


def test_a_payment_that_never_happened_leaves_what_its_code_has_cost_as_owed(kim, admin_user):
    bought = record(kim, 5 * NANO, "slip", admin_user)
    reverse_top_up(bought, admin_user, "typed the wrong flat")
    assert credit(kim) == -5 * NANO
    assert top_up(kim, 6 * NANO, "next").code.amount == 50, "what is owed is paid first"


def test_a_code_that_was_not_used_is_given_back_by_two_people_with_its_tax(home, kim, clock, admin_user):
    tariff_from(home, TAXED, clock.now())
    clock.at += DAY
    entry = top_up(kim, 20 * NANO, "first").entry
    proposal = give_code_back(entry, admin_user, "lost the paper, moved the flat")
    with pytest.raises(GivingBackError, match="second person"):
        decide(proposal, admin_user, True)
    assert give_code_back(entry, admin_user, "again") == proposal, "asked twice it is one proposal"
    decide(proposal, get_user_model().objects.get(username="manager"), True)
    owner = home.organisation
    assert balance(account(owner, Kind.ENERGY_REVENUE)) == balance(account(owner, Kind.SERVICE_REVENUE)) == 0
    assert balance(account(owner, Kind.TAX)) == 95_000_000, "of the day that has ended"
    sums_agree(kim)
    with pytest.raises(GivingBackError, match="given back already"):
        give_code_back(entry, admin_user, "once more")


def test_credit_given_freely_is_for_the_next_code(kim, admin_user):
    give(kim, NANO, "gift", admin_user, "the lift")
    assert sell_credit(kim, admin_user).code.amount == 50


def test_what_is_left_on_the_meter_at_the_move_out_is_owed_back_and_the_next_tenant_pays_it(home, kim, keypad, clock):
    top_up(kim, 10 * NANO, "first")
    clock.at += DAY
    top_up(kim, 2 * NANO, "second")
    clock.at += DAY
    move_out(kim, clock.now())
    clock.at += 3600 * 10**6
    assert settle_what_is_due() == []
    with pytest.raises(Exception, match="Read the keypad meter first"):
        settle(kim)
    take_reading(keypad, clock.now() - 10**6, 1_045_000, "kim", left=15_000)
    assert settle_what_is_due() == [kim]
    back = KeypadEntry.objects.filter(tenancy=kim, kind=KeypadEntry.Kind.LEFT)
    assert [(each.energy, each.charge) for each in back] == [(-10_000, -2 * NANO), (-5_000, -NANO)], (
        "the last sold first"
    )
    assert Refund.objects.get(tenancy=kim).amount == 3 * NANO and credit(kim) == 0
    clock.at += 10**6
    lou = Tenancy.objects.create(unit=kim.unit, tenant="Lou", begins=clock.now())
    taken = take_over(lou, "manager")
    assert (taken.energy, taken.charge) == (15_000, 3 * NANO)
    with pytest.raises(GivingBackError, match="charged already"):
        take_over(lou, "manager")
    assert top_up(lou, 5 * NANO, "third").code.amount == 100
    assert sum(trial_balance(home.organisation).values()) == 0
    assert not Account.objects.filter(kind=Kind.VACANCY).exists()


def test_what_is_taken_back_was_sold_last_in_the_dearest_tier(home, kim, clock):
    tiers = Tiers(Period.MONTH, (30_000,))
    tariff_from(home, replace(FLAT, name="tiered", rates=(Rate("flat", (100_000, 400_000)),), tiers=tiers), clock.now())
    entry = top_up(kim, 7 * NANO, "first").entry
    assert entry.energy == 40_000 and entry.charge == 30_000 * 100_000 + 10_000 * 400_000
    assert worth(entry, 5_000).charge == 5_000 * 400_000
    assert worth(entry, 12_000).charge == 10_000 * 400_000 + 2_000 * 100_000


@pytest.mark.parametrize("pieces", [[1], [300, 1, 77], [100, 100, 100, 100]])
def test_in_whatever_pieces_energy_is_taken_back_its_price_is_whole(home, kim, clock, pieces):
    from prewatt.server.sales.keypad_entries import standing_of
    from prewatt.server.sales.keypad_left import _take_back

    tariff_from(home, TAXED, clock.now())
    clock.at += DAY
    entry = top_up(kim, 20 * NANO + NANO // 7 // 10**7 * 10**7, "first").entry
    left, standing = entry.energy, standing_of(kim, entry.token_meter)
    for each in pieces:
        standing = _take_back(entry, each, KeypadEntry.Kind.LEFT, "x", standing)
        left -= each
    _take_back(entry, left, KeypadEntry.Kind.LEFT, "x", standing)
    backs = KeypadEntry.objects.filter(back_of=entry)
    for column in ("energy", "charge", "fee", "tax"):
        assert sum(backs.values_list(column, flat=True)) == -getattr(entry, column), column
    sums_agree(kim)


def test_the_statement_lists_codes_and_readings_and_comes_to_the_nano(home, kim, keypad, clock):
    tariff_from(home, TAXED, clock.now() - DAY)
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=2_000)
    clock.at += DAY
    first = top_up(kim, 20 * NANO, "first")
    clock.at += DAY
    take_reading(keypad, clock.now(), 1_010_000, "kim", left=first.entry.energy - 8_000)
    document = statement(kim, kim.begins, clock.now())
    assert document.opening + document.movements == document.closing == credit(kim)
    assert document.energy == first.entry.energy
    part = document.keypad
    assert [each.text for each in part.codes] == [str(first.code)]
    assert (part.sold, part.used) == (first.entry.energy, 10_000)
    assert part.left == 2_000 + first.entry.energy - 10_000
    halves = [statement(kim, kim.begins, clock.now() - DAY), statement(kim, clock.now() - DAY, clock.now())]
    assert halves[0].closing == halves[1].opening and halves[1].closing == document.closing
    written = to_document(document)
    assert written["keypad"]["codes"][0]["code"] == str(first.code)
    assert written["keypad"]["left_by_reckoning_kwh"] == exact_kwh(part.left)


def test_a_reading_that_cannot_be_is_a_question_and_counts_for_nothing(home, kim, keypad, clock):
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=1_000)
    top_up(kim, 2 * NANO, "first")
    clock.at += DAY
    with pytest.raises(Implausible, match="than was sold"):
        take_reading(keypad, clock.now(), 1_012_000, "kim")
    with pytest.raises(Implausible, match="more is left"):
        take_reading(keypad, clock.now(), 1_005_000, "kim", left=7_000)
    assert not in_doubt(home.organisation).exists()
    entries = KeypadEntry.objects.count()
    doubted = take_reading(keypad, clock.now(), 1_012_000, "kim", sure=True)
    assert list(in_doubt(home.organisation)) == [doubted]
    assert KeypadEntry.objects.count() == entries, "nothing is booked by it"
    clock.at += DAY
    take_reading(keypad, clock.now(), 1_013_000, "kim", left=500)
    assert not in_doubt(home.organisation).exists(), "a later reading that can be settles it"
    clock.at += DAY
    take_reading(keypad, clock.now(), 1_013_500, "kim", left=0)


def test_one_keypad_meter_hangs_at_a_flat_and_a_new_one_goes_on_with_its_account(home, kim, keypad, clock):
    top_up(kim, 2 * NANO, "first")
    other = register(keypad.group, "00000000026", "new one")
    with pytest.raises(ReadingRefused, match="belongs to this unit"):
        place(other, kim.unit)
    place(keypad, None)
    with pytest.raises(TopUpError, match="has no meter"):
        top_up(kim, NANO, "between")
    place(other, kim.unit)
    assert top_up(kim, NANO, "second").code.token_meter == other
    assert [each.number for each in kim.keypad_entries.all()] == [1, 2]
    sums_agree(kim)


def test_a_meter_that_counts_money_has_no_account(home, kim, keypad):
    TokenMeter.objects.filter(pk=keypad.pk).update(counts_money=True)
    with pytest.raises(TopUpError, match="has no meter"):
        top_up(kim, NANO, "first")
    keypad.refresh_from_db()
    assert vend_money(keypad, NANO).amount == NANO
    with pytest.raises(VendError, match="counts money"):
        vend_units(keypad, 10)


def test_what_a_keypad_meter_supplies_is_paid_before_use(kim, admin_user):
    with pytest.raises(TermsError, match="can't pay after use"):
        agree(kim, TermsRequest(is_postpaid=True, limit=NANO), admin_user)


def test_a_month_without_a_payment_has_its_days_and_its_minimum(home, kim, clock):
    tariff_from(home, replace(TAXED, name="least", minimum=31 * NANO, standing=0), clock.now())
    clock.at += 40 * DAY
    charge_days_of_all()
    (entry,) = KeypadEntry.objects.filter(tenancy=kim)
    assert entry.minimum == 26 * NANO, "a thirty-first for each of 26 days from the 6th of October"
    bought = top_up(kim, 50 * NANO, "first")
    assert bought.entry.counters and credit(kim) < NANO // 10
    sums_agree(kim)
