"""Named quantities: what can be true, how they are shown, and on which side of a limit they are."""

import pytest

from prewatt.kernel.events import EventKind
from prewatt.kernel.quantities import UNITS, Quantity, can_be, shown
from prewatt.kernel.safety import KINDS, TRIPS, Limit, in_words
from prewatt.kernel.supply import LOCKS


def test_each_quantity_has_a_unit_and_each_kind_of_limit_its_words():
    assert set(UNITS) == set(Quantity)
    for code, kind in KINDS.items():
        assert set(kind.quantities) <= set(Quantity)
        assert {code, code + "-trip"} <= set(EventKind) and code in LOCKS and TRIPS[code + "-trip"] == code


@pytest.mark.parametrize(
    ("quantity", "value", "possible"),
    [
        ("voltage-l1", 230_100, True),
        ("voltage-l1", 6_553_500, False),
        ("voltage-l1", 327_670, False),
        ("voltage-l2", 0, False),
        ("voltage-l1", 49_999, False),
        ("current-l1", 16_000, True),
        ("current-l1", 65_535, False),
        ("current-l1", 32_767, False),
        ("current-l1", -5, False),
        ("residual-current", 31, True),
        ("residual-current", 65_535, False),
        ("temperature", 853, True),
        ("temperature", -127, True),
        ("temperature", 32_767, False),
        ("temperature", 2_550, False),
        ("power-factor", -980, True),
        ("power-factor", 2_550, False),
        ("frequency", 49_990, True),
        ("frequency", 0, False),
        ("arc", 1, True),
        ("arc", 255, False),
    ],
)
def test_what_no_meter_can_measure_is_not_told(quantity, value, possible):
    assert can_be(Quantity(quantity), value) is possible


def test_values_are_shown_exactly_in_their_unit():
    assert shown(Quantity.VOLTAGE_L1, 230_100) == "230.1 V"
    assert shown(Quantity.CURRENT_L2, 20_000) == "20 A"
    assert shown(Quantity.TEMPERATURE, -5) == "-0.5 °C"
    assert shown(Quantity.POWER_FACTOR, 80) == "0.08"
    assert shown(Quantity.RESIDUAL_CURRENT, 30) == "30 mA"
    words = in_words(263_100, Quantity.VOLTAGE_L3, Limit("over-voltage", 253_000))
    assert words == "L3 263.1 V, the limit is 253 V"
    assert in_words(31, Quantity.RESIDUAL_CURRENT, Limit("residual-current", 30)) == "31 mA, the limit is 30 mA"


def test_the_worst_phase_counts_and_a_power_factor_only_under_load():
    told = {Quantity.VOLTAGE_L1: 229_000, Quantity.VOLTAGE_L2: 260_000, Quantity.VOLTAGE_L3: 6_553_500}
    assert Limit("over-voltage", 253_000).worst(told, None) == (260_000, Quantity.VOLTAGE_L2)
    assert Limit("under-voltage", 207_000).worst(told, None) == (229_000, Quantity.VOLTAGE_L1)
    assert Limit("residual-current", 30).worst(told, None) is None
    leaning = Limit("low-power-factor", 800)
    assert leaning.worst({Quantity.POWER_FACTOR: -500}, 5) is None
    assert leaning.worst({Quantity.POWER_FACTOR: -500}, 2000) == (500, Quantity.POWER_FACTOR)


def test_a_value_is_right_again_only_with_some_distance():
    limit = Limit("over-voltage", 253_000)
    assert [limit.is_passed(each) for each in (253_000, 253_001)] == [False, True]
    assert [limit.is_right(each) for each in (250_001, 250_000)] == [False, True]
    low = Limit("under-voltage", 207_000)
    assert [low.is_passed(each) for each in (207_000, 206_999)] == [False, True]
    assert [low.is_right(each) for each in (209_999, 210_000)] == [False, True]
    # A limit that is smaller than the usual distance can be right again too.
    assert Limit("residual-current", 4).is_right(2)
