"""The account of a keypad meter where moves are told late, meters go and codes come back: nobody pays twice, and nothing
is left on an account that is closed.
"""

from datetime import date

import pytest
from django.contrib.auth import get_user_model
from msgspec.structs import replace

from prewatt.kernel.calendar import day_bounds, zone
from prewatt.kernel.tariff import Period, Rate, Tiers
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.billing.open_debts import debts_of
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.notices.for_tenants import TenantLook
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.payments.staff import record
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.sales.giving_back import decide, give_code_back
from prewatt.server.sales.keypad_left import found_at_move_in
from prewatt.server.sales.keypad_sales import charge_days_of_all, sell_credit
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.statement import statement
from prewatt.server.tariffs.models import TariffVersion
from prewatt.server.tenancies.moving import move_in, move_out, settle, settle_what_is_due
from prewatt.server.tenancies.put_right import Change, put_right
from prewatt.server.vending.keypad_places import place
from prewatt.server.vending.management_codes import vend_management
from prewatt.server.vending.models import KeypadEntry, Refund, TokenMeter
from prewatt.server.vending.refusals import VendError
from prewatt.server.vending.sold_codes import vend_units
from prewatt.server.vending.typed_readings import take_reading
from prewatt.tokens import Function, carried
from tests.building import FLAT
from tests.recorded import recorded_once
from tests.server.keypads import keypad_flat, tariff_from

pytestmark = pytest.mark.database
DAILY = replace(FLAT, name="daily", standing=NANO)
"""0.20 a kWh and 1.00 a day."""


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


@pytest.fixture
def second(db):
    return get_user_model().objects.get(username="manager")


def credit(tenancy):
    return balance(tenant_account(tenancy))


def days_of(tenancy):
    return sum(tenancy.keypad_entries.values_list("standing", flat=True))


def test_a_code_that_is_given_back_after_the_settlement_is_owed_to_who_has_left(
    home, kim, keypad, clock, admin_user, second
):
    entry = top_up(kim, 10 * NANO, "first").entry
    proposal = give_code_back(entry, admin_user, "the paper was lost")
    move_out(kim, clock.now())
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=0)
    assert settle_what_is_due() == [kim]
    decide(proposal, second, True)
    assert credit(kim) == 0, "nothing stays on a closed account"
    assert Refund.objects.get(tenancy=kim).amount == 10 * NANO
    assert sum(trial_balance(home.organisation).values()) == 0


def test_the_statement_of_a_flat_whose_keypad_meter_is_gone_still_comes_to_its_balance(kim, keypad, clock):
    bought = top_up(kim, 10 * NANO, "first")
    clock.at += DAY
    before = statement(kim, kim.begins, clock.now())
    place(keypad, None)
    after = statement(kim, kim.begins, clock.now())
    assert after.closing == before.closing == credit(kim)
    assert after.lines == before.lines
    assert [each.text for each in after.keypad.codes] == [str(bought.code)]


def test_a_move_out_that_is_told_late_gives_back_the_days_after_it(home, kim, keypad, clock):
    tariff_from(home, replace(DAILY, minimum=31 * NANO), clock.now())
    top_up(kim, 20 * NANO, "first")
    left_at = clock.now() + 2 * DAY
    clock.at += 6 * DAY
    charge_days_of_all()
    assert days_of(kim) == 6 * NANO
    move_out(kim, left_at)
    lou = move_in(kim.unit, "Lou", left_at + HOUR)
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=0)
    charge_days_of_all()
    settle(kim)
    assert days_of(kim) == 2 * NANO
    assert days_of(lou) == 4 * NANO, "each day is paid once"
    assert sum(kim.keypad_entries.values_list("minimum", flat=True)) == 0
    assert credit(kim) == 0
    assert balance(account(home.organisation, Kind.STANDING_REVENUE)) == 6 * NANO
    document = statement(kim, kim.begins, clock.now() + DAY)
    assert document.opening + document.movements == document.closing == 0


def test_a_move_out_that_is_put_right_to_an_earlier_day_gives_back_the_days_after_it(
    home, kim, keypad, clock, admin_user
):
    tariff_from(home, DAILY, clock.now())
    top_up(kim, 20 * NANO, "first")
    clock.at += 4 * DAY
    move_out(kim, clock.now())
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=0)
    settle(kim)
    paid = days_of(kim)
    assert sum(each.left for each in debts_of(kim)) == paid > 2 * NANO
    put_right(kim, Change(ends=clock.now() - 2 * DAY), admin_user, "it was the day before yesterday")
    assert days_of(kim) == paid - 2 * NANO
    assert credit(kim) == 0
    assert sum(each.left for each in debts_of(kim)) == paid - 2 * NANO


def test_a_move_out_that_is_put_right_to_a_later_day_has_one_minimum_for_the_whole_month(
    home, kim, keypad, clock, admin_user
):
    tariff_from(home, replace(FLAT, name="least", minimum=31 * NANO), clock.now())
    top_up(kim, 5 * NANO, "first")
    clock.at += 4 * DAY
    moved = clock.now()
    move_out(kim, moved)
    clock.at += 8 * DAY
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=0)
    settle(kim)
    assert credit(kim) == 0
    put_right(kim, Change(ends=moved + 4 * DAY), admin_user, "it was four days later")
    assert sum(kim.keypad_entries.values_list("charge", flat=True)) == 8 * NANO, "one a day, as if it had been told so"
    assert sum(each.left for each in debts_of(kim)) == 3 * NANO


@pytest.mark.parametrize("each_day", [NANO, 0])
@pytest.mark.parametrize("later", [2, -2])
def test_a_move_that_is_put_right_for_both_tenants_charges_each_day_once(
    home, kim, keypad, clock, admin_user, later, each_day
):
    began = clock.now()
    tariff_from(home, replace(DAILY, standing=each_day, minimum=31 * NANO * 2), began)
    top_up(kim, 20 * NANO, "first")
    clock.at += 4 * DAY
    moved = clock.now()
    move_out(kim, moved)
    lou = move_in(kim.unit, "Lou", moved)
    clock.at += 5 * DAY
    top_up(lou, 9 * NANO, "lou's")
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=0)
    settle(kim)
    assert (days_of(kim), days_of(lou)) == (4 * each_day, 5 * each_day)
    outcome = put_right(kim, Change(ends=moved + later * DAY, along=True), admin_user, "it was another day")
    assert (days_of(kim), days_of(lou)) == ((4 + later) * each_day, (5 - later) * each_day)
    assert [after.bill for _before, after in outcome.rows] == [
        sum(each.keypad_entries.values_list("charge", flat=True)) for each in (kim, lou)
    ]
    clock.at = began + 40 * DAY
    lou.refresh_from_db()
    charge_days_of_all()
    november = day_bounds(date(2025, 11, 1), zone(home.zone))[0]
    october = sum(lou.keypad_entries.filter(until__lte=november).values_list("charge", flat=True))
    assert october == 2 * NANO * (22 - later), "the minimum of her days, from the 10th or as it was put right"
    assert sum(trial_balance(home.organisation).values()) == 0


def test_the_tiers_of_a_code_that_was_given_back_are_free_again(home, kim, clock, admin_user, second):
    tiers = Tiers(Period.MONTH, (30_000,))
    tariff_from(home, replace(FLAT, name="tiered", rates=(Rate("flat", (100_000, 400_000)),), tiers=tiers), clock.now())
    entry = top_up(kim, 7 * NANO, "first").entry
    decide(give_code_back(entry, admin_user, "for the wrong meter"), second, True)
    again = sell_credit(kim, admin_user)
    assert (again.energy, again.charge) == (entry.energy, entry.charge)


def test_the_tiers_of_another_month_are_not_changed_by_a_code_that_is_given_back(home, kim, clock, admin_user, second):
    tiers = Tiers(Period.MONTH, (30_000,))
    tariff_from(home, replace(FLAT, name="tiered", rates=(Rate("flat", (100_000, 400_000)),), tiers=tiers), clock.now())
    entry = top_up(kim, 7 * NANO, "first").entry
    clock.at += 31 * DAY
    assert top_up(kim, 3 * NANO, "next month").code.amount == 300
    decide(give_code_back(entry, admin_user, "never typed"), second, True)
    assert sell_credit(kim, admin_user).energy == 7 * NANO // 400_000 // 100 * 100, "the month's cheap tier is used up"


def test_what_is_left_at_the_move_out_does_not_count_for_the_month_s_minimum(home, kim, keypad, clock):
    tariff_from(home, replace(FLAT, name="least", minimum=31 * NANO), clock.now())
    top_up(kim, 20 * NANO, "first")
    clock.at += 10 * DAY
    move_out(kim, clock.now())
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=100_000)
    settle(kim)
    assert Refund.objects.get(tenancy=kim).amount == 10 * NANO, "ten or eleven days cost at least 1.00 each"


def test_what_the_next_tenant_has_bought_is_not_given_back_to_the_one_before(home, kim, keypad, clock):
    top_up(kim, 10 * NANO, "first")
    clock.at += DAY
    move_out(kim, clock.now())
    clock.at += HOUR
    lou = move_in(kim.unit, "Lou", clock.now())
    clock.at += HOUR
    top_up(lou, 4 * NANO, "lou's")
    clock.at += HOUR
    take_reading(keypad, clock.now(), 1_045_000, "kim", left=25_000)
    settle(kim)
    assert Refund.objects.get(tenancy=kim).amount == NANO, "5 kWh of 25 were there before"


def test_an_old_reading_says_nothing_of_what_a_new_tenant_finds(home, kim, keypad, clock):
    top_up(kim, 10 * NANO, "first")
    clock.at += DAY
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=50_000)
    clock.at += 10 * DAY
    move_out(kim, clock.now())
    clock.at += HOUR
    lou = move_in(kim.unit, "Lou", clock.now())
    assert found_at_move_in(lou, keypad) == 0, "who was there before has used it"


def test_what_was_cleared_is_not_found(home, kim, keypad, clock):
    top_up(kim, 10 * NANO, "first")
    move_out(kim, clock.now() + HOUR)
    clock.at += 2 * HOUR
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=50_000)
    clock.at += HOUR
    vend_management(keypad, Function.CLEAR_CREDIT)
    clock.at += HOUR
    lou = Tenancy.objects.create(unit=kim.unit, tenant="Lou", begins=clock.now())
    assert found_at_move_in(lou, keypad) == 0


def test_a_payment_that_came_without_a_tariff_has_its_code_as_soon_as_there_is_one_and_the_tenant_hears_it(
    home, kim, clock
):
    recipient = recipient_of(kim)
    clock.at += HOUR
    TariffVersion.objects.all().delete()
    paid = top_up(kim, 4 * NANO, "no price")
    TenantLook(recipient, kim).look()
    charge_days_of_all()
    assert not KeypadEntry.objects.exists()
    clock.at += HOUR
    tariff_from(home, FLAT, clock.now() - DAY)
    charge_days_of_all()
    charge_days_of_all()
    (entry,) = KeypadEntry.objects.filter(kind=KeypadEntry.Kind.SOLD)
    assert entry.top_up == paid and entry.energy == 20_000 and credit(kim) == 0
    for _look in range(2):
        TenantLook(recipient, kim).look()
    without, with_code = recipient.notices.filter(event="top-up").order_by("pk")
    assert str(entry.code) not in without.text and str(entry.code) in with_code.text


def test_the_credit_of_a_code_that_was_given_back_or_of_a_payment_undone_is_not_made_a_code_by_itself(
    kim, clock, admin_user, second
):
    entry = record(kim, 4 * NANO, "slip", admin_user).entry
    clock.at += HOUR
    record(kim, NANO // 100, "a cent", admin_user)
    clock.at += HOUR
    decide(give_code_back(entry, admin_user, "moves to the other flat"), second, True)
    charge_days_of_all()
    assert credit(kim) == 4 * NANO + NANO // 100
    clock.at += HOUR
    TariffVersion.objects.update(effective_at=clock.now() + DAY)
    wrong = record(kim, NANO, "typed twice", admin_user)
    reverse_top_up(wrong, admin_user, "typed twice")
    TariffVersion.objects.update(effective_at=clock.now() - DAY)
    charge_days_of_all()
    assert kim.keypad_entries.filter(kind=KeypadEntry.Kind.SOLD).count() == 1


def test_of_the_readings_of_the_day_the_one_at_the_move_out_settles_and_none_before_a_code(home, kim, keypad, clock):
    top_up(kim, 10 * NANO, "first")
    clock.at += DAY
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=50_000)
    clock.at += HOUR
    top_up(kim, 4 * NANO, "second")
    clock.at += HOUR
    move_out(kim, clock.now())
    clock.at += HOUR
    assert settle_what_is_due() == [], "what is left of the second code, no reading says"
    take_reading(keypad, clock.now(), 1_005_000, "kim", left=65_000)
    assert settle_what_is_due() == [kim]
    assert Refund.objects.get(tenancy=kim).amount == 13 * NANO


def test_of_two_readings_before_the_move_out_the_later_one_settles(home, kim, keypad, clock):
    top_up(kim, 10 * NANO, "first")
    clock.at += DAY
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=50_000)
    clock.at += 2 * HOUR
    take_reading(keypad, clock.now(), 1_010_000, "kim", left=40_000)
    clock.at += HOUR
    move_out(kim, clock.now())
    assert settle_what_is_due() == [kim]
    assert Refund.objects.get(tenancy=kim).amount == 8 * NANO


def test_credit_that_is_carried_to_a_flat_with_a_keypad_meter_is_a_code_at_once(home, kim, keypad, clock):
    top_up(kim, 10 * NANO, "first")
    clock.at += HOUR
    other = keypad_flat(home, "Cellar", "00000000026", "Kim again", clock.now())
    move_out(kim, clock.now())
    clock.at += HOUR
    take_reading(keypad, clock.now(), 1_000_000, "kim", left=30_000)
    settle(kim, other)
    (entry,) = other.keypad_entries.all()
    assert (entry.energy, credit(other), credit(kim)) == (30_000, 0, 0)
    assert not Refund.objects.exists()


def test_a_code_beside_the_accounts_is_for_just_what_it_carries(kim, keypad):
    place(keypad, None)
    with pytest.raises(VendError, match=r"is 1,640\.400 kWh"):
        vend_units(keypad, 16_405)
    code = vend_units(keypad, 16_404)
    assert carried(code.amount) == code.amount
