"""A reading after a long time is several entries, so that each of them can be read again."""

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    FLAG_BETWEEN,
    FLAG_CONFIRMED,
    FLAG_HELD,
    FLAG_UNSEEN,
    MAX_ENTRY,
    ChangeSettings,
    Command,
    Doubtful,
    Reading,
    SetTariff,
    Settings,
    decode_entry,
    encode_entry,
)
from prewatt.kernel.events import EventKind
from prewatt.kernel.plausible import OFF_WAIT, most
from prewatt.kernel.tariff import DATED_MAX, Dated, Period, Rate, Tiers, flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, SECOND

FUSE = 15_000
BEGIN = 1_700_000_000 * SECOND // DAY * DAY


def priced(step, name, tiers, series):
    """Tariffs whose price is another one in each `step`, and has as many tiers."""
    flat = flat_tariff("flat", "EUR", "Europe/Berlin", 0)
    bounds = Tiers(Period.DAY, tuple(100 * number for number in range(1, tiers))) if tiers > 1 else None
    rates = (Rate(flat.rates[0].name, tuple(range(200_000, 200_000 + tiers))),)
    for number in range(series):
        begin = BEGIN + number * step * DATED_MAX
        prices = tuple(100_000 + 7 * (number * DATED_MAX + each) for each in range(DATED_MAX))
        dated = Dated(name, begin, step, prices)
        yield begin, msgspec.structs.replace(flat, rates=rates, tiers=bounds, dated=dated, standing=NANO)


class Both:
    """The gateway's account and the server's."""

    def __init__(self, tariffs, register):
        self.edge, self.server, self.log, self.made = Account(), Account(), [], []
        self.append(self.edge.read(BEGIN, register))
        for order in (
            ChangeSettings(Settings(power_highest=FUSE)),
            *(SetTariff(begin, tariff) for begin, tariff in tariffs),
        ):
            self.log.append(Command("m", len(self.log) + 1, BEGIN, order))
            self.append(self.edge.follow(BEGIN, self.log[-1]))

    def append(self, entry):
        body = encode_entry(entry)
        assert len(body) <= MAX_ENTRY
        told = decode_entry(body)
        assert told == entry
        number = getattr(told, "command", 0)
        own = self.server.recompute(told, self.log[number - 1] if number else None)
        assert own == told
        self.server.apply(own)
        self.edge.apply(entry)
        self.made.append(entry)
        assert self.edge.dump() == self.server.dump()

    def take(self, reading):
        """A reading with all its parts."""
        before = len(self.made)
        for part in self.edge.parts(reading):
            self.append(part)
        parts = self.made[before:]
        assert all(each.flags & FLAG_BETWEEN for each in parts[:-1]) and not parts[-1].flags & FLAG_BETWEEN
        assert sum(each.energy for each in parts) == reading.energy
        assert sum(each.standing for each in parts) == reading.standing
        assert self.edge.read_at == reading.at and self.edge.register == reading.register
        return parts


@settings(deadline=None, max_examples=12)
@given(
    step=st.sampled_from([MINUTE, 5 * MINUTE, 30 * MINUTE]),
    name=st.sampled_from(["d", "d" * 64, "\N{HIGH VOLTAGE SIGN}" * 64, "\N{ELECTRIC LIGHT BULB}" * 64]),
    tiers=st.sampled_from([1, 3]),
    series=st.integers(1, 3),
    span=st.integers(1, 40 * 24).map(lambda hours: hours * HOUR + 1),
    share=st.sampled_from([0.0, 0.001, 0.1, 1.0]),
    rolls=st.booleans(),
    event=st.booleans(),
)
@example(MINUTE, "\N{ELECTRIC LIGHT BULB}" * 64, 8, 1, 3 * DAY, 1.0, True, True)
@example(30 * MINUTE, "d" * 64, 1, 1, 31 * DAY, 0.001, False, True)
def test_whatever_the_prices_and_the_time_each_entry_can_be_read(step, name, tiers, series, span, share, rolls, event):
    end = 10**9 if rolls else 0
    both = Both(priced(step, name, tiers, series), 10**9 - 500 if rolls else 5_000_000)
    now, energy = BEGIN + span, int(most(FUSE, span) * share)
    if event:
        both.append(both.edge.event(now, EventKind.METER_BACK))
    register = both.edge.register + energy
    register -= end if rolls and register >= end else 0
    seen = both.edge.read(now, register, end)
    if isinstance(seen, Doubtful):
        both.append(seen)
        seen = both.edge.read(now, register, end, confirmed=True)
        assert seen.flags == FLAG_CONFIRMED
    assert seen.energy == energy
    both.take(seen)


def test_a_month_without_power_at_prices_of_half_hours_is_read_after_the_gateway_has_told_that_it_is_back():
    both = Both(priced(30 * MINUTE, "d" * 64, 1, 1), 0)
    now = BEGIN + 31 * DAY
    both.append(both.edge.event(now, "power-up"))
    reading = both.edge.read(now, 15_000)
    assert len(encode_entry(reading)) > MAX_ENTRY
    parts = both.take(reading)
    assert all(each.at < now for each in parts[:-1]) and len(parts) == 4
    assert both.edge.at == now


def test_what_was_used_in_a_time_that_was_not_seen_is_charged_with_the_last_part():
    both = Both(priced(5 * MINUTE, "d" * 64, 1, 3), 0)
    now = BEGIN + 20 * DAY
    both.append(both.edge.event(now, EventKind.CLOCK_UNSURE))
    register = most(FUSE, 25 * DAY)
    for at in (now, now + OFF_WAIT):
        seen = both.edge.read(at, register, unseen=True)
        if isinstance(seen, Doubtful):
            both.append(seen)
    assert seen.flags & FLAG_UNSEEN
    parts = both.take(seen)
    assert len(parts) > 2 and parts[-1].energy == register
    both.append(both.edge.event(now + OFF_WAIT, EventKind.CLOCK_SET))


def test_a_register_that_stands_lower_after_a_month_has_the_days_charged_in_parts():
    both = Both(priced(MINUTE, "d" * 64, 1, 1), 5_000_000)
    now = BEGIN + 40 * DAY
    both.append(both.edge.read(now, 4_999_000))
    both.append(both.edge.event(now, EventKind.METER_BACK))
    parts = both.take(both.edge.hold(now))
    assert len(parts) > 3 and all(each.flags & FLAG_HELD for each in parts)
    assert sum(each.standing for each in parts) == 40 * NANO


@pytest.mark.parametrize("at", [BEGIN - HOUR, BEGIN + 40 * DAY + 1])
def test_a_part_lies_between_the_reading_before_and_the_present(at):
    both = Both(priced(MINUTE, "d", 1, 1), 5_000_000)
    both.append(both.edge.event(BEGIN + 40 * DAY, EventKind.METER_BACK))
    reading = Reading(both.edge.seq + 1, at, 0, 5_000_000, (), 0, FLAG_BETWEEN)
    assert both.server.may_follow(reading) == (at > BEGIN)
