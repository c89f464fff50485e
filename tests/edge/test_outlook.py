"""For how many days the credit lasts, by the gateway's own journal."""

from datetime import UTC, datetime

import pytest

from prewatt.edge.outlook import Outlook
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Reading, TenancyChanged, encode_entry
from prewatt.kernel.settings import Settings
from prewatt.kernel.units import DAY, HOUR, NANO, instant

MIDNIGHT = instant(datetime(2026, 3, 4, 23, tzinfo=UTC))
"""In Berlin."""


class Journal:
    """The entries of a meter, the latest first."""

    def __init__(self, *entries):
        self.bodies, self.reads = [encode_entry(each) for each in reversed(entries)], 0

    def last(self, _meter, count):
        self.reads += 1
        return self.bodies[:count]


def readings(days, cost=2 * NANO, before=0):
    """Each day costs so much, read every six hours up to `before` µs before midnight."""
    count = 4 * days
    return [
        Reading(number + 1, MIDNIGHT - before - (count - number - 1) * 6 * HOUR, 0, number, (), cost // 4)
        for number in range(count)
    ]


def account(balance=8 * NANO, **settings):
    made = Account()
    made.settings = Settings(zone="Europe/Berlin", **settings)
    made.balance, made.read_at, made.closed = balance, MIDNIGHT, True
    return made


def test_what_the_last_weeks_have_cost_tells_how_long_the_balance_lasts():
    assert Outlook(Journal(*readings(20))).days_left("m1", account(8 * NANO), MIDNIGHT) == 4
    # The last reading was a day ago: that day is used by now.
    assert Outlook(Journal(*readings(20))).days_left("m1", account(8 * NANO), MIDNIGHT + DAY) == 3
    assert Outlook(Journal(*readings(20))).days_left("m1", account(NANO // 2), MIDNIGHT) == 0


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        (readings(2), account()),
        ([], account()),
        (readings(20, cost=0), account()),
        (readings(20), account(balance=0)),
        (readings(20), account(credit_limit_cuts=False)),
    ],
)
def test_nothing_is_said_where_too_little_is_known_or_credit_does_not_end(entries, state):
    assert Outlook(Journal(*entries)).days_left("m1", state, MIDNIGHT) is None


def test_nothing_is_said_of_a_flat_that_is_dark():
    dark = account()
    dark.closed = False
    assert Outlook(Journal(*readings(20))).days_left("m1", dark, MIDNIGHT) is None


def test_what_the_tenant_before_used_counts_for_nobody():
    many = [*readings(20, cost=100 * NANO, before=8 * DAY), *readings(8)]
    assert Outlook(Journal(*many)).days_left("m1", account(), MIDNIGHT) < 2
    moved = TenancyChanged(1, MIDNIGHT - 8 * DAY, 0, 1, MIDNIGHT - 8 * DAY)
    parted = [*many[:80], moved, *many[80:]]
    assert Outlook(Journal(*parted)).days_left("m1", account(), MIDNIGHT) == 4
    # One that was announced, and cancelled before it came, parts nothing.
    cancelled = TenancyChanged(2, MIDNIGHT - 7 * DAY, 0, 2, MIDNIGHT + 30 * DAY, instead=MIDNIGHT - 8 * DAY)
    assert Outlook(Journal(*parted, cancelled)).days_left("m1", account(), MIDNIGHT) < 2


def test_the_journal_is_read_once_a_day_for_a_meter():
    journal = Journal(*readings(20))
    outlook, state = Outlook(journal), account()
    for balance in (8, 20):
        state.balance = balance * NANO
        assert outlook.days_left("m1", state, MIDNIGHT) == balance * NANO // (2 * NANO)
    assert journal.reads == 1
    state.read_at += DAY
    outlook.days_left("m1", state, MIDNIGHT + DAY)
    assert journal.reads == 2
