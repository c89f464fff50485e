"""The frames of Modbus: those of real meters, and streams in which they are hard to find."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.edge.protocols.errors import NoAnswer, Refused
from prewatt.edge.protocols.exchange import Answer
from prewatt.edge.protocols.modbus import ReadBits, ReadRegisters, write_coil, write_register, write_registers
from prewatt.edge.protocols.modbus_frames import Frame, FrameStream, Rtu, Side, Tcp
from tests.edge.frames.modbus import check

VECTORS = json.loads((Path(__file__).parent / "vectors" / "modbus_maps.json").read_text())
CAPTURES = {each["id"]: each for each in VECTORS["captures"]}
WORDS = st.integers(0, 0xFFFF)
FRAMINGS = st.sampled_from([Rtu(), Tcp(), Tcp(counts=False)])


def answer_to(question, words, framing, unit=1, transaction=7):
    """The frame in which a unit answers a question that reads registers."""
    data = b"".join(word.to_bytes(2, "big") for word in words)
    return framing.pack(unit, bytes([question.function, len(data)]) + data, transaction)


def read(framing=None, count=2, unit=1, function=4, address=0x48, transaction=7):
    return ReadRegisters(framing or Rtu(), unit, function, address, count, transaction)


def test_all_captured_frames_and_maps_are_understood_as_they_say():
    assert check(VECTORS) == []


@pytest.mark.parametrize(
    ("identity", "change"),
    [
        ("m00", {"address": "0x0901"}),
        ("m18", {"registers_hex": "000001B300000001"}),
        ("m19", {"exception": 3}),
        ("m21", {"exception_meaning": "busy"}),
        ("m16", {"crc_ok": True, "problem": ""}),
        ("m22", {"crc_ok": False}),
        ("m37", {"transaction": 19}),
        ("m38", {"length_ok": False}),
        ("m27", {"count": 3}),
        ("m30", {"valid_frame": True}),
    ],
)
def test_what_a_file_says_wrongly_of_a_frame_is_named(identity, change):
    lines = check({"captures": [CAPTURES[identity] | change]})
    assert lines and lines[0].startswith(f"{identity}: ")


def test_a_register_that_a_model_reads_otherwise_is_named():
    meter = next(each for each in VECTORS["meters"] if each["id"] == "eastron-sdm120")
    registers = [each | {"scale": "0.001"} if each["address"] == "0x0048" else each for each in meter["registers"]]
    lines = check({"meters": [meter | {"registers": registers, "word_order": "LOW word first (little)"}]})
    assert [line.split(":")[1].strip() for line in lines] == ["word order", "energy"]


@pytest.mark.parametrize(
    "odd", [None, [], {}, 7, "x", {"captures": [{}, {"hex": "zz"}, {"hex": ""}, 3]}, {"meters": [{}]}]
)
def test_a_file_of_another_form_does_not_stop_the_comparison(odd):
    document = odd if isinstance(odd, dict) else {"captures": odd, "meters": odd}
    assert isinstance(check(document), list)


@settings(deadline=None)
@given(st.binary(max_size=40), st.sampled_from(["rtu", "tcp", "stream"]), st.sampled_from(["request", "response"]))
def test_the_comparison_takes_any_bytes(data, transport, kind):
    frame = {"hex": data.hex(), "transport": transport, "kind": kind, "crc_ok": True, "unit": 1, "registers_hex": "00"}
    assert isinstance(check({"captures": [frame]}), list)


@settings(deadline=None)
@given(FRAMINGS, st.lists(WORDS, min_size=1, max_size=125), st.binary(max_size=30), st.binary(max_size=30), st.data())
def test_an_answer_is_found_in_noise_and_in_pieces(framing, words, before, after, data):
    question = read(framing, len(words))
    stream = before + answer_to(question, words, framing) + after
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    answers = [answer for piece in pieces if (answer := question.feed(piece))]
    assert answers[:1] == [Answer(tuple(words))]


@settings(deadline=None)
@given(FRAMINGS, st.lists(WORDS, min_size=1, max_size=20), st.data())
def test_a_broken_frame_is_no_answer(framing, words, data):
    """One bit of it is turned. Over TCP the bytes themselves are safe, and what is not data has to be right."""
    question = read(framing, len(words))
    frame = bytearray(answer_to(question, words, framing))
    # The transaction, the protocol, the length, the unit, the function and the count of bytes.
    first = 0 if framing.counts else 2
    bit = data.draw(st.integers(8 * first, 8 * (len(frame) if isinstance(framing, Rtu) else 9) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    try:
        assert question.feed(bytes(frame)) is None
    except Refused:
        # A turned bit of the function makes it a refusal, which over TCP nothing guards.
        assert not isinstance(framing, Rtu)


@settings(deadline=None, max_examples=300)
@given(FRAMINGS, st.lists(st.binary(max_size=20), max_size=20))
def test_any_bytes_are_taken_without_an_error_or_an_endless_buffer(framing, pieces):
    question = read(framing)
    for piece in pieces:
        try:
            question.feed(piece)
        except Refused:
            return
    assert question.seen()
    assert len(question._stream._buffer) <= 264


def test_the_buffer_stays_bounded_and_each_place_is_looked_at_a_few_times_only():
    class Counting(Rtu):
        looks = 0

        def read(self, buffer, at, side):
            Counting.looks += 1
            return super().read(buffer, at, side)

    stream = FrameStream(Counting(), (Side.ANSWER,))
    # Each pair of bytes may begin an answer of 250 registers.
    for _ in range(2_000):
        stream.feed(b"\x01\x04\xfa")
    assert len(stream._buffer) <= 264
    assert Counting.looks < 6_000 * 100


def test_answers_of_other_units_before_the_own_one_are_skipped():
    question = read(unit=3)
    others = b"".join(answer_to(question, (1, 2), Rtu(), unit) for unit in (1, 2, 4))
    assert question.feed(others) is None
    assert question.seen() == "an answer of unit 1, an answer of unit 2, an answer of unit 4"
    assert question.feed(answer_to(question, (5, 6), Rtu(), 3)) == Answer((5, 6))


def test_what_looks_like_an_answer_within_the_frame_of_another_unit_is_none():
    question = read(count=1)
    inside = answer_to(question, (7,), Rtu())
    outer = answer_to(question, [int.from_bytes(inside[i : i + 2], "big") for i in range(0, 6, 2)], Rtu(), unit=9)
    assert question.feed(outer) is None
    outer = Rtu().pack(9, bytes([4, 8]) + inside + b"\0", 0)
    assert question.feed(outer) is None and question.feed(inside) == Answer((7,))


def test_only_the_echo_of_the_question_is_named_as_that():
    question = read()
    assert question.feed(question.request) is None
    assert question.seen() == "only the echo of the question"


def test_the_echo_before_an_answer_is_skipped_and_a_part_of_one_too():
    for echo in (read().request, read().request[:5], read().request[3:]):
        question = read()
        assert question.feed(echo + answer_to(question, (1, 2), Rtu())) == Answer((1, 2))


def test_a_stray_zero_before_and_a_lost_last_byte_are_no_answer_and_the_next_one_is():
    """As an adapter sends that turns its direction too late and too early."""
    for identity in ("m33", "m34"):
        question = read(address=0)
        assert question.feed(bytes.fromhex(CAPTURES[identity]["hex"])) is None
        assert question.seen() == "9 bytes that are no whole frame"
        assert question.feed(answer_to(question, (0x4366, 0xB333), Rtu())) == Answer((0x4366, 0xB333))


def test_over_tcp_an_answer_with_another_transaction_number_is_skipped():
    question = read(Tcp(), transaction=8)
    assert question.feed(answer_to(question, (1, 2), Tcp(), transaction=7)) is None
    assert question.seen() == "an answer to another question"
    assert question.feed(answer_to(question, (3, 4), Tcp(), transaction=8)) == Answer((3, 4))


def test_a_gateway_that_does_not_send_the_number_back_is_understood_where_it_is_set_so():
    assert read(Tcp(), transaction=8).feed(answer_to(read(), (1, 2), Tcp(), transaction=0)) is None
    question = read(Tcp(counts=False), transaction=8)
    assert question.feed(answer_to(question, (1, 2), Tcp(), transaction=0)) == Answer((1, 2))


@pytest.mark.parametrize(
    ("code", "words"), [(1, "illegal function"), (2, "illegal data address"), (6, "busy"), (99, "error 99")]
)
def test_refusals_bear_their_names(code, words):
    with pytest.raises(Refused, match=words) as refused:
        read().feed(Rtu().pack(1, bytes([0x84, code]), 0))
    assert refused.value.code == code


@pytest.mark.parametrize("code", [10, 11])
def test_a_meter_that_its_gateway_does_not_reach_is_silent_and_has_not_refused(code):
    with pytest.raises(NoAnswer, match="the gateway says of unit 1: gateway"):
        read(Tcp(), transaction=7).feed(Tcp().pack(1, bytes([0x84, code]), 7))
    frame = Tcp().pack(1, bytes([0x84, code]), 7).hex()
    assert check({"captures": [{"hex": frame, "transport": "tcp", "kind": "response", "exception": code}]}) == []


def test_a_refusal_of_another_function_or_unit_is_skipped():
    question = read()
    assert question.feed(Rtu().pack(1, b"\x83\x02", 0) + Rtu().pack(2, b"\x84\x02", 0)) is None
    assert question.feed(answer_to(question, (1, 2), Rtu())) == Answer((1, 2))


def test_bits_are_read_in_their_order():
    question = ReadBits(Rtu(), 1, 1, 0, 8)
    # From a module's description: relays 0 and 6 are on.
    assert question.feed(bytes.fromhex("0101014191B8")) == Answer((True, *[False] * 5, True, False))
    assert ReadBits(Rtu(), 1, 1, 0, 8).request == bytes.fromhex("0101000000083DCC")


def test_a_write_counts_only_if_address_and_value_are_confirmed():
    assert write_coil(Rtu(), 1, 0, True).request == bytes.fromhex("01050000FF008C3A")
    for question, right, wrong in (
        (write_coil(Rtu(), 1, 2, True), b"\x05\x00\x02\xff\x00", b"\x05\x00\x02\x00\x00"),
        (write_register(Rtu(), 1, 2, 7), b"\x06\x00\x02\x00\x07", b"\x06\x00\x02\x00\x08"),
        (write_registers(Rtu(), 1, 2, [7, 8]), b"\x10\x00\x02\x00\x02", b"\x10\x00\x03\x00\x02"),
    ):
        assert question.feed(Rtu().pack(1, wrong, 0)) is None
        assert question.seen() == "an answer to another question"
        assert question.feed(Rtu().pack(1, right, 0)) == Answer(None)


def test_only_writes_whose_answer_is_the_same_bytes_are_said_to_mirror():
    assert write_coil(Rtu(), 1, 0, True).mirrors and write_register(Rtu(), 1, 0, 1).mirrors
    assert not write_registers(Rtu(), 1, 0, [1]).mirrors and not read().mirrors


def test_both_words_of_a_value_are_written_at_once():
    """As a maker's manual shows it: the float 1.0."""
    assert write_registers(Rtu(), 1, 0x2A, [0x3F80, 0]).request.hex().upper() == CAPTURES["m17"]["hex"]


def test_questions_of_others_are_heard_as_such():
    stream = FrameStream(Rtu(), (Side.QUESTION, Side.ANSWER))
    frames = stream.feed(read(unit=5).request + answer_to(read(), (1, 2), Rtu(), 5))
    assert [(each.side, each.unit) for each in frames] == [(Side.QUESTION, 5), (Side.ANSWER, 5)]
    assert all(isinstance(each, Frame) for each in frames)
