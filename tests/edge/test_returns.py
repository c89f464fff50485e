"""Errors of a register in a row: it comes back to where it stood, whatever was in between, and is charged once."""

from prewatt.kernel.entries import Rebased
from prewatt.kernel.units import DAY, HOUR, MINUTE
from tests.edge.home import Home

QUARTER = 15 * MINUTE


def causes(home):
    return [entry.cause for entry in home.entries if isinstance(entry, Rebased)]


def settle(home):
    home.live(HOUR, 300)
    home.passed += QUARTER
    home.read()


def test_an_error_soon_after_a_meter_was_set_to_nought_passes_and_is_charged_once():
    home = Home(power_highest=4_000)
    home.live(QUARTER, 300)
    charged, home.register = home.energy(), 0
    home.live(50 * MINUTE, 3_900)
    home.live(QUARTER, 50, says=lambda register: 0)
    settle(home)
    assert causes(home) == ["fallen", "fallen", "returned"]
    # What flowed before readings agreed that it had been set to nought is asked about.
    assert home.register - 1_100 <= home.energy() - charged <= home.register


def test_a_jump_soon_after_an_error_passes_and_nothing_is_charged_twice():
    home = Home(power_highest=4_000)
    home.live(QUARTER, 300)
    charged, home.register = home.energy(), 0
    home.live(50 * MINUTE, 3_900)
    home.live(QUARTER, 50, says=lambda register: 0)
    settle(home)
    home.live(14 * HOUR, 3_000, says=lambda register: register + 300_000_000)
    settle(home)
    assert causes(home) == ["fallen", "fallen", "returned", "jumped", "returned"]
    assert home.register - 1_100 <= home.energy() - charged <= home.register


def test_a_register_that_was_at_nought_for_more_than_a_day_is_not_charged_twice_after_the_next_error():
    home = Home(register=8_000)
    home.live(QUARTER, 300)
    home.live(DAY + 2 * HOUR, 0, says=lambda register: 0)
    home.live(HOUR // 2, 300)
    home.live(20 * MINUTE, 300, says=lambda register: register + 300_000_000)
    settle(home)
    assert home.energy() <= home.register - 8_000
