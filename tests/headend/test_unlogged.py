"""Which command of the credit log an entry is about: told by its name, whatever the numbers and the clocks."""

import pytest
from msgspec.structs import replace

from prewatt.headend.unlogged import command_of
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Control, Debit, GrantCredit, Refused, SetTariff
from prewatt.kernel.naming import named, shows
from prewatt.kernel.orders import Close, Hold
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import HOUR, NANO

CLOSE = Control(Close(), "kim", "paid")


def taken_up(command, at=9 * HOUR):
    """The entry of a meter whose clock stands so."""
    account = Account()
    account.command = command.number - 1
    return account.follow(at, command)


@pytest.mark.parametrize("at", [0, 9 * HOUR, 100 * HOUR])
@pytest.mark.parametrize("order", [CLOSE, Control(Hold(), "kim"), SetTariff(0, flat_tariff("t", 1, "EUR", "UTC"))])
def test_an_equal_order_of_another_instant_is_another_one_whatever_the_meter_s_clock_says(order, at):
    """A server that was put back has forgotten the first one: the second is still to be done, or a flat stays dark."""
    forgotten, given = named("m1", 3, 9 * HOUR, order), named("m1", 3, 9 * HOUR + 1, order)
    entry = taken_up(forgotten, at)
    assert command_of(entry, {3: given}) is None
    assert command_of(entry, {7: replace(given, number=7)}) is None


@pytest.mark.parametrize("at", [0, 9 * HOUR, 100 * HOUR])
def test_a_command_is_known_under_whichever_number_it_was_taken_up(at):
    given = named("m1", 3, 9 * HOUR, CLOSE)
    entry = taken_up(given, at)
    assert command_of(entry, {3: given}) == given
    moved = replace(given, number=7)
    other = named("m1", 3, 9 * HOUR + 1, CLOSE)
    assert command_of(entry, {3: other, 7: moved}) == moved


def test_a_refusal_is_known_as_its_command_s():
    given = named("m1", 3, 9 * HOUR, Control(Hold(), "kim"))
    refused = Refused(1, 0, 0, 3, "why", of=given.name)
    assert command_of(refused, {3: named("m1", 3, 10 * HOUR, Control(Hold(), "kim")), 4: replace(given, number=4)})


def test_money_has_the_same_name_whenever_it_is_ordered():
    order = GrantCredit("c1", NANO)
    assert named("m1", 3, 1, order).name == named("m1", 4, 2, order).name
    assert named("m1", 3, 1, order).name != named("m1", 3, 1, GrantCredit("c2", NANO)).name


def test_an_entry_of_before_there_were_names_is_its_number_s_unless_it_tells_of_other_money():
    given = named("m1", 3, 1, GrantCredit("c1", NANO))
    nameless = replace(taken_up(given), of=b"")
    assert shows(nameless, replace(given, name=b""))
    assert not shows(nameless, named("m1", 3, 1, GrantCredit("c2", NANO)))
    assert not shows(nameless, named("m1", 3, 1, Debit("d1", NANO, "")))
    assert shows(Refused(1, 0, 0, 3, "why"), replace(given, name=b""))
