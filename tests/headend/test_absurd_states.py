"""A gateway claims a state of a meter whose entries nobody has: what can't be is not asked about, and what a person agrees to holds."""

import pytest

from prewatt.kernel.account import Account
from prewatt.kernel.units import BALANCE_MAX, INSTANT_MAX, INT64_MAX, NANO, REGISTER_MAX
from prewatt.server.metering.models import Alarm, Meter
from prewatt.server.sales.openings import GAP, go_on
from prewatt.wire.messages import MeterState, Upload
from tests.comparing import assert_row
from tests.gateway import Edge, take

pytestmark = pytest.mark.database


@pytest.fixture
def edge(building, clock):
    return Edge(building.code, clock)


def claim(edge, store, account, seq=9):
    account.seq = seq
    edge.number += 1
    states = (MeterState("m1", seq, bytes(32), account.dump()),)
    return take(store, edge.send(Upload("g1", 1, edge.number, (), (), b"s", states)))


def credited(amount):
    return {"credited": amount, "balance": amount}


ABSURD = {
    "a balance that is not what came and went": {"balance": 5 * NANO},
    "a balance beyond all": credited(BALANCE_MAX + 1),
    "more than a column holds": credited(INT64_MAX + 1),
    "sums beyond all": {"credited": 2**63, "charged": 2**63},
    "sums under zero": {"credited": -5, "charged": -5},
    "an instant beyond all": {"at": INSTANT_MAX + 1},
    "a reading beyond all": {"read_at": INSTANT_MAX + 1},
    "a reading before all": {"read_at": -1},
    "a reading after the last entry": {"read_at": 5},
    "a register beyond all": {"register": REGISTER_MAX + 1},
    "commands under zero": {"command": -1},
    "a serial number that is none": {"serial": "a" * 65},
}


@pytest.mark.parametrize("name", ABSURD)
def test_a_state_that_can_not_be_is_not_asked_about(edge, store, name):
    account = Account()
    for field, value in ABSURD[name].items():
        setattr(account, field, value)
    assert [each.reason for each in claim(edge, store, account).refusals] == ["malformed"]
    assert not Alarm.objects.exists()


def test_a_state_that_a_meter_can_have_is_gone_on_from(edge, store, clock):
    account = edge.accounts["m1"]
    for register in (REGISTER_MAX - 1, REGISTER_MAX):
        edge.read("m1", register)
    account.credited = account.balance = BALANCE_MAX
    claim(edge, store, account, 2)
    go_on(Alarm.objects.get(kind=GAP), "manager")
    assert_row(Meter.objects.get(name="m1"), seq=2, balance=BALANCE_MAX, register=REGISTER_MAX)


def test_a_state_that_was_made_up_takes_no_effect_once_the_journal_has_gone_on(edge, store, clock):
    """Whoever has the gateway's key says that entries are missing, and the right gateway sends them."""
    account = Account()
    account.credited = account.balance = 9 * NANO
    claim(edge, store, account)
    asked = Alarm.objects.get(kind=GAP)
    edge.read("m1", 500)
    take(store, edge.upload("m1"))
    go_on(asked, "manager")
    assert_row(Meter.objects.get(name="m1"), seq=1, balance=0)
    assert not Alarm.objects.filter(is_resolved=False).exists()
