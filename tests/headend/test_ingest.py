"""Taking in: who is believed, what is new, what is the server's own opinion of it."""

from dataclasses import replace

import msgspec
import pytest

from prewatt.headend.batch import GatewayView, MeterView
from prewatt.headend.ingest import plan, sort
from prewatt.headend.unlogged import UnloggedCommand
from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    Command,
    CreditApplied,
    GrantCredit,
    Reading,
    Refused,
    SetTariff,
    chain,
    encode_entry,
    genesis,
)
from prewatt.kernel.rating import Used
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import HOUR, NANO
from prewatt.wire import topics
from prewatt.wire.messages import Head, MeterStatus, Receipt, Span, Status, Upload
from prewatt.wire.signing import SigningKey, VerifyKey, seal
from tests.comparing import assert_row

NOW = 5
KEY, STRANGER = SigningKey.generate(), SigningKey.generate()
GATEWAYS = {
    "g1": GatewayView("g1", VerifyKey(KEY.public()), frozenset({"m1", "m2"}), (1, 10)),
    "g2": GatewayView("g2", VerifyKey(STRANGER.public()), frozenset({"m9"}), (0, 0)),
}
COMMANDS = {
    1: Command("m1", 1, 0, SetTariff(0, flat_tariff("flat", "EUR", "Europe/Berlin", 200_000))),
    2: Command("m1", 2, 0, GrantCredit("c", NANO)),
}


def journal():
    """The bodies of a meter's first five entries, made by the meter's own account; and that account."""
    account, bodies = Account(), []

    def append(entry):
        account.apply(entry)
        bodies.append(encode_entry(entry))

    append(account.read(HOUR, 0))
    append(account.follow(HOUR, COMMANDS[1]))
    append(account.follow(HOUR, COMMANDS[2]))
    append(account.relay(HOUR, True, "credit"))
    append(account.read(2 * HOUR, 700))
    return bodies, account


def view(commands=COMMANDS):
    return {"m1": MeterView(Account(), genesis("m1"), commands), "m2": MeterView(Account(), genesis("m2"), {})}


def upload(number, first, bodies, late=0, meter="m1"):
    return (topics.up("g1"), seal(KEY, Upload("g1", 1, number, (Span(meter, first, tuple(bodies)),), (late,))))


def take(*received, views=None):
    return plan(NOW, sort(received, GATEWAYS), views or view())


def head_of(bodies):
    head = genesis("m1")
    for body in bodies:
        head = chain(head, body)
    return head


def test_a_journal_is_taken_in_rated_anew_and_acknowledged():
    bodies, account = journal()
    result = take(upload(11, 1, bodies, late=2))
    mine = result.meters["m1"]
    assert mine.account.dump() == account.dump()
    assert [new.late for new in mine.entries] == [True, True, False, False, False]
    assert [(each.number, each.reason) for each in mine.applied] == [(1, ""), (2, "")]
    assert [(each.at, each.charge) for each in mine.charges] == [(2 * HOUR, 700 * 200_000)]
    assert_row(mine, differences=[], duplicates=0, offset=0)
    assert result.receipts == [Receipt("g1", (Head("m1", 5, head_of(bodies)),), 1, 11, NOW)]
    assert result.heard == {"g1": (1, 11)}


def test_who_is_behind_an_older_process_is_told_whatever_that_one_has_sent():
    """Of two with one key, or after a copy was put back, an old message may bring the numbers beyond those of who speaks now."""
    bodies, _ = journal()
    late = seal(KEY, Upload("g1", 1, 80, (Span("m1", 1, tuple(bodies)),), (0,), b"older"))
    spoke = replace(GATEWAYS["g1"], sessions=(b"now".hex(),))
    first = plan(NOW, sort([(topics.up("g1"), late)], {"g1": spoke}), view())
    assert first.sessions["g1"][0] == b"older".hex()
    known = replace(GATEWAYS["g1"], stamp=(1, 80), sessions=first.sessions["g1"])
    status = seal(KEY, Status("g1", 1, 21, 0, True, (), b"now"))
    result = sort([(topics.up("g1"), status)], {"g1": known})
    assert result.receipts == [Receipt("g1", (), 1, 21, session=b"now", known=1)]


def test_what_is_here_already_is_dropped_and_counted():
    bodies, account = journal()
    mine = take(upload(11, 1, bodies[:3]), upload(12, 2, bodies[1:]), upload(13, 1, bodies[:2])).meters["m1"]
    assert mine.account.dump() == account.dump()
    assert mine.duplicates == 4
    assert len(mine.entries) == 5


def test_a_gap_is_asked_for():
    bodies, _ = journal()
    result = take(upload(11, 1, bodies[:2]), upload(12, 4, bodies[3:]))
    assert result.receipts[1] == Receipt("g1", (Head("m1", 2, head_of(bodies[:2]), resend=True),), 1, 12, NOW)
    assert result.meters["m1"].account.seq == 2


def test_a_status_that_tells_of_more_than_came_is_answered_with_a_question():
    bodies, _ = journal()
    status = Status("g1", 1, 12, 0, False, (MeterStatus("m1", 5, 0, 0, 0, True, 2),))
    result = take(upload(11, 1, bodies[:2]), (topics.up("g1"), seal(KEY, status)))
    assert result.receipts[1] == Receipt("g1", (Head("m1", 2, head_of(bodies[:2]), resend=True),), 1, 12, NOW)


def test_a_fresh_status_is_answered_with_all_heads():
    meters = tuple(MeterStatus(name, 5, 0, 0, 0, True, 2) for name in ("m1", "m2"))
    result = take((topics.up("g1"), seal(KEY, Status("g1", 2, 1, 0, True, meters))))
    heads = (Head("m1", 0, genesis("m1"), resend=True), Head("m2", 0, genesis("m2"), resend=True))
    assert result.receipts == [Receipt("g1", heads, 2, 1, NOW)]


def resealed(fields, key=KEY, gateway="g1", epoch=1, number=11):
    return seal(key, Upload(gateway, epoch, number, (Span("m1", 1, tuple(fields)),)))


BAD = {
    "an unknown gateway": (topics.up("g3"), resealed([]), "unknown"),
    "a wrong shard": ("pw/1/0/g1/up", resealed([]), "unknown"),
    "somebody else's topic": (topics.up("g2"), resealed([]), "signature"),
    "noise": (topics.up("g1"), b"noise", "malformed"),
    "too much": (topics.up("g1"), bytes(2**20), "oversized"),
    "a stranger's signature": (topics.up("g1"), resealed([], STRANGER), "signature"),
    "another gateway's name inside": (topics.up("g1"), resealed([], gateway="g2"), "foreign"),
    "a number that was used": (topics.up("g1"), resealed([], number=10), "replayed"),
    "an epoch that is over": (topics.up("g1"), resealed([], epoch=0, number=99), "replayed"),
    "another gateway's meter": (topics.up("g1"), seal(KEY, Upload("g1", 1, 11, (Span("m9", 1, ()),))), "foreign"),
    "a meter twice": (topics.up("g1"), seal(KEY, Upload("g1", 1, 11, (Span("m1", 1, ()),) * 2)), "malformed"),
    "a receipt": (topics.up("g1"), seal(KEY, Receipt("g1", ())), "signature"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_is_refused_and_changes_nothing(name):
    topic, payload, reason = BAD[name]
    result = take((topic, payload))
    assert [refusal.reason for refusal in result.refusals] == [reason]
    assert_row(result, meters={}, receipts=[], heard={}, statuses={})


def test_the_same_message_again_is_a_replay():
    bodies, _ = journal()
    result = take(upload(11, 1, bodies[:2]), upload(11, 1, bodies[:2]))
    assert [refusal.reason for refusal in result.refusals] == ["replayed"]
    assert result.meters["m1"].duplicates == 0


@pytest.mark.parametrize("broken", [b"", b"noise", b"\xc0", msgspec.msgpack.encode({"kind": "dance", "seq": 3})])
def test_an_entry_that_cannot_be_read_stops_its_meter_there_and_no_other(broken):
    bodies, _ = journal()
    spans = (Span("m1", 1, (*bodies[:2], broken, *bodies[3:])), Span("m2", 1, (encode_entry(Account().read(HOUR, 5)),)))
    result = take((topics.up("g1"), seal(KEY, Upload("g1", 1, 11, spans))))
    assert [refusal.reason for refusal in result.refusals] == ["newer"]
    assert [(head.meter, head.seq) for head in result.receipts[0].heads] == [("m1", 2), ("m2", 1)]


def test_an_entry_out_of_sequence_is_refused():
    bodies, _ = journal()
    result = take(upload(11, 1, [bodies[0], bodies[2]]))
    assert [refusal.reason for refusal in result.refusals] == ["chain"]
    assert result.meters["m1"].account.seq == 1


def test_a_meter_that_charges_otherwise_is_reported_once_and_not_believed():
    bodies, account = journal()
    wrong = Reading(5, 2 * HOUR, account.balance + 7, 700, (Used("flat", 0, 200_000, 700),), 700 * 200_000 - 7)
    after = Reading(6, 3 * HOUR, account.balance + 7 - 200_000, 701, (Used("flat", 0, 200_000, 1),), 200_000)
    mine = take(upload(11, 1, [*bodies[:4], encode_entry(wrong), encode_entry(after)])).meters["m1"]
    assert [difference.seq for difference in mine.differences] == [5]
    assert "charge: the meter says 0.139999993, the server 0.140000000" in mine.differences[0].text
    assert (mine.account.balance, mine.offset) == (account.balance - 200_000, 7)


def test_a_charge_that_no_tariff_has_is_reported_by_its_name():
    bodies, account = journal()
    charge = 700 * 200_000
    wrong = Reading(
        5, 2 * HOUR, account.balance - charge, 700, (Used("flat", 0, 200_000, 700),), charge, charges=(("demand", 5),)
    )  # fmt: skip
    mine = take(upload(11, 1, [*bodies[:4], encode_entry(wrong)])).meters["m1"]
    assert "charges: the meter says demand 0.000000005, the server none" in mine.differences[0].text


def test_a_credit_that_the_credit_log_lacks_is_taken_as_the_meter_says_it_and_told():
    bodies, account = journal()
    lost = CreditApplied(6, 2 * HOUR, account.balance + NANO, 3, "lost", NANO)
    after = Reading(7, 3 * HOUR, account.balance + NANO - 200_000, 701, (Used("flat", 0, 200_000, 1),), 200_000)
    mine = take(upload(11, 1, [*bodies, encode_entry(lost), encode_entry(after)])).meters["m1"]
    assert mine.unlogged == [UnloggedCommand(6, 2 * HOUR, 3, GrantCredit("lost", NANO), NANO, None)]
    assert (mine.differences, mine.offset) == ([], 0)
    assert (mine.account.balance, mine.account.command) == (account.balance + NANO - 200_000, 3)


def test_a_payment_that_the_meter_refuses_is_reported():
    bodies, account = journal()
    commands = COMMANDS | {3: Command("m1", 3, 0, GrantCredit("d", NANO))}
    refused = Refused(6, 2 * HOUR, account.balance, 3, "not today")
    mine = take(upload(11, 1, [*bodies, encode_entry(refused)]), views=view(commands)).meters["m1"]
    assert mine.applied[-1].reason == "not today"
    assert "credit d was refused: not today" in mine.differences[0].text


def test_what_fails_with_one_meter_is_that_meter_s_alone():
    """Its account is no account: what is added to it can't be right. What came of the others, in one message, is taken in."""
    bodies, account = journal()
    views = view()
    views["m2"].account.balance = 5
    other = Account()
    spans = (Span("m2", 1, (encode_entry(other.event(HOUR, "power-up")),)), Span("m1", 1, tuple(bodies)))
    status = MeterStatus("m2", 1, HOUR, 0, None, None, 0)
    result = take(
        (topics.up("g1"), seal(KEY, Upload("g1", 1, 11, spans, (0, 0)))),
        (topics.up("g1"), seal(KEY, Status("g1", 1, 12, HOUR, True, (status,)))),
        views=views,
    )
    assert set(result.broken) == {"m2"}
    assert [[head.meter for head in receipt.heads] for receipt in result.receipts] == [["m1"], []]
    assert set(result.meters) == {"m1"} and not result.statuses
    assert result.meters["m1"].account.balance == account.balance
