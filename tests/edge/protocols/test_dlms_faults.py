"""What goes wrong on lines and at meters of DLMS/COSEM: no value is taken that the meter did not give to this question."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.dlms.acse import RESPONDING_TITLE, Result, aare, decode_acse
from prewatt.edge.protocols.dlms.axdr import Data, Type
from prewatt.edge.protocols.dlms.client import Client, Credentials
from prewatt.edge.protocols.dlms.datetimes import Deviation, decode_instant, encode_instant
from prewatt.edge.protocols.dlms.hdlc import client_address, decode_frame, server_address
from prewatt.edge.protocols.dlms.link import HdlcLink
from prewatt.edge.protocols.dlms.search import PUBLIC_CLIENT, Found, probe
from prewatt.edge.protocols.dlms.wrapper import Wrapped, WrappedStream
from prewatt.edge.protocols.dlms.xdlms import GetResponse
from prewatt.edge.protocols.errors import NoAnswer, ProtocolError, Refused, WrongAnswer
from prewatt.kernel.units import HOUR, MINUTE
from prewatt.sim.meters.line import Line, LineFaults
from tests.edge.protocols.dlms_wall import BEGIN, REGISTER, Wall

VECTORS = Path(__file__).parent / "vectors"
PEER = json.loads((VECTORS / "dlms_cosem_21.3.2.json").read_text())["exchanges"]


@pytest.mark.parametrize("exchange", PEER, ids=lambda each: f"{each['model']} {each['framing']}")
def test_a_played_meter_answers_a_client_that_is_not_ours_as_that_client_understood(exchange):
    changes = {"address_bytes": 2} if exchange["framing"] == "line" else {}
    wall = Wall(exchange["model"], exchange["framing"], changes=changes, pdu_size=200)
    for step in exchange["steps"]:
        answer = b"".join(wall.responder.feed(bytes.fromhex(step["to_meter"])))
        assert answer.hex().upper() == step["from_meter"]
    assert wall.load.closed is False


def mutations(frame):
    """Ways to spoil an answer: nothing, turned bits, lost bytes, twice, cut off, noise around."""
    place = st.integers(0, max(len(frame) - 1, 0))
    return st.one_of(
        st.just([frame]),
        st.tuples(place, st.integers(1, 255)).map(
            lambda at: [frame[: at[0]] + bytes((frame[at[0]] ^ at[1],)) + frame[at[0] + 1 :]]
        ),
        place.map(lambda at: [frame[:at] + frame[at + 1 :]]),
        place.map(lambda at: [frame[:at]]),
        place.map(lambda at: [frame[:at], frame[at:]]),
        st.just([frame, frame]),
        st.binary(max_size=12).map(lambda noise: [noise, frame, noise]),
        st.just([]),
    )


@pytest.mark.parametrize(("name", "framing"), [("dlms-lls", "line"), ("dlms-lls", "tcp"), ("dlms-gmac", "line")])
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_spoiled_answers_never_become_a_wrong_value(name, framing, data):
    """Several readings over a line on which each answer may be spoiled, and may come once more with the next one."""
    wall = Wall(name, framing)
    before = []

    def ask(exchange):
        frames = wall.responder.feed(exchange.request)
        pieces = before[-1:] if data.draw(st.booleans()) else []
        for frame in frames:
            pieces = [*pieces, *data.draw(mutations(frame))]
            before.append(frame)
        for piece in pieces:
            answer = exchange.feed(piece)
            if answer is not None:
                return answer.value
        raise NoAnswer(exchange.seen())

    for _ in range(2):
        wall.load.register += 100
        wall.now += MINUTE
        for conversation, right in (
            (wall.meter.read_register(), lambda: wall.load.register),
            (wall.meter.read_power(), lambda: wall.played.power()),
            (wall.meter.read_switch(), lambda: True),
        ):
            try:
                value = converse(conversation, ask)
            except ProtocolError as error:
                assert str(error)
            else:
                # Without ciphering a turned byte of a TCP answer can't be seen: TCP itself has a checksum.
                if framing == "line":
                    assert getattr(value, "active", value) == right()


@pytest.mark.parametrize("seed", range(4))
def test_meters_on_one_noisy_line_are_told_apart(seed):
    walls = [Wall() for _ in range(2)]
    walls[1].responder._address = server_address(1, 18, 4)
    walls[1].meter = None
    walls[0].load.register, walls[1].load.register = 1000, 2000
    line = Line(
        [wall.responder for wall in walls],
        faults=LineFaults(echoes=True, noise=0.3, splits=0.5, garbles=0.1, glues=0.3, loses=0.1),
        seed=seed,
    )
    wall, seen = walls[0], []

    def ask(exchange):
        for piece in line.feed(exchange.request):
            answer = exchange.feed(piece.data)
            if answer is not None:
                return answer.value
        raise NoAnswer(exchange.seen())

    for _ in range(40):
        try:
            seen.append(converse(wall.meter.read_register(), ask))
        except ProtocolError:
            wall.now += MINUTE
    assert {*seen} == {1000} and len(seen) > 10


@pytest.mark.parametrize("unanswered", [2, 3])
def test_whichever_question_is_not_answered_the_link_is_closed(unanswered):
    wall = Wall()
    feed = wall.responder.feed
    wall.responder.feed = lambda data: [] if len(wall.log) > unanswered else feed(data)
    with pytest.raises(NoAnswer):
        wall.run(wall.meter.read_register())
    assert wall.kinds()[unanswered:] == ["I", "DISC"]
    wall.responder.feed = feed
    assert wall.run(wall.meter.read_register()) == REGISTER


def test_a_switch_that_moved_while_its_confirmation_was_lost_has_moved():
    for closed in (False, True):
        wall = Wall()
        wall.load.closed = not closed
        feed = wall.responder.feed

        def losing(data, feed=feed):
            answers = feed(data)
            return [] if b"\xc3\x01" in data else answers

        wall.responder.feed = losing
        wall.run(wall.meter.set_switch(closed))
        assert wall.load.closed is closed
        wall.load.closed, wall.played.faults.sticks = not closed, True
        with pytest.raises(NoAnswer):
            wall.run(wall.meter.set_switch(closed))
        wall.played.faults.silent = True
        with pytest.raises(NoAnswer):
            wall.run(wall.meter.set_switch(closed))


def test_both_states_of_a_switch_must_say_that_it_has_moved():
    wall = Wall()
    wall.load.closed = False
    get = wall.server.objects.get
    control = Data(Type.ENUM, 1)
    wall.server.objects.get = lambda asked: control if (asked.class_id, asked.number) == (70, 3) else get(asked)
    wall.played.faults.sticks = True
    with pytest.raises(ProtocolError, match="confirmed, but it still stands open"):
        wall.run(wall.meter.set_switch(closed=True))


def test_a_header_of_the_wrapper_that_speaks_of_too_much_is_none():
    stream = WrappedStream(17, 1, 600)
    whole = Wrapped(17, 1, b"\xc4\x01\xc1\x00\x00").encode()
    assert stream.feed(whole[:6] + b"\xff\xff" + whole) == [whole[8:]]


def test_an_echo_with_lost_bytes_and_no_meter_is_said_to_be_that():
    steps = next(
        each
        for each in json.loads((VECTORS / "dlms_transcripts.json").read_text())["transcripts"]
        if each["id"] == "d05"
    )["steps"]
    link = HdlcLink(bytes.fromhex("27"), bytes.fromhex("2041"))
    exchange = next(link.connect())
    for step in steps[1:]:
        assert exchange.feed(bytes.fromhex(step["hex"])) is None
    assert exchange.seen() == f"{sum(len(step['hex']) // 2 for step in steps[1:])} bytes that are no frame"


def test_a_push_between_question_and_answer_is_skipped():
    wall = Wall()
    wall.run(wall.meter.read_register())
    push = bytes.fromhex(
        next(
            each
            for each in json.loads((VECTORS / "dlms_transcripts.json").read_text())["transcripts"]
            if each["id"] == "d23"
        )["steps"][0]["hex"]
    )
    frame = decode_frame(push)
    own = type(frame)(client_address(1), server_address(1, 17, 4), 0x13, frame.information).encode()
    feed = wall.responder.feed
    wall.responder.feed = lambda data: [push, own, *feed(data)]
    assert wall.run(wall.meter.read_register()) == REGISTER


def test_an_association_without_the_optional_fields_is_understood():
    wall = Wall()
    associate = wall.server._associate

    def bare(client, question):
        answer = associate(client, question)
        return type(answer)(answer.tag, tuple(each for each in answer.elements if each[0] not in (0xBE, 0xA3)))

    wall.server._associate = bare
    assert wall.run(wall.meter.read_register()) == REGISTER


@pytest.mark.parametrize(("answer", "error", "words"), [
    (aare(Result.REJECTED_TRANSIENT, 0, None), ProtocolError, "takes no association now"),
    (aare(Result.REJECTED_PERMANENT, 2, None), Refused, "application context is not supported"),
    (aare(Result.ACCEPTED, 14, None), WrongAnswer, "authentication is required"),
    (aare(Result.ACCEPTED, 0, bytes.fromhex("0E0106FF")), WrongAnswer, "cannot begin an association"),
    (aare(Result.ACCEPTED, 0, bytes.fromhex("080005")), WrongAnswer, "version 5"),
])  # fmt: skip
def test_associations_that_do_not_come_about_say_why(answer, error, words):
    wall = Wall()
    wall.server._associate = lambda *_: answer
    with pytest.raises(error, match=words):
        wall.run(wall.meter.read_register())
    assert wall.kinds()[-1] == "DISC"


def test_a_meter_that_hands_back_our_own_title_is_not_believed():
    wall = Wall("dlms-gmac")
    begin = wall.server._begin_hls

    def mirror(client, asked):
        answer = begin(client, asked)
        own = b"\x04\x08" + bytes.fromhex(wall.access.system_title)
        elements = tuple((tag, own if tag == RESPONDING_TITLE else content) for tag, content in answer.elements)
        return decode_acse(type(answer)(answer.tag, elements).encode())

    wall.server._begin_hls = mirror
    with pytest.raises(WrongAnswer, match="our own title or challenge"):
        wall.run(wall.meter.read_register())


def test_an_answer_that_is_not_ciphered_is_not_taken_where_it_must_be():
    wall = Wall("dlms-gmac", framing="tcp")
    wall.run(wall.meter.read_register())
    answer = wall.server.answer

    def plain(client, question):
        ciphered = answer(client, question)
        if ciphered[0] != 0xCC:
            return ciphered
        return GetResponse(wall.meter._association.client._invoke, (Data(Type.DOUBLE_LONG_UNSIGNED, 1),)).encode()

    wall.server.answer = plain
    with pytest.raises(NoAnswer, match="an answer to another question"):
        wall.run(wall.meter.read_register())


def test_a_meter_whose_answer_is_never_ready_is_not_waited_for_without_end():
    wall = Wall()
    wall.run(wall.meter.read_register())
    ready = bytes.fromhex("11")
    wall.responder._answer = lambda client, frame: type(frame)(
        frame.source, frame.destination, ready[0] | ((frame.sent + 1) % 8 if frame.kind == "I" else frame.received) << 5
    )
    sequence = []
    answer = wall.responder._answer

    def same(client, frame):
        sequence.append(frame.kind)
        if frame.kind == "I":
            wall.next = (frame.sent + 1) % 8
        return type(frame)(frame.source, frame.destination, ready[0] | wall.next << 5) if frame.kind != "DISC" else None

    wall.responder._answer = same
    with pytest.raises(WrongAnswer, match="again and again"):
        wall.run(wall.meter.read_register())
    assert sequence.count("RR") < 15 and answer


def test_an_answer_that_is_not_ready_at_once_is_asked_for():
    wall = Wall()
    wall.run(wall.meter.read_register())
    answer, held = wall.responder._answer, []

    def slow(client, frame):
        if frame.kind == "I":
            held.append(answer(client, frame))
            return type(frame)(frame.source, frame.destination, 0x11 | held[-1].received << 5)
        return held.pop() if frame.kind == "RR" else answer(client, frame)

    wall.responder._answer = slow
    assert wall.run(wall.meter.read_register()) == REGISTER


def test_deviations_have_either_sign():
    octets = bytes.fromhex("07EA0911040C0F0600FF4C00")  # 2026-09-17 12:15:06 in Moscow, as a meter there wrote it
    at = decode_instant(octets, Deviation())
    assert at == 1_789_636_506 * 10**6
    reversed_sign = octets[:9] + (180).to_bytes(2, signed=True) + octets[11:]
    assert decode_instant(reversed_sign, Deviation(reversed=True)) == at
    not_given = octets[:9] + b"\x80\x00" + octets[11:]
    assert decode_instant(not_given, Deviation(if_not_given=-180)) == at
    for like, deviation in (
        (octets, Deviation()), (reversed_sign, Deviation(reversed=True)), (not_given, Deviation(if_not_given=-180))
    ):  # fmt: skip
        written = encode_instant(at + HOUR, like, deviation)
        assert written[5:] == b"\x0d" + like[6:] and decode_instant(written, deviation) == at + HOUR


@pytest.mark.parametrize("octets", [
    "07EA0911040C0F0600FF4C", "FFFF0911040C0F0600FF4C00", "07EA0D11040C0F0600FF4C00", "07EA0911040C0F06000F0000",
])  # fmt: skip
def test_times_that_cannot_be_are_refused(octets):
    with pytest.raises(WrongAnswer):
        decode_instant(bytes.fromhex(octets), Deviation())


def test_power_that_flows_out_is_taken_off_and_signs_are_kept():
    wall = Wall()
    get = wall.server.objects.get

    def exporting(attribute):
        if attribute.number == 2 and attribute.name == bytes((1, 0, 2, 7, 0, 255)):
            return Data(Type.DOUBLE_LONG_UNSIGNED, 3000)
        if attribute.number == 2 and attribute.name == bytes((1, 0, 3, 7, 0, 255)):
            return Data(Type.DOUBLE_LONG, -40)
        return get(attribute)

    wall.server.objects.get = exporting
    power = wall.run(wall.meter.read_power())
    assert (power.active, power.reactive) == (-700, -40)


def test_what_a_meter_has_not_is_asked_for_once():
    wall = Wall("nartis-100")
    get = wall.server.objects.get
    wall.server.objects.get = lambda attribute: 4 if attribute.name[2] in (1, 14) else get(attribute)
    assert wall.run(wall.meter.read_power()) is None
    wall.log.clear()
    assert wall.run(wall.meter.read_power()) is None
    assert wall.log == []


def test_two_clients_at_one_meter_have_links_of_their_own():
    wall = Wall()
    wall.run(wall.meter.read_register())
    public = Client(HdlcLink(client_address(16), server_address(1, 17, 4)), Credentials(), lambda count: bytes(count))
    wall.run(public.open())
    assert wall.run(wall.meter.read_register()) == REGISTER
    assert wall.run(wall.meter.read_clock()) == BEGIN
    wall.run(public.close())
    assert wall.run(wall.meter.read_register()) == REGISTER


def test_a_meter_is_found_without_a_password_and_left_in_order():
    wall = Wall("dlms-gmac")
    other = HdlcLink(client_address(PUBLIC_CLIENT), server_address(1, 18, 4))
    assert wall.run(probe(other)) is None
    link = HdlcLink(client_address(PUBLIC_CLIENT), server_address(1, 17, 4))
    assert wall.run(probe(link)) == Found(b"PLY52207839", b"52207839")
    assert wall.server.associations == {} and wall.kinds()[-1] == "DISC"
    shy = Wall("dlms-lls", changes={"counter_client": 2})
    shy.responder._clients[client_address(PUBLIC_CLIENT)] = PUBLIC_CLIENT
    assert shy.run(probe(link)) == Found()
