"""Paid after use: the balance may go under zero to a limit, at which the supply ends, or not, as the rule says."""

import pytest

from prewatt.kernel.entries import ChangeSettings
from prewatt.kernel.orders import Restore, TakeEmergency
from prewatt.kernel.settings import Settings, is_paid_after
from prewatt.kernel.supply import FriendlyHours, Window
from prewatt.kernel.units import DAY, HOUR
from tests.kernel.test_supply import EUR, ZONE, Home

WHOLE_DAY = FriendlyHours((Window(tuple(range(8)), 0, 1440),))


class Flat(Home):
    """A meter with a fuse through which anything may flow."""

    def __init__(self, credit=0, **rules):
        super().__init__(credit, power_highest=1_000_000, **rules)

    def rule(self, **rules):
        self.order(ChangeSettings(Settings(power_highest=1_000_000, zone=ZONE, **rules)))
        self.decide()


def use(home, cost):
    """Something is used that costs so many nano, at 0.20 a kWh."""
    home.now += HOUR
    home.register += cost // 200_000
    home.apply(home.account.read(home.now, home.register))
    home.decide()


def test_the_supply_goes_on_under_zero_and_ends_at_the_limit():
    home = Flat(credit_limit=30 * EUR)
    assert home.account.closed and is_paid_after(home.account.settings)
    use(home, 29 * EUR)
    assert home.account.closed and home.account.balance == -29 * EUR
    assert home.account.left(home.now, home.account.balance) == EUR
    use(home, EUR)
    assert home.account.closed is False
    # What is paid comes back as light at once, at the limit as at zero.
    home.pay(EUR // 100)
    assert home.account.closed


def test_where_the_limit_cuts_off_nobody_the_supply_goes_on():
    home = Flat(credit_limit=30 * EUR, credit_limit_cuts=False, low_credit=5 * EUR)
    use(home, 26 * EUR)
    assert home.account.is_low() and [each.amount for each in home.account.to_warn(home.now, home.account.balance)]
    use(home, 74 * EUR)
    assert home.account.closed and home.account.balance == -100 * EUR
    assert home.account.left(home.now, home.account.balance) > 10**6 * EUR


def test_without_a_limit_that_cuts_off_nothing_is_low():
    home = Flat(credit_limit_cuts=False, low_credit=5 * EUR, low_credit_energy=10_000)
    use(home, 100 * EUR)
    account = home.account
    assert account.closed and not account.is_low() and is_paid_after(account.settings)
    assert account.to_warn(home.now, account.balance) == [] and account.next_step(home.now, account.balance) is None


@pytest.mark.parametrize("limit", [0, 30 * EUR])
def test_the_warning_comes_before_the_limit_as_it_does_before_zero(limit):
    home = Flat(credit=30 * EUR - limit, credit_limit=limit, low_credit=5 * EUR, low_credit_energy=50_000)
    account = home.account
    use(home, 19 * EUR)
    assert account.to_warn(home.now, account.balance) == [] and not account.is_low()
    # The next step: 50 kWh at 0.20 are 10.00, and 11.00 are left.
    assert account.next_step(home.now, account.balance).energy == 5_001
    use(home, 7 * EUR)
    assert account.is_low() and len(account.to_warn(home.now, account.balance)) == 2
    home.apply(account.event(home.now, "low-credit"))
    assert account.to_warn(home.now, account.balance) == []
    home.pay(20 * EUR)
    assert account.warned == ()


def test_clearance_and_friendly_hours_hold_at_the_limit_as_at_zero():
    home = Flat(credit_limit=30 * EUR, clearance=2 * EUR)
    use(home, 30 * EUR)
    home.pay(EUR)
    assert home.account.closed is False
    home.pay(EUR)
    assert home.account.closed
    home = Flat(credit_limit=30 * EUR, friendly=FriendlyHours(WHOLE_DAY.windows, (), 3 * EUR))
    use(home, 32 * EUR)
    assert home.account.closed and home.account.left(home.now, home.account.balance) == EUR
    use(home, EUR)
    assert home.account.closed is False


def test_a_restoration_counts_from_where_the_balance_stands():
    home = Flat(credit_limit=30 * EUR)
    use(home, 30 * EUR)
    home.do(Restore(amount=5 * EUR))
    assert home.account.closed and home.account.left(home.now, home.account.balance) == 5 * EUR


def test_there_is_no_emergency_credit_where_none_is_set():
    home = Flat(credit_limit=30 * EUR)
    use(home, 30 * EUR)
    assert home.account.objection(home.now, TakeEmergency())


def test_from_one_to_the_other_and_back():
    """To pay after use brings light at once; back, with what is owed lent, nothing is dark."""
    home = Flat(credit=EUR)
    use(home, EUR)
    assert home.account.closed is False
    home.rule(credit_limit=30 * EUR)
    assert home.account.closed
    use(home, 12 * EUR)
    home.pay(12 * EUR)
    home.do(Restore(until=home.now + 3 * DAY))
    home.rule()
    assert home.account.balance == 0 and home.account.closed
    home.now += 3 * DAY
    home.decide()
    assert home.account.closed is False


def test_settings_of_before_are_paid_before_use():
    assert not is_paid_after(Settings()) and Settings().credit_limit_cuts
