"""The agent of a gateway: the order of its effects, and whom it believes."""

import msgspec
import pytest

from prewatt.edge.agent import Agent
from prewatt.edge.effects import Commit, MoveSwitch, ReadMeters, Refuse, SendStatus, SendUpload
from prewatt.edge.meter import Meter, MeterPolicy, Observed
from prewatt.edge.sync import SyncPolicy
from prewatt.edge.timekeeping import Moment
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Command, Control, GrantCredit, SetTariff, decode_entry, encode_command, genesis
from prewatt.kernel.orders import Hold
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import INT64_MAX, MINUTE, NANO
from prewatt.wire.messages import Head, Orders, Receipt, SignedCommand, Status
from prewatt.wire.signing import COMMAND, SigningKey, VerifyKey, seal, sign_command

BEGIN = 1_700_000_100 * 10**6 // (15 * MINUTE) * (15 * MINUTE)
SERVER = SigningKey.from_bytes(bytes(range(32)))
STRANGER = SigningKey.generate()
FLAT = flat_tariff("flat", "EUR", "Europe/Berlin", 200_000)


def moment(minutes=0):
    return Moment(BEGIN + minutes * MINUTE, minutes * 60.0)


def made(names=("m1", "m2")):
    meters = [Meter(name, Account(), genesis(name), MeterPolicy()) for name in names]
    agent = Agent("g1", 1, meters, VerifyKey(SERVER.public()), SyncPolicy())
    agent.start(moment(), set())
    agent.on_observed(moment(), {name: Observed(0, closed=True) for name in names})
    return agent


def orders(*commands, key=SERVER, gateway="g1"):
    return seal(SERVER, Orders(gateway, tuple(sign_command(key, command) for command in commands)))


def tariff(meter, number=1):
    return Command(meter, number, BEGIN, SetTariff(0, FLAT))


def credit(meter, number, credit_id="c", amount=NANO):
    return Command(meter, number, BEGIN, GrantCredit(credit_id, amount))


def state(agent):
    return {name: meter.account.dump() for name, meter in agent.meters.items()}


def test_what_is_committed_comes_before_the_switch_moves_and_before_anything_is_sent():
    agent = made()
    agent.on_connected(moment())
    agent.on_frame(moment(), seal(SERVER, Receipt("g1", (), 1, 1)))
    effects = agent.on_frame(moment(), orders(tariff("m1")))
    assert [type(effect) for effect in effects] == [Commit, MoveSwitch, SendUpload]
    assert effects[1] == MoveSwitch("m1", closed=False)


def test_of_orders_that_come_together_the_last_decides_about_the_switch():
    """Without credit the tariff alone would cut the meter off: with the credit behind it nothing moves to and fro."""
    agent = made()
    effects = agent.on_frame(moment(1), orders(tariff("m1"), credit("m1", 2)))
    assert [effect.closed for effect in effects if isinstance(effect, MoveSwitch)] == [True]


def test_the_same_orders_again_change_nothing():
    agent = made()
    frame = orders(tariff("m1"), credit("m1", 2))
    agent.on_frame(moment(1), frame)
    before = state(agent)
    for _ in range(3):
        assert agent.on_frame(moment(2), frame) == []
    assert state(agent) == before


def test_whatever_comes_under_a_used_number_is_answered_at_once():
    """A server that was put back from a copy gives numbers twice: an order would else wait for the next sign of life."""
    agent = made()
    agent.on_connected(moment())
    agent.on_frame(moment(), seal(SERVER, Receipt("g1", (), 1, 1)))
    agent.on_frame(moment(), orders(tariff("m1"), credit("m1", 2)))
    (status,) = agent.on_frame(moment(), orders(Command("m1", 2, BEGIN, Control(Hold(), "kim"))))
    assert [(meter.meter, meter.command) for meter in status.status.meters] == [("m1", 2)]


def test_orders_in_the_wrong_order_wait_for_their_turn():
    agent = made()
    assert agent.on_frame(moment(1), orders(credit("m1", 2))) == []
    agent.on_frame(moment(2), orders(tariff("m1"), credit("m1", 2)))
    assert agent.meters["m1"].account.balance == NANO


def test_it_works_the_same_without_a_connection():
    agent = made()
    agent.on_frame(moment(1), orders(tariff("m1"), credit("m1", 2, amount=200_000 * 100)))
    agent.on_disconnected()
    assert agent.tick(moment(16)) == [ReadMeters(["m1", "m2"])]
    effects = agent.on_observed(moment(16), {"m1": Observed(100, closed=True), "m2": "no answer"})
    (commit, move) = effects
    assert [decode_entry(record.body).__struct_config__.tag for name, record in commit.records if name == "m1"] == [
        "reading",
        "relay",
    ]
    assert move == MoveSwitch("m1", closed=False)


NUMBERED = msgspec.msgpack.encode({"meter": "m9", "number": 1, "issued": 1, "order": {"kind": "x"}})

BAD = {
    "noise": (b"\x00\xff" * 50, "malformed"),
    "too much": (bytes(1024 * 1024), "oversized"),
    "not the server's signature": (seal(STRANGER, Orders("g1", ())), "signature"),
    "for another gateway": (orders(credit("m1", 1), gateway="g2"), "foreign"),
    "a command the server did not sign": (orders(credit("m1", 1), key=STRANGER), "signature"),
    "a command for another meter": (orders(credit("m9", 1)), "foreign"),
    "a command of another kind for another meter": (
        seal(SERVER, Orders("g1", (SignedCommand(NUMBERED, SERVER.sign(COMMAND, NUMBERED)),))),
        "foreign",
    ),
    "a signed nothing": (
        seal(SERVER, Orders("g1", (SignedCommand(b"\xc0", SERVER.sign(COMMAND, b"\xc0")),))),
        "malformed",
    ),
    "a frame signed upwards": (seal(SERVER, Status("g1", 1, 2, 3)), "signature"),
    "an unknown meter's head": (seal(SERVER, Receipt("g1", (Head("m9", 0, bytes(32)),))), "foreign"),
    "a head beyond the journal": (seal(SERVER, Receipt("g1", (Head("m1", 999, bytes(32)),))), "chain"),
    "a head of another journal": (seal(SERVER, Receipt("g1", (Head("m1", 2, bytes(32)),))), "chain"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_is_refused_and_changes_nothing(name):
    agent = made()
    agent.on_connected(moment())
    before, acked = state(agent), dict(agent.sync.acked)
    data, reason = BAD[name]
    (effect,) = agent.on_frame(moment(1), data)[:1]
    assert isinstance(effect, Refuse)
    assert effect.reason == reason
    assert (state(agent), agent.sync.acked) == (before, acked)


def test_an_epoch_that_was_made_up_with_its_key_is_not_followed():
    """With a greater one than any that can be sent it would be unheard for ever, also once it has another key."""
    agent = made()
    agent.on_connected(moment())
    agent.outbox.session = b"now"
    for known in (INT64_MAX, INT64_MAX - 1, 2**61 + 1):
        receipt = Receipt("g1", (), 1, agent.outbox.number, session=b"now", known=known)
        (effect,) = agent.on_frame(moment(1), seal(SERVER, receipt))
        assert isinstance(effect, Refuse)
    assert agent.outbox.epoch == 1


def test_a_command_altered_by_one_bit_is_refused():
    body = bytearray(encode_command(credit("m1", 1, amount=5)))
    signature = SERVER.sign(COMMAND, bytes(body))
    body[-1] ^= 1
    agent = made()
    before = state(agent)
    (effect,) = agent.on_frame(moment(1), seal(SERVER, Orders("g1", (SignedCommand(bytes(body), signature),))))
    assert isinstance(effect, Refuse) and effect.reason == "signature"
    assert state(agent) == before


def test_one_bad_command_does_not_hold_up_the_good_ones_beside_it():
    agent = made()
    good, bad = sign_command(SERVER, tariff("m1")), sign_command(STRANGER, tariff("m2"))
    agent.on_frame(moment(1), seal(SERVER, Orders("g1", (bad, good))))
    assert (agent.meters["m1"].account.command, agent.meters["m2"].account.command) == (1, 0)


def test_a_status_on_connecting_tells_of_all_meters_and_later_of_those_that_changed():
    agent = made()
    (fresh,) = agent.on_connected(moment())
    assert isinstance(fresh, SendStatus) and fresh.status.fresh and len(fresh.status.meters) == 2
    heads = tuple(Head(name, meter.account.seq, meter.head) for name, meter in agent.meters.items())
    agent.on_frame(moment(), seal(SERVER, Receipt("g1", heads, 1, fresh.status.number)))
    effects = agent.on_observed(moment(15), {"m2": Observed(5, closed=True)})
    (later,) = [effect for effect in effects if isinstance(effect, SendStatus)]
    assert [meter.meter for meter in later.status.meters] == ["m2"]


def test_each_status_speaks_of_a_meter_that_waits_to_be_asked_for_entries():
    """The head-end asks of what a status shows, and what it asks may be lost."""
    agent = made()
    (fresh,) = agent.on_connected(moment())
    heads = tuple(Head(name, meter.account.seq, meter.head) for name, meter in agent.meters.items())
    agent.on_frame(moment(), seal(SERVER, Receipt("g1", heads, 1, fresh.status.number)))
    agent.outbox.states_instead({"m1": 1}, lambda name, seq: False)
    for minutes in (20, 40):
        said = [each.status for each in agent.tick(moment(minutes)) if isinstance(each, SendStatus)]
        assert [meter.meter for status in said for meter in status.meters] == ["m1"]


def test_a_gateway_has_up_to_250_meters():
    names = [f"m{number}" for number in range(251)]
    with pytest.raises(ValueError, match="up to 250 meters, not 251"):
        made(names)
