"""A counter that comes over its end while something else is wrong: what flowed is charged once, as the server works it out."""

from prewatt.kernel.entries import Doubtful, Rebased
from prewatt.kernel.units import HOUR, MINUTE
from tests.edge.home import Home

END = 100_000_000
QUARTER = 15 * MINUTE


class NearItsEnd(Home):
    """Its counter begins anew at 100,000 kWh, `near` Wh from here."""

    end = END

    def __init__(self, near=300):
        super().__init__(END - near)


def causes(home, kind):
    return [entry.cause for entry in home.entries if isinstance(entry, kind)]


def test_an_error_that_passes_after_the_counter_came_over_its_end_is_charged_once():
    home = NearItsEnd()
    home.live(QUARTER, 400)
    home.live(20 * MINUTE, 1_200, says=lambda register: 743_000_000)
    home.live(HOUR, 600)
    home.passed += QUARTER
    home.read()
    assert home.register > END
    assert causes(home, Rebased) == ["jumped", "returned"]
    assert home.energy() == home.register - (END - 300)


def test_an_error_with_energy_of_its_own_that_passes_over_the_end_is_charged_once():
    home = NearItsEnd()
    home.live(QUARTER, 1_000)
    stood = home.register
    home.live(20 * MINUTE, 1_200, says=lambda register: register % END + 743_000_000 - stood)
    home.live(HOUR, 600)
    home.passed += QUARTER
    home.read()
    assert causes(home, Rebased) == ["jumped", "returned"]
    assert home.energy() == home.register - (END - 300)


def test_a_counter_that_ran_back_over_nought_and_comes_over_its_end_after_a_long_silence_is_charged_once():
    home = NearItsEnd()
    home.register = END
    home.read()
    home.live(HOUR, 1_000)
    # It runs back to under nought, and stays there until that is a new base.
    home.live(HOUR, 0, says=lambda register: END - 5_000)
    assert causes(home, Rebased) == ["jumped"]
    charged = home.energy()
    home.passed += 20 * HOUR
    home.register = END + 30_000
    home.read()
    assert causes(home, Doubtful)[-1] == "unconfirmed"
    home.live(2 * MINUTE, 0)
    assert home.energy() - charged == 35_000


def test_nought_shown_after_a_loss_of_power_is_no_counter_that_came_over_its_end():
    home = NearItsEnd(60_000)
    home.live(HOUR, 100)
    home.passed += QUARTER
    home.wrong = -home.passed
    home.start()
    home.live(20 * MINUTE, 0, says=lambda register: 0)
    assert home.energy() <= 100 and home.closed
