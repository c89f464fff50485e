"""Staff on site: what a grant allows, and what a recorded session, an expired grant, a foreign one or a clock set back
are worth.
"""

import os

import msgspec
import pytest

from prewatt.edge.effects import Reply
from prewatt.edge.revocations import RevokedGrants
from prewatt.edge.staff import Session
from prewatt.kernel.orders import Close, Open, Restore
from prewatt.kernel.units import DAY, HOUR, NANO, SECOND
from prewatt.wire.on_site import (
    MAX_MESSAGE,
    Act,
    Answer,
    AskStatus,
    Assembler,
    Challenge,
    GatewayKey,
    Grant,
    OnSiteError,
    ReadHead,
    SetClock,
    SiteMeter,
    TypedCode,
    answer_is_signed,
    encode,
    open_status,
    packets,
    sign_grant,
    sign_instruction,
)
from prewatt.wire.signing import SigningKey, VerifyKey

NOW = 1_790_000_000 * SECOND
SERVER, GATEWAY, PHONE = (SigningKey.generate() for _ in range(3))


class Here:
    """A gateway of which only what was asked for is known."""

    gateway = "g1"

    def __init__(self):
        self.at, self.done = NOW, []
        self.list = RevokedGrants(VerifyKey(SERVER.public()), 3)

    def now(self):
        return self.at

    def overview(self):
        return False, self.at, (SiteMeter("m1", "Flat 1", 7, self.at, True),)

    def submit_code(self, meter, digits, way):
        self.done.append((meter, digits, way))
        return Reply(True, "Credited.")

    def act(self, meter, action, by, grant="", reason=""):
        self.done.append((meter, action, by, grant, reason))
        return Reply(True, "Done.")

    def revoked(self, grant):
        return grant in self.list, self.list.made_at

    def take_revocations(self, signed):
        self.list.take(signed)

    def journal_head(self, meter):
        return (7, "ab" * 32) if meter == "m1" else None

    def set_clock(self, at, by):
        self.done.append((at, by))
        return Reply(True, "The clock is set.")


def grant(**changes):
    fields = {
        "grant": "grant-1",
        "property": 3,
        "holder": "Sam",
        "key": PHONE.public(),
        "actions": ("restore", "open", "close", "read-head", "set-clock"),
        "begins": NOW - HOUR,
        "ends": NOW + DAY,
        "most_amount": 5 * NANO,
        "longest": 12 * HOUR,
        "issued": NOW - HOUR,
        "gateways": (GatewayKey("g1", GATEWAY.public()),),
    }
    return Grant(**{**fields, **changes})


class Visitor:
    """A phone with a key and a grant, at a session with the gateway."""

    def __init__(self, here=None, signer=SERVER, key=PHONE, **changes):
        self.here, self.key, self.count = here or Here(), key, 0
        self.session = Session(self.here, GATEWAY, VerifyKey(SERVER.public()), 3, lambda: os.urandom(32))
        self.sent = []
        self.opened = self.say(encode(sign_grant(signer, grant(**changes))))

    def say(self, message):
        self.sent.append(message)
        return self.session.handle(message)

    def ask(self, instruction):
        self.count += 1
        answer = self.say(encode(sign_instruction(self.key, self.opened, self.count, instruction)))
        if answer.signature:
            assert answer_is_signed(VerifyKey(GATEWAY.public()), self.opened.nonce, answer)
        return answer


def test_a_granted_action_is_done_in_the_holders_name_and_the_answer_is_signed():
    visitor = Visitor()
    assert isinstance(visitor.opened, Challenge)
    answer = visitor.ask(Act("m1", Close(), "breaker was off"))
    assert answer.done and answer.signature and answer.count == 1
    assert visitor.here.done == [("m1", Close(), "Sam", "grant-1", "breaker was off")]
    head = visitor.ask(ReadHead("m1"))
    assert (head.done, head.head) == (True, "ab" * 32)
    assert visitor.ask(SetClock(NOW + HOUR)).done


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ends": NOW}, "expired"),
        ({"begins": NOW + 1}, "not valid yet"),
        ({"property": 4}, "another property"),
        ({"signer": PHONE}, "not signed"),
    ],
)
def test_a_grant_that_does_not_hold_here_and_now_opens_nothing(changes, said):
    visitor = Visitor(**changes)
    assert isinstance(visitor.opened, Answer) and said in visitor.opened.text
    with pytest.raises(AttributeError):
        visitor.ask(Act("m1", Open()))
    assert visitor.here.done == []


def test_a_grant_that_expires_in_the_session_is_worth_nothing_any_more():
    visitor = Visitor()
    visitor.here.at = NOW + DAY
    assert "expired" in visitor.ask(Act("m1", Close())).text
    assert visitor.here.done == []


def test_a_recorded_session_is_worth_nothing():
    first = Visitor()
    first.ask(Act("m1", Close()))
    recorded = list(first.sent)
    assert first.say(recorded[1]).text == "This instruction was sent before, so it is not carried out again."
    thief = Session(first.here, GATEWAY, VerifyKey(SERVER.public()), 3, lambda: os.urandom(32))
    answers = [thief.handle(message) for message in recorded]
    assert isinstance(answers[0], Challenge), "the grant is no secret"
    assert "not signed for this session" in answers[1].text
    assert len(first.here.done) == 1


def test_a_stolen_grant_is_worth_nothing_without_the_phones_key():
    thief = Visitor(key=SigningKey.generate())
    assert "not signed" in thief.ask(Act("m1", Close())).text
    assert thief.here.done == []


def test_instructions_out_of_turn_are_refused():
    visitor = Visitor()
    visitor.count = 1
    assert "sent before" in visitor.ask(Act("m1", Close())).text


@pytest.mark.parametrize(
    ("instruction", "changes", "said"),
    [
        (Act("m1", Open()), {"actions": ("close",)}, "does not allow"),
        (ReadHead("m1"), {"actions": ("close",)}, "does not allow"),
        (SetClock(NOW), {"actions": ("close",)}, "does not allow"),
        (SetClock(NOW + 2 * DAY), {}, "between the grant's start and its end"),
        (SetClock(NOW - 2 * HOUR), {}, "between the grant's start and its end"),
        (Act("m1", Restore(amount=6 * NANO)), {}, "amount is more than"),
        (Act("m1", Restore(until=NOW + 13 * HOUR)), {}, "more hours than"),
        (Act("m1", Restore(amount=NANO, until=NOW + 13 * HOUR)), {}, "more hours than"),
        (Act("m1", Restore(until=NOW + HOUR)), {"longest": 0}, "only with an amount"),
        (Act("m1", Restore(amount=NANO)), {"most_amount": 0}, "amount is more than"),
        (ReadHead("m9"), {}, "no meter m9"),
    ],
)
def test_what_a_grant_does_not_allow_is_refused(instruction, changes, said):
    visitor = Visitor(**changes)
    answer = visitor.ask(instruction)
    assert not answer.done and said in answer.text and answer.signature
    assert visitor.here.done == []


def test_without_a_grant_one_can_type_a_code_and_ask_for_the_status_but_no_more():
    here = Here()
    session = Session(here, GATEWAY, VerifyKey(SERVER.public()), 3, lambda: os.urandom(32))
    assert session.handle(encode(TypedCode("m1", "1" * 20))).done
    assert here.done == [("m1", "1" * 20, "bluetooth")]
    nonce = os.urandom(32)
    signed = session.handle(encode(AskStatus(nonce)))
    status = open_status(VerifyKey(GATEWAY.public()), nonce, signed)
    assert (status.gateway, status.online, status.meters[0].meter) == ("g1", False, "m1")
    with pytest.raises(OnSiteError, match="recorded"):
        open_status(VerifyKey(GATEWAY.public()), os.urandom(32), signed)
    with pytest.raises(OnSiteError, match="not signed"):
        open_status(VerifyKey(PHONE.public()), nonce, signed)
    challenge = Challenge("g1", bytes(32), NOW)
    assert "show a grant" in session.handle(encode(sign_instruction(PHONE, challenge, 1, ReadHead("m1")))).text.lower()


@pytest.mark.parametrize("message", [b"", b"\x00", b"\xff" * 100, os.urandom(500), b"x" * (MAX_MESSAGE + 1)])
def test_nonsense_is_answered_not_raised(message):
    session = Session(Here(), GATEWAY, VerifyKey(SERVER.public()), 3, lambda: os.urandom(32))
    assert not session.handle(message).done


def test_a_changed_answer_is_not_the_gateways():
    visitor = Visitor()
    answer = visitor.ask(Act("m1", Close()))
    forged = msgspec.structs.replace(answer, text="Done and dusted.")
    assert not answer_is_signed(VerifyKey(GATEWAY.public()), visitor.opened.nonce, forged)


@pytest.mark.parametrize("size", [20, 21, 244])
@pytest.mark.parametrize("length", [0, 1, 19, 20, 500])
def test_packets_are_put_together_again(size, length):
    message, assembler = os.urandom(length), Assembler()
    cut = packets(message, size)
    assert all(len(packet) <= size for packet in cut)
    found = [assembler.take(packet) for packet in cut]
    assert found[:-1] == [None] * (len(cut) - 1) and found[-1] == message


def test_an_endless_message_is_stopped():
    assembler = Assembler()
    with pytest.raises(OnSiteError, match="limit"):
        for _ in range(MAX_MESSAGE):
            assembler.take(b"\0" + b"x" * 100)


def test_a_clock_that_stands_before_the_grants_signature_does_not_keep_staff_out():
    """A gateway without a battery wakes up where its journal ended: the server's signature is later."""
    here = Here()
    here.at = NOW - 3 * DAY
    visitor = Visitor(here)
    assert isinstance(visitor.opened, Challenge)
    assert visitor.ask(SetClock(NOW)).done
    early = Visitor(here, begins=NOW, issued=NOW - HOUR)
    assert "not valid yet" in early.opened.text
