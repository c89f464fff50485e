"""While somebody looks, a meter is read every few seconds: for as long as the server's lease lasts, beside all rules."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from prewatt.edge.agent import Agent
from prewatt.edge.effects import LookAt, ReadMeters, Refuse, SendLive
from prewatt.edge.looking import Looking
from prewatt.edge.meter import Foreign, Meter, MeterPolicy, Observed
from prewatt.edge.sync import SyncPolicy
from prewatt.edge.timekeeping import Moment
from prewatt.kernel.account import Account
from prewatt.kernel.entries import genesis
from prewatt.kernel.units import NANO, SECOND
from prewatt.wire.messages import LONGEST_LOOK, MAX_METERS, Frame, LiveMeter, Receipt, Watch, encode_frame
from prewatt.wire.signing import DOWN, VerifyKey, open_upward, seal
from tests.comparing import assert_row
from tests.edge.test_agent import BEGIN, SERVER, STRANGER, credit, orders, state, tariff

SESSION = b"session"


def at(seconds):
    return Moment(BEGIN + int(seconds * SECOND), float(seconds))


def made(names=("m1", "m2")):
    """A gateway that is connected, and answered: its meters have a tariff and 1.00 of credit."""
    meters = [Meter(name, Account(), genesis(name), MeterPolicy()) for name in names]
    agent = Agent("g1", 1, meters, VerifyKey(SERVER.public()), SyncPolicy(), session=SESSION)
    agent.start(at(0), set())
    agent.on_observed(at(0), {name: Observed(1000, closed=True) for name in names})
    agent.on_connected(at(0))
    agent.on_frame(at(0), seal(SERVER, Receipt("g1", (), 1, 1, session=SESSION)))
    agent.on_frame(at(0), orders(*(each for name in names for each in (tariff(name), credit(name, 2)))))
    # The switches were told to close, and are seen to have.
    agent.on_observed(at(0), {name: Observed(1000, closed=True) for name in names})
    return agent


def watch(agent, meters=("m1",), once=(), lasts=20, key=SERVER, **changes):
    given = {"gateway": "g1", "epoch": 1, "answers": agent.outbox.number, "session": SESSION, "lasts": lasts}
    return seal(key, Watch(**{**given, "meters": meters, "once": once, **changes}))


def lived(agent, begin, end, sees=lambda _name, _second: Observed(1000, closed=True, power=500)):
    """Time passes, in tenths of a second. What was looked at when, and what was told when."""
    looked, told = [], []
    for tenth in range(begin * 10, end * 10):
        effects = agent.tick(at(tenth / 10))
        while effects:
            effect = effects.pop(0)
            assert not isinstance(effect, ReadMeters), "the meters are due by themselves"
            if isinstance(effect, LookAt):
                looked.append((tenth / 10, effect.name))
                effects += agent.on_looked(tenth / 10, at(tenth / 10), effect.name, sees(effect.name, tenth // 10))
            elif isinstance(effect, SendLive):
                told.append((tenth / 10, effect.live))
    return looked, told


def test_a_meter_is_looked_at_every_few_seconds_until_the_lease_is_over_and_told_of():
    agent = made()
    assert lived(agent, 0, 2) == ([], [])
    assert agent.on_frame(at(2), watch(agent, lasts=10)) == []
    looked, told = lived(agent, 2, 30)
    assert looked == [(second, "m1") for second in (2, 4, 6, 8)]
    assert [second for second, _live in told] == [2, 4, 6, 8]
    assert agent.looking.next_timer() == float("inf")
    (meter,) = told[-1][1].meters
    assert_row(meter, meter="m1", register=1000, power=500, closed=True, cause="")


def test_it_lasts_from_when_the_message_was_sent_that_it_names_however_often_it_is_said():
    """Who has the broker and not the server's key can say again what was said, and nothing is read for longer."""
    agent = made()
    said = watch(agent, lasts=10)
    agent.on_frame(at(1), said)
    assert agent.on_frame(at(9), said) == []
    assert lived(agent, 9, 30)[0] == [(9, "m1")]
    (refused,) = agent.on_frame(at(30), said)
    assert (type(refused), refused.reason) == (Refuse, "replayed")
    assert lived(agent, 30, 40) == ([], [])


def signed(fields):
    body = msgspec.msgpack.encode({"kind": "watch", **fields})
    return encode_frame(Frame(1, "watch", body, SERVER.sign(DOWN, b"1\0watch\0" + body)))


WHOLE = {"gateway": "g1", "epoch": 1, "answers": 1, "session": SESSION, "lasts": 10, "meters": ["m1"], "once": []}
BAD = {
    "of a stranger": (lambda agent: watch(agent, key=STRANGER), "signature"),
    "for another gateway": (lambda agent: watch(agent, gateway="g2"), "foreign"),
    "for another process": (lambda agent: watch(agent, session=b"another"), "foreign"),
    "of another start": (lambda agent: watch(agent, epoch=2), "foreign"),
    "for a meter that is not here": (lambda agent: watch(agent, meters=("m1", "m9")), "foreign"),
    "once for a meter that is not here": (lambda agent: watch(agent, once=("m9",)), "foreign"),
    "by a message that was never sent": (lambda agent: watch(agent, answers=agent.outbox.number + 1), "replayed"),
    "for too long": (lambda _agent: signed({**WHOLE, "lasts": LONGEST_LOOK + 1}), "malformed"),
    "for no time": (lambda _agent: signed({**WHOLE, "lasts": 0}), "malformed"),
    "for too many": (lambda _agent: signed({**WHOLE, "meters": ["m1"] * (MAX_METERS + 1)}), "malformed"),
}


@pytest.mark.parametrize("name", BAD)
def test_to_look_that_is_forged_or_oversized_is_refused_and_nothing_is_read(name):
    agent = made()
    make, reason = BAD[name]
    (refused,) = agent.on_frame(at(1), make(agent))
    assert (type(refused), refused.reason) == (Refuse, reason)
    assert lived(agent, 1, 10) == ([], [])


def test_the_frame_that_those_are_made_of_is_taken():
    agent = made()
    assert agent.on_frame(at(1), signed(WHOLE)) == []
    assert lived(agent, 1, 2)[0] == [(1, "m1")]


SEEN = (
    st.builds(Observed, st.integers(-(2**70), 2**70), st.sampled_from([True, False, None]), st.none() | st.integers())
    | st.builds(Foreign, st.text(max_size=300))
    | st.text(max_size=300)
)


@given(st.lists(SEEN, min_size=1, max_size=6))
def test_whatever_is_seen_nothing_comes_of_it_but_what_is_told(seen):
    """No entry, no switch, no change of when a meter is due; and what is told can be read."""
    agent = made()
    agent.on_frame(at(1), watch(agent))
    before = (state(agent), dict(agent._due), agent.meters["m1"].head)
    heard = []
    for second, each in enumerate(seen, start=2):
        effects = agent.on_looked(float(second), at(second), "m1", each)
        assert {type(effect) for effect in effects} <= {SendLive}
        heard += [effect.live for effect in effects]
    assert (state(agent), dict(agent._due), agent.meters["m1"].head) == before
    for live in heard:
        # A NUL is read as the sign for what can't be shown.
        meters = tuple(replace(meter, cause=meter.cause.replace("\0", "\ufffd")) for meter in live.meters)
        assert open_upward(VerifyKey(STRANGER.public()), seal(STRANGER, live)) == replace(live, meters=meters)


def test_the_balance_that_is_told_is_what_the_journal_says_if_the_meter_is_read_then():
    agent = made()
    agent.on_frame(at(1), watch(agent))
    _looked, told = lived(agent, 1, 20, lambda _name, second: Observed(1000 + second, closed=True))
    (live,) = told[-1][1].meters
    assert live.balance == NANO - 18 * 200_000
    account = agent.meters["m1"].account
    account.apply(account.read(live.at, live.register))
    assert account.balance == live.balance


def test_of_a_register_that_cannot_be_true_no_balance_is_told_and_of_a_meter_that_is_silent_why():
    agent = made()
    agent.on_frame(at(1), watch(agent, meters=("m1", "m2")))
    _looked, told = lived(
        agent, 1, 2, lambda name, _second: Observed(10**9, closed=True) if name == "m1" else "no answer"
    )
    first, second = told[0][1].meters
    assert_row(first, register=10**9, balance=None, cause="")
    assert_row(second, register=None, balance=None, cause="no answer")


def test_one_reading_that_is_asked_for_is_one():
    agent = made()
    agent.on_frame(at(1), watch(agent, meters=(), once=("m1", "m2")))
    looked, told = lived(agent, 1, 15)
    assert looked == [(1, "m1"), (1.1, "m2")]
    assert [[each.meter for each in live.meters] for _second, live in told] == [["m1", "m2"]]


def test_without_a_connection_nobody_sees_it_and_nothing_is_read():
    agent = made()
    agent.on_frame(at(1), watch(agent))
    lived(agent, 1, 3)
    agent.on_disconnected()
    assert lived(agent, 3, 10) == ([], [])


def test_who_typed_a_code_is_told_the_balance_of_now():
    agent = made()
    agent.on_looked(5.0, at(5), "m1", Observed(1100, closed=True))
    assert agent.balance(at(6), "m1") == NANO - 100 * 200_000
    assert agent.meters["m1"].account.balance == NANO
    # What was seen a while ago is no news.
    assert agent.balance(at(8), "m1") == NANO


def looking(*names, lasts=60):
    looks = Looking(2.0)
    looks.on_sent(0.0, 1)
    assert looks.watch(0.0, 1, lasts, names, ())
    return looks


def slowly(looks, until, takes, cause=""):
    """A bus on which a reading takes some seconds. When it was busy, and what was told when."""
    mono, busy, told = 0.0, [], []
    while mono < until:
        if name := looks.next_meter(mono):
            busy.append((mono, mono + takes))
            looks.saw(mono, mono + takes, LiveMeter(name, 1, cause=cause))
            mono += takes
        if message := looks.message(mono):
            told.append((mono, [each.meter for each in message]))
        mono = min(max(looks.next_timer(), mono + 0.0001), until)
    return busy, told


def test_looking_takes_no_more_than_half_of_a_slow_bus_and_each_has_its_turn():
    busy, told = slowly(looking(*(f"m{number:02}" for number in range(20))), 48.0, 0.5)
    assert sum(end - begin for begin, end in busy) <= 24.5
    assert all(begin >= before + 0.5 - 1e-9 for (_, before), (begin, _) in pairwise(busy))
    names = [name for _, each in told for name in each]
    assert {names.count(name) for name in set(names)} <= {2, 3}
    assert len(set(names)) == 20


def test_all_are_told_of_in_one_message_a_round():
    busy, told = slowly(looking(*(f"m{number:03}" for number in range(250))), 9.9, 0.0005)
    assert [len(names) for _, names in told] == [250] * 5
    assert [round(second) for second, _ in told] == [0, 2, 4, 6, 8]
    assert len(busy) == 5 * 250


def test_what_was_seen_after_a_message_is_not_kept_from_the_next_round():
    """One that comes late puts nobody a round behind: what is told was seen just now."""
    looks = looking("m1", "m2")
    mono, late = 0.0, []
    while mono < 12:
        if name := looks.next_meter(mono):
            looks.saw(mono, mono + 0.001, LiveMeter(name, int((mono + 0.001) * 1e6)))
            # Once the machine has so much to do that the second meter is read after the message.
            mono += 1.2 if mono == 2 else 0.001
        late += [mono - each.at / 1e6 for each in looks.message(mono)]
        mono = min(max(looks.next_timer(), mono + 0.0001), 12.0)
    assert sum(each > 0.1 for each in late) <= 2


def test_a_meter_that_does_not_answer_is_asked_seldom():
    busy, _told = slowly(looking("m1"), 40.0, 2.0, "no answer")
    assert [begin for begin, _ in busy] == [0, 10, 20, 30]
