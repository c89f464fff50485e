"""Limits of electricity safety at a meter: what trips, what is only told, what returns by itself and what waits."""

import pytest

from prewatt.edge.meter import Observed
from prewatt.kernel.account import Account
from prewatt.kernel.entries import ChangeSettings, Command, Event, Relay, Settings, decode_entry
from prewatt.kernel.orders import Close
from prewatt.kernel.quantities import Quantity
from prewatt.kernel.safety import Limit
from prewatt.kernel.supply import PowerLimit
from prewatt.kernel.units import HOUR, MINUTE, SECOND
from tests.edge.test_meter import BEGIN, meter

HIGH = Limit("over-voltage", 253_000, delay=10, trip=True)
RIGHT = {"voltage_l1": 230_000}


class Flat:
    """A meter with limits, much credit, and a server that takes in each entry."""

    def __init__(self, *limits, recloses=2):
        self.meter, self.now, self.number, self.switch, self.entries = meter(), BEGIN, 3, True, []
        self.server = Account.load(self.meter.account.dump())
        self.set(*limits, recloses=recloses)

    def set(self, *limits, recloses=2, watts=()):
        self.number += 1
        power = PowerLimit(watts, reclose_after=60, recloses=recloses)
        rules = Settings(zone="Europe/Berlin", limits=limits, power=power)
        command = Command("m", self.number, self.now, ChangeSettings(rules))
        self.take(self.meter.follow(self.now, command), command)
        self.take(self.meter.decide(self.now))

    def take(self, outcome, command=None):
        for record in outcome.records:
            entry = decode_entry(record.body)
            assert self.server.recompute(entry, command) == entry
            self.server.apply(entry)
            self.entries.append(entry)
        self.switch = self.switch if outcome.switch is None else outcome.switch
        assert self.server.dump() == self.meter.account.dump()
        assert self.switch is self.meter.account.closed or self.meter.account.closed is None

    def see(self, after=0, power=500, **quantities):
        """The meter is read after so many seconds; the events that come of it."""
        self.now += after * SECOND
        told = {Quantity(name.replace("_", "-")): value for name, value in quantities.items()}
        before = len(self.entries)
        self.take(self.meter.observe(self.now, Observed(0, self.switch, power, quantities=told)))
        return [each.code for each in self.entries[before:] if isinstance(each, Event)]

    def wait(self, **quantities):
        """The meter is read when it is next due."""
        return self.see(max(self.meter.due - self.now, 0) // SECOND, **quantities)

    def do(self, action):
        self.take(self.meter.act(self.now, action, "staff", "g1"))

    @property
    def relays(self):
        return [(each.closed, each.reason) for each in self.entries if isinstance(each, Relay)]


def test_over_voltage_for_the_delay_trips_and_recloses_by_itself_once_it_is_right_for_a_while():
    flat = Flat(HIGH)
    assert flat.see(voltage_l1=260_000) == [] and flat.meter.due == flat.now + 10 * SECOND
    assert flat.see(9, voltage_l1=260_000) == []
    assert flat.see(1, voltage_l1=260_000) == ["over-voltage-trip"]
    assert flat.switch is False and flat.meter.account.why_open(flat.now) == "over-voltage"
    assert flat.entries[-2].detail == "L1 260 V, the limit is 253 V"
    assert flat.wait(voltage_l1=252_000) == [], "not yet by the distance"
    assert flat.wait(voltage_l1=240_000) == [] and flat.meter.due == flat.now + MINUTE
    assert flat.see(30, voltage_l1=251_000) == [], "and wrong again"
    assert flat.wait(**RIGHT) == []
    assert flat.see(59, **RIGHT) == []
    assert flat.see(1, **RIGHT) == ["within-limits"]
    assert flat.switch is True and flat.meter.account.supply.unsafe == ()


def test_a_short_peak_or_a_single_reading_does_not_trip():
    flat = Flat(HIGH, Limit("arc", 0, trip=True))
    flat.see(voltage_l1=260_000)
    flat.see(5, **RIGHT)
    assert flat.see(5, voltage_l1=260_000) == []
    assert flat.see(1, arc=1) == [] and flat.meter.due == flat.now + SECOND
    assert flat.see(1, arc=0) == []
    assert flat.switch is True


@pytest.mark.parametrize("value", [6_553_500, 0, 327_670, -1, 2**63 - 1])
def test_a_value_that_can_not_be_never_trips_however_long_it_lasts(value):
    flat = Flat(HIGH, Limit("under-voltage", 207_000, delay=0, trip=True))
    for _ in range(20):
        assert flat.see(60, voltage_l1=value) == []
    assert flat.switch is True


def test_a_meter_that_does_not_tell_is_never_tripped_and_one_that_stops_telling_keeps_nobody_dark():
    flat = Flat(HIGH)
    assert flat.see() == [] and flat.see(60) == []
    flat.see(voltage_l1=260_000)
    flat.see(10, voltage_l1=260_000)
    assert flat.switch is False
    flat.see(10)
    assert flat.see(60) == ["within-limits"] and flat.switch is True


def test_silence_between_two_readings_is_no_time_over_the_limit():
    flat = Flat(HIGH)
    flat.see(voltage_l1=260_000)
    flat.now += MINUTE
    flat.take(flat.meter.fail(flat.now, "no answer"))
    assert "over-voltage-trip" not in flat.see(HOUR // SECOND, voltage_l1=260_000)
    assert flat.see(10, voltage_l1=260_000) == ["over-voltage-trip"]
    # Nor is it any within it.
    flat.see(10, **RIGHT)
    flat.now += 50 * SECOND
    flat.take(flat.meter.fail(flat.now, "no answer"))
    assert "within-limits" not in flat.see(20, **RIGHT) and flat.switch is False
    assert flat.see(60, **RIGHT) == ["within-limits"]


def test_a_limit_that_only_tells_tells_once_until_it_is_right_again_and_switches_nothing():
    flat = Flat(Limit("over-temperature", 600, delay=30))
    flat.see(temperature=610)
    assert flat.see(30, temperature=620) == ["over-temperature"]
    assert flat.see(60, temperature=630) == [] and flat.see(60, temperature=590) == []
    assert flat.see(60, temperature=620) == []
    assert flat.see(60, temperature=550) == ["within-limits"]
    assert flat.switch is True and flat.meter.account.supply.locks == ()


def test_what_comes_and_goes_without_end_does_not_fill_the_journal():
    flat = Flat(Limit("over-temperature", 600))
    told = [code for n in range(200) for code in flat.see(10, temperature=610 if n // 2 % 2 else 500)]
    assert len(told) < 30 and "muted" in told


def test_one_limit_warns_and_a_higher_one_trips():
    flat = Flat(Limit("over-voltage", 248_000), HIGH)
    flat.see(voltage_l1=250_000)
    assert flat.see(1, voltage_l1=250_000) == ["over-voltage"]
    flat.see(60, voltage_l1=260_000)
    assert flat.see(10, voltage_l1=260_000) == ["over-voltage-trip"]
    flat.see(60, **RIGHT)
    assert flat.see(60, **RIGHT) == ["within-limits"] and flat.switch is True


@pytest.mark.parametrize(
    ("limit", "wrong"),
    [
        (Limit("residual-current", 30, trip=True), {"residual_current": 31}),
        (Limit("over-temperature", 800, trip=True), {"temperature": 850}),
        (Limit("arc", 0, trip=True), {"arc": 1}),
        (Limit("over-voltage", 253_000, trip=True, waits=True), {"voltage_l1": 260_000}),
    ],
)
def test_what_is_dangerous_waits_for_a_person_and_so_does_what_the_setting_says(limit, wrong):
    flat = Flat(limit)
    flat.see(**wrong)
    assert flat.see(1, **wrong) == [limit.event] and flat.switch is False
    assert flat.meter.account.supply.locks == (limit.code,)
    for _ in range(5):
        flat.see(600, **RIGHT)
    assert flat.switch is False
    with pytest.raises(ValueError, match=r"locked: tripped, as .* override"):
        flat.do(Close())
    flat.do(Close(override=True))
    assert flat.switch is True
    flat.see(60, **wrong)
    assert flat.see(1, **wrong) == [limit.event], "it is no better than it was"


def test_what_the_flat_itself_causes_recloses_so_many_times_and_then_waits_for_a_person():
    flat = Flat(Limit("over-current", 20_000, delay=5, trip=True), recloses=2)
    for trip in range(1, 4):
        flat.see(60, current_l1=25_000)
        told = flat.see(5, current_l1=25_000)
        assert told == ["over-current-trip"] + (["limit-locked"] if trip == 3 else [])
        assert flat.switch is False
        # No current flows through an open switch.
        flat.see(5, power=0, current_l1=0)
        flat.see(60, power=0, current_l1=0)
        assert flat.switch is (trip < 3)
    assert flat.meter.account.supply.locks == ("over-current",)
    flat.see(24 * 3600, power=0)
    assert flat.switch is False


def test_what_the_grid_causes_never_waits_for_a_person_but_for_a_longer_quiet():
    flat = Flat(HIGH, recloses=2)
    for trip in range(1, 5):
        flat.see(30, voltage_l1=260_000)
        assert flat.see(10, voltage_l1=260_000) == ["over-voltage-trip"]
        flat.see(10, **RIGHT)
        flat.see(60, **RIGHT)
        assert flat.switch is (trip <= 2)
        if trip > 2:
            flat.see(13 * 60, **RIGHT)
            assert flat.switch is False
            flat.see(60, **RIGHT)
            assert flat.switch is True
    assert flat.meter.account.supply.locks == ()


def test_a_restart_in_between_forgets_no_trip_and_keeps_nobody_dark():
    flat = Flat(HIGH)
    flat.see(voltage_l1=260_000)
    flat.see(10, voltage_l1=260_000)
    restarted = type(flat.meter)("m", Account.load(flat.meter.account.dump()), flat.meter.head, flat.meter.policy)
    flat.meter = restarted
    flat.take(restarted.start(flat.now, repaired=False))
    assert flat.see(30, voltage_l1=260_000) == [] and flat.switch is False
    flat.see(60, **RIGHT)
    assert flat.see(60, **RIGHT) == ["within-limits"] and flat.switch is True


def test_who_takes_the_limit_away_gives_the_light_back():
    flat = Flat(HIGH)
    flat.see(voltage_l1=260_000)
    flat.see(10, voltage_l1=260_000)
    flat.set()
    assert flat.switch is True and flat.meter.account.supply.unsafe == ()


def test_a_person_may_close_at_once_and_it_trips_again_if_it_is_no_better():
    flat = Flat(HIGH)
    flat.see(voltage_l1=260_000)
    flat.see(10, voltage_l1=260_000)
    flat.do(Close())
    assert flat.switch is True
    flat.see(10, voltage_l1=260_000)
    assert flat.see(10, voltage_l1=260_000) == ["over-voltage-trip"]


@pytest.mark.parametrize("by", [HOUR, -30 * SECOND])
def test_a_step_of_the_clock_neither_shortens_nor_lengthens_anything(by):
    flat = Flat(HIGH)
    flat.now += MINUTE
    flat.see(voltage_l1=260_000)
    flat.now += by
    flat.meter.clock_set(by)
    assert flat.see(9, voltage_l1=260_000) == []
    assert flat.see(1, voltage_l1=260_000) == ["over-voltage-trip"]
    flat.see(10, **RIGHT)
    flat.now += by
    flat.meter.clock_set(by)
    assert flat.see(59, **RIGHT) == [] and flat.see(1, **RIGHT) == ["within-limits"]


def test_a_limit_of_a_kind_that_is_not_known_is_passed_over():
    flat = Flat(Limit("over-radiation", 1, trip=True), HIGH)
    flat.see(voltage_l1=260_000)
    assert flat.see(10, voltage_l1=260_000) == ["over-voltage-trip"]


def test_a_low_power_factor_is_told_only_while_something_is_drawn():
    flat = Flat(Limit("low-power-factor", 800, delay=60))
    assert flat.meter.account.watched
    for _ in range(5):
        assert flat.see(60, power=50, power_factor=300) == []
    flat.see(60, power=2000, power_factor=300)
    assert flat.see(60, power=2000, power_factor=300) == ["low-power-factor"]


def test_limits_are_looked_after_each_minute_and_only_where_there_are_any():
    flat = Flat(HIGH)
    flat.see(**RIGHT)
    assert flat.meter.due == flat.now + MINUTE
    flat.set()
    flat.see(60, **RIGHT)
    assert flat.meter.due > flat.now + MINUTE


def test_what_the_grid_causes_is_not_counted_against_the_flat():
    """Whoever draws too much for once would stay in the dark until a person comes, for a fault of the grid."""
    flat = Flat()
    flat.set(HIGH, watts=(3000,))
    for _ in range(4):
        flat.see(30, voltage_l1=260_000)
        assert flat.see(10, voltage_l1=260_000) == ["over-voltage-trip"]
        flat.see(10, **RIGHT)
        flat.see(60, **RIGHT)
        flat.see(0 if flat.switch else 15 * 60, **RIGHT)
        assert flat.switch is True
    flat.see(30, power=5000, **RIGHT)
    assert flat.see(10, power=5000, **RIGHT) == ["overload"]
    flat.see(60, power=0, **RIGHT)
    assert flat.switch is True and flat.meter.account.supply.locks == ()


def test_what_trips_together_is_one_trip():
    flat = Flat()
    flat.set(Limit("over-current", 20_000, delay=10, trip=True), watts=(3000,), recloses=1)
    for trip in (1, 2):
        flat.see(60, power=5000, current_l1=25_000)
        told = flat.see(10, power=5000, current_l1=25_000)
        assert sorted(told) == sorted(
            ["over-current-trip", "overload"] + (["limit-locked", "overload-locked"] if trip == 2 else [])
        )
        flat.see(10, power=0, current_l1=0)
        flat.see(60, power=0, current_l1=0)
        assert flat.switch is (trip == 1)


def test_a_meter_that_falls_silent_after_a_trip_is_switched_on_all_the_same():
    flat = Flat()
    flat.set(watts=(3000,))
    flat.see(60, power=5000)
    flat.see(10, power=5000)
    assert flat.switch is False
    for _ in range(3):
        flat.now += MINUTE
        flat.take(flat.meter.fail(flat.now, "no answer"))
    assert flat.switch is True
    assert [each.code for each in flat.entries if isinstance(each, Event)].count("meter-lost") == 1
