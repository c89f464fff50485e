"""The account that a demonstration gives: exact on the terminal, and it says what is wrong."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import NANO
from prewatt.sim import audit
from prewatt.sim.audit import Account, MeterAccount, document, table

GOOD = MeterAccount(
    meter="[1] m",
    register=1234,
    read_at=5,
    charged=246_800_001,
    topped_up=20 * NANO,
    balance_meter=20 * NANO - 246_800_001,
    balance_server=20 * NANO - 246_800_001,
    late=7,
    duplicates=8,
    switches=[(1, True, NANO), (2, False, 0), (3, True, NANO), (4, False, -5), (5, True, NANO)],
)


def printed(*meters, currency="EUR"):
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(table(Account(list(meters), [], []), currency))
    return console.export_text()


def test_the_table_shows_every_figure_exactly():
    line = next(line for line in printed(GOOD).splitlines() if "[1] m" in line)
    assert line.split() == [
        "[1]",
        "m",
        "1.234",
        "0.246800001",
        "20.00",
        "19.753199999",
        "19.753199999",
        "0",
        "2",
        "2",
        "7",
        "8",
    ]


def test_the_table_has_the_decimals_of_its_currency_at_least():
    good = replace(GOOD, charged=NANO, balance_meter=19 * NANO, balance_server=19 * NANO)
    for currency, zeros in (("JPY", ""), ("EUR", ".00"), ("KWD", ".000"), ("CLF", ".0000")):
        line = next(line for line in printed(good, currency=currency).splitlines() if "[1] m" in line)
        assert line.split()[3:7] == [f"1{zeros}", f"20{zeros}", f"19{zeros}", f"19{zeros}"]


def test_a_difference_of_one_unit_is_seen():
    assert "0.000000001" in printed(replace(GOOD, balance_server=GOOD.balance_meter - 1))


ROW = SimpleNamespace(name="m1", seq=9, head=b"h")


@pytest.mark.parametrize(
    ("changes", "given", "says"),
    [
        ({}, {}, None),
        ({"balance_server": GOOD.balance_meter - 1}, {}, "0.000000001 between the meter's balance and the server's"),
        ({"charged": GOOD.charged + 1}, {}, "is not what was topped up and adjusted less"),
        ({}, {"seq": 10}, "the server has its journal up to entry 9, the gateway up to 10"),
        ({}, {"head": b"other"}, "or they are not the same"),
        ({}, {"memory": {"closed": False}}, "its switch stands otherwise than its journal says"),
        ({"switches": [(1, False, NANO)]}, {"memory": {"closed": False}}, "is dark at the end with a credit of 19.75"),
        (
            {"unpaid": [(2, 1)]},
            {},
            "cut off at 1970-01-01T00:00:00.000002Z with a credit of 0.000000001",
        ),
    ],
)
def test_what_is_wrong_is_said(changes, given, says):
    mine = replace(GOOD, **changes)
    arguments = {"row": ROW, "seq": 9, "head": b"h", "memory": {"closed": True}, **given}
    failures = audit._check(mine, *arguments.values())
    assert len(failures) == (1 if says else 0)
    assert says is None or says in failures[0]


def test_the_document_says_the_same_as_the_table():
    made = document(Account([GOOD], [], []), {GOOD.meter: flat_tariff("flat", "EUR", "UTC", 200_000)}, {"seed": 1})
    assert (made["schema"], made["ok"], made["seed"]) == ("prewatt-demo-1", True, 1)
    (meter,) = made["meters"]
    assert (meter["register_kwh"], meter["charged"], meter["difference"]) == ("1.234", "0.246800001", "0.000000000")
    assert [each["balance"] for each in meter["cut_offs"]] == ["0.000000000", "-0.000000005"]
    assert [each["at"] for each in meter["restorations"]] == [f"1970-01-01T00:00:00.00000{at}Z" for at in (3, 5)]


def test_of_each_kind_of_alarm_the_first_is_told():
    alarms = [SimpleNamespace(kind=kind, text=text) for kind, text in (("a", "one"), ("a", "two"), ("b", "three"))]
    row = SimpleNamespace(name="m1", alarms=SimpleNamespace(order_by=lambda _: alarms))
    assert audit._alarms(row) == ["meter m1: one", "meter m1: three"]
