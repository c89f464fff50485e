"""When a meter supplies: stories of emergency credit, friendly hours, clearance, orders and locks."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    ChangeSettings,
    Command,
    Control,
    Controlled,
    CreditApplied,
    GrantCredit,
    Recognised,
    Refused,
    SetTariff,
    Settings,
)
from prewatt.kernel.orders import Close, Hold, LimitPower, Open, Release, Restore, TakeEmergency
from prewatt.kernel.replay import CODES_KEPT
from prewatt.kernel.supply import FriendlyHours, PowerLimit, Window, is_friendly, next_friendly_change
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, SECOND, instant

ZONE = "Europe/Berlin"
EUR = NANO
BEGIN = instant(datetime(2026, 3, 4, 12, tzinfo=ZoneInfo(ZONE)))
"""A Wednesday noon."""


class Home:
    """A meter at 0.20 a kWh, and a hand at each side."""

    def __init__(self, credit=0, **settings):
        self.account, self.now, self.number, self.register = Account(), BEGIN, 0, 0
        self.apply(self.account.read(self.now, 0))
        self.order(SetTariff(0, flat_tariff("flat", "EUR", ZONE, 200_000)))
        self.order(ChangeSettings(Settings(zone=ZONE, **settings)))
        if credit:
            self.pay(credit)
        self.decide()

    def apply(self, entry):
        self.account.apply(entry)
        return entry

    def order(self, order):
        self.number += 1
        return self.apply(self.account.follow(self.now, Command("m", self.number, self.now, order)))

    def pay(self, amount):
        entry = self.order(GrantCredit(f"c{self.number}", amount))
        self.decide()
        return entry

    def use(self, kwh, hours=1):
        self.now += hours * HOUR
        self.register += int(kwh * 1000)
        self.apply(self.account.read(self.now, self.register))
        self.decide()

    def do(self, action, **more):
        entry = self.apply(self.account.on_site(self.now, action, "page", **more))
        self.decide()
        return entry

    def decide(self):
        wanted = self.account.wants_closed(self.now)
        if wanted is not None and wanted != self.account.closed:
            self.apply(self.account.relay(self.now, wanted, "credit" if wanted else self.account.why_open(self.now)))

    @property
    def lit(self):
        return self.account.closed


def test_emergency_credit_is_taken_once_and_used_to_its_end():
    home = Home(1 * EUR, emergency_credit=2 * EUR)
    with pytest.raises(ValueError, match="neither low nor used up"):
        home.do(TakeEmergency())
    home.use(5)
    assert home.lit is False
    home.do(TakeEmergency())
    assert home.lit is True
    home.use(9.9)
    assert home.lit is True and home.account.balance == -1_980_000_000
    with pytest.raises(ValueError, match="taken already"):
        home.do(TakeEmergency())
    home.use(0.1)
    assert home.lit is False and home.account.balance == -2 * EUR


def test_emergency_credit_is_repaid_before_anything_else():
    home = Home(1 * EUR, emergency_credit=2 * EUR)
    home.use(5)
    home.do(TakeEmergency())
    home.use(10)
    home.pay(2 * EUR - 1)
    assert home.lit is False, "not yet repaid"
    home.pay(1 * EUR + 1)
    assert home.lit is True and home.account.balance == EUR
    home.use(5)
    home.do(TakeEmergency())
    assert home.lit is True, "to be taken again after it was repaid"


def test_who_pays_while_the_emergency_credit_lasts_does_not_go_dark_by_it():
    home = Home(1 * EUR, emergency_credit=5 * EUR)
    home.use(5)
    home.do(TakeEmergency())
    home.use(10)
    home.pay(1 * EUR)
    assert home.lit is True and home.account.balance + home.account.allowance(home.now) == 3 * EUR


def test_half_of_a_top_up_repays_where_the_settings_say_so():
    home = Home(1 * EUR, emergency_credit=2 * EUR, emergency_repayment=50)
    home.use(5)
    home.do(TakeEmergency())
    home.use(10)
    home.pay(1 * EUR)
    assert home.lit is True and home.account.balance + home.account.allowance(home.now) == EUR // 2


def test_without_emergency_credit_in_the_settings_there_is_none():
    with pytest.raises(ValueError, match="no emergency credit"):
        Home().do(TakeEmergency())


NIGHTS = FriendlyHours((Window(tuple(range(8)), 20 * 60, 7 * 60),))


def test_friendly_hours_carry_a_debt_that_the_next_top_up_repays():
    home = Home(1 * EUR, friendly=NIGHTS)
    home.use(4, hours=9)
    home.use(4, hours=1)
    assert home.lit is True and home.account.balance == -600_000_000, "22:00: nobody is cut off"
    home.now += 9 * HOUR
    assert home.account.wants_closed(home.now) is False, "07:00"
    home.decide()
    home.pay(500_000_000)
    assert home.lit is False
    home.pay(200_000_000)
    assert home.lit is True and home.account.balance == 100_000_000


def test_friendly_hours_switch_nobody_on_who_was_cut_off_before():
    home = Home(1 * EUR, friendly=NIGHTS)
    home.use(5)
    assert home.lit is False
    home.now += 9 * HOUR
    home.decide()
    assert home.lit is False


def test_a_debt_over_the_bound_cuts_off_in_friendly_hours_too():
    home = Home(1 * EUR, friendly=FriendlyHours(NIGHTS.windows, most=EUR))
    home.use(5.1, hours=10)
    assert home.lit is True
    home.use(5)
    assert home.lit is False


def test_a_holiday_is_friendly_as_a_whole():
    hours = FriendlyHours(days=("2026-03-05",))
    noon = BEGIN + DAY
    assert not is_friendly(hours, ZONE, BEGIN)
    assert is_friendly(hours, ZONE, noon) and is_friendly(hours, ZONE, noon - 12 * HOUR)
    assert not is_friendly(hours, ZONE, noon + 12 * HOUR)


@given(
    st.lists(
        st.builds(
            Window,
            st.sets(st.integers(0, 7), min_size=1).map(lambda each: tuple(sorted(each))),
            st.integers(0, 1439),
            st.integers(0, 1440),
        ),
        max_size=3,
    ),
    st.sampled_from([ZONE, "Australia/Lord_Howe", "America/Sao_Paulo"]),
    st.integers(instant(datetime(2025, 1, 1, tzinfo=UTC)), instant(datetime(2027, 1, 1, tzinfo=UTC))),
)
def test_friendliness_changes_only_where_it_says(windows, where, now):
    hours = FriendlyHours(tuple(windows), ("2026-03-29", "2026-12-25"))
    until = next_friendly_change(hours, where, now)
    assert now < until <= now + 26 * HOUR
    step = (until - now) // 7 or 1
    assert {is_friendly(hours, where, at) for at in range(now, until, step)} == {is_friendly(hours, where, now)}


def test_opened_by_order_it_stays_open_whatever_is_paid_until_it_is_closed():
    home = Home(5 * EUR)
    home.order(Control(Open(), "manager", "unpaid rent"))
    home.decide()
    assert home.lit is False
    home.pay(5 * EUR)
    assert home.lit is False
    home.order(Control(Close(), "manager"))
    home.decide()
    assert home.lit is True


def test_close_without_credit_is_refused_and_says_what_helps():
    home = Home(1 * EUR)
    home.use(5)
    refused = home.order(Control(Close(), "manager"))
    assert isinstance(refused, Refused) and "restore" in refused.reason
    home.order(Control(Restore(amount=EUR), "manager", "over the weekend"))
    home.decide()
    assert home.lit is True
    home.use(5)
    assert home.lit is False


def test_closing_what_was_opened_gives_no_power_unpaid_but_does_not_keep_it_dark_either():
    home = Home(1 * EUR)
    home.order(Control(Open(), "manager"))
    home.decide()
    home.use(5)
    assert isinstance(home.order(Control(Close(), "manager")), Controlled)
    home.decide()
    assert home.lit is False
    home.pay(1 * EUR)
    assert home.lit is True


def test_a_restoration_for_a_time_ends_by_itself():
    home = Home(1 * EUR)
    home.use(5)
    with pytest.raises(ValueError, match="bounded"):
        home.do(Restore())
    with pytest.raises(ValueError, match="past"):
        home.do(Restore(until=home.now))
    home.do(Restore(until=home.now + 2 * HOUR), grant="g1")
    home.use(3)
    assert home.lit is True
    assert home.account.next_supply_change(home.now) == home.now + HOUR
    home.use(3)
    assert home.lit is False


@pytest.mark.parametrize(
    ("event", "lock"), [("overload-locked", "overload"), ("forbidden-load", "forbidden load"), ("tamper", "tamper")]
)
def test_close_does_not_override_a_lock_without_saying_so(event, lock):
    home = Home(5 * EUR, tamper_locks=True)
    home.apply(home.account.event(home.now, event))
    home.decide()
    assert home.lit is False
    refused = home.order(Control(Close(), "manager"))
    assert isinstance(refused, Refused) and lock in refused.reason and "override" in refused.reason
    home.decide()
    assert home.lit is False
    home.order(Control(Close(override=True), "manager", "fitter was there"))
    home.decide()
    assert home.lit is True


def test_a_hold_outlasts_everything_but_its_release():
    home = Home(5 * EUR)
    home.do(Hold())
    home.pay(5 * EUR)
    assert home.lit is False
    assert isinstance(home.order(Control(Close(), "manager")), Refused)
    home.do(Release())
    assert home.lit is True
    with pytest.raises(ValueError, match="not held"):
        home.do(Release())


def test_tampering_only_notes_where_the_settings_do_not_lock():
    home = Home(5 * EUR)
    home.apply(home.account.event(home.now, "tamper"))
    home.decide()
    assert home.lit is True


def test_power_limits_by_the_hour_and_by_order():
    limits = tuple(3000 if hour in (18, 19) else 0 for hour in range(24))
    home = Home(5 * EUR, power=PowerLimit(limits))
    account = home.account
    assert account.power_limit(BEGIN) == 0 and account.power_limit(BEGIN + 6 * HOUR) == 3000
    assert account.next_supply_change(BEGIN) == BEGIN + HOUR
    home.do(LimitPower(1000, BEGIN + 2 * HOUR))
    assert account.power_limit(BEGIN) == 1000 and account.power_limit(BEGIN + 2 * HOUR) == 0


def test_after_a_trip_it_closes_again_by_itself():
    home = Home(5 * EUR, power=PowerLimit((2000,), reclose_after=60))
    home.apply(home.account.event(home.now, "overload"))
    home.decide()
    assert home.lit is False
    assert home.account.next_supply_change(home.now) == home.now + MINUTE
    home.now += 59 * SECOND
    home.decide()
    assert home.lit is False
    home.now += SECOND
    home.decide()
    assert home.lit is True


# -- one credit, two carriers ------------------------------------------------------------------------------------------


def test_a_code_and_then_its_command():
    home = Home()
    grant = GrantCredit("payment", 20 * EUR, tid=7, coded=20 * EUR)
    home.apply(home.account.by_code(home.now, 7, grant.coded, "page"))
    assert home.account.balance == 20 * EUR
    with pytest.raises(ValueError, match="used already"):
        home.account.by_code(home.now, 7, grant.coded, "keypad")
    assert isinstance(home.order(grant), Recognised)
    assert home.account.balance == 20 * EUR and home.account.coded == {}
    with pytest.raises(ValueError, match="used already"):
        home.account.by_code(home.now, 7, grant.coded, "keypad")


def test_a_command_and_then_its_code():
    home = Home()
    grant = GrantCredit("payment", 20 * EUR, tid=7, coded=20 * EUR)
    assert isinstance(home.order(grant), CreditApplied)
    with pytest.raises(ValueError, match="used already"):
        home.account.by_code(home.now, 7, grant.coded, "page")
    assert home.account.balance == 20 * EUR


def test_what_a_code_could_not_carry_comes_with_the_command():
    home = Home()
    home.apply(home.account.by_code(home.now, 7, 123_400_000_000, "page"))
    rest = home.order(GrantCredit("payment", 123_450_000_000, tid=7, coded=123_400_000_000))
    assert isinstance(rest, CreditApplied) and rest.amount == 50_000_000
    assert home.account.balance == 123_450_000_000


def test_old_codes_are_refused_when_the_memory_is_full_and_no_typed_one_is_ever_doubled():
    home = Home()
    grants = [GrantCredit(f"p{tid}", EUR, tid=tid, coded=EUR) for tid in range(3 * CODES_KEPT)]
    for grant in grants[: 2 * CODES_KEPT]:
        home.apply(home.account.by_code(home.now, grant.tid, EUR, "page"))
    for grant in grants:
        home.order(grant)
    assert home.account.balance == len(grants) * EUR
    assert len(home.account.tids) == CODES_KEPT
    with pytest.raises(ValueError, match="used already"):
        home.account.by_code(home.now, 3, EUR, "page")


def test_emergency_credit_is_counted_from_the_debt_that_friendly_hours_left():
    home = Home(1 * EUR, friendly=NIGHTS, emergency_credit=2 * EUR)
    home.use(15, hours=10)
    assert home.lit is True and home.account.balance == -2 * EUR
    home.now += 9 * HOUR
    home.decide()
    assert home.lit is False
    home.do(TakeEmergency())
    assert home.lit is True
    home.use(9.9)
    assert home.lit is True
    home.use(0.1)
    assert home.lit is False and home.account.balance == -4 * EUR


def test_a_night_belongs_to_the_day_on_which_it_begins():
    hours = FriendlyHours((Window((2,), 20 * 60, 7 * 60),))
    at = {hour: BEGIN + (hour - 12) * HOUR for hour in (3, 19, 20, 23, 27, 30, 31, 44)}
    friendly = [hour for hour, when in at.items() if is_friendly(hours, ZONE, when)]
    assert friendly == [20, 23, 27, 30], "Wednesday evening and the morning after; not that of Wednesday"


def test_a_restoration_for_an_amount_ends_when_it_is_repaid_one_for_a_time_does_not():
    home = Home(1 * EUR)
    home.use(5)
    home.do(Restore(amount=EUR))
    home.use(2.5)
    home.pay(1 * EUR)
    assert home.lit is True and home.account.allowance(home.now) == 0
    home.use(2.5)
    assert home.lit is False, "not lent a second time"
    home.do(Restore(until=home.now + 5 * HOUR))
    home.pay(1 * EUR)
    home.use(10)
    assert home.lit is True and home.account.balance < 0


def test_a_restoration_for_an_amount_and_a_time_ends_when_it_is_repaid():
    home = Home(1 * EUR)
    home.use(5)
    home.do(Restore(amount=EUR, until=home.now + 5 * HOUR))
    home.pay(1 * EUR)
    assert home.account.allowance(home.now) == 0
