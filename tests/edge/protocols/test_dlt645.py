"""DL/T 645: published frames, streams with all that can be wrong with them, numbers and errors."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.dlt645.bcd import from_bcd, to_bcd
from prewatt.edge.protocols.dlt645.bcd_times import from_time, to_time
from prewatt.edge.protocols.dlt645.codes import Command, Edition, Function
from prewatt.edge.protocols.dlt645.errors import error_names
from prewatt.edge.protocols.dlt645.exchanges import (
    Access,
    Control,
    Payload,
    Read,
    ReadAddress,
    ReadFollowing,
    SetTime,
    Write,
    read,
)
from prewatt.edge.protocols.dlt645.frame import BROADCAST, LONGEST, WILD, Frame, FrameParser, decode_frame
from prewatt.edge.protocols.errors import PasswordRefused, ProtocolError, Refused, WrongAnswer
from prewatt.edge.protocols.exchange import Answer
from prewatt.sim.meters.dlt645_items import item
from tests.edge.frames.dlt645 import check
from tests.edge.frames.status_word import status

VECTORS = json.loads((Path(__file__).parent / "vectors" / "dlt645.json").read_text())
METER, OTHER = "202411110002", "000000000161"
ENERGY = "00010000"
NEW_YEAR = from_time(bytes.fromhex("000000010126"))
ANSWER = Frame(METER, 0x91, bytes.fromhex("00000100") + to_bcd(12_345, 4))


def answers(data, address=METER, control=0x91):
    """The bytes of an answer, its data given in hexadecimal."""
    return Frame(address, control, bytes.fromhex(data)).encode()


def test_every_published_frame_and_stream_is_as_its_source_says():
    assert len(VECTORS["cases"]) == 172
    assert check(VECTORS) == []


@pytest.mark.parametrize("field", ["address", "control", "data", "data_id", "decoded", "error_byte", "length", "hex"])
def test_the_checker_sees_each_field_that_is_stated_wrongly(field):
    seen = 0
    for case in VECTORS["cases"]:
        if field not in case or (field == "hex" and not case["valid_frame"]):
            continue
        wrong = copy.deepcopy(case)
        match wrong[field]:
            case str() as text if field == "hex":
                wrong[field] = text[:-4] + f"{int(text[-4:-2], 16) ^ 1:02X}16"
            case [*_]:
                wrong[field][-1]["value"] = "-1"
            case int() as number:
                wrong[field] = number + 1
            case _:
                wrong[field] = "FF"
        assert check({"cases": [wrong]}), case["id"]
        seen += 1
    assert seen > 5


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=5)
)
def test_the_checker_says_what_it_cannot_check(case):
    assert check({"cases": [case]})


# Streams


def frames(pieces):
    parser = FrameParser()
    found = []
    for piece in pieces:
        found += parser.feed(piece)
        assert parser.waiting < LONGEST
    return found + parser.end()


@given(st.binary(max_size=80), st.binary(max_size=255), st.binary(max_size=80), st.integers(0, 255))
def test_frames_are_the_same_however_the_stream_is_cut(before, data, after, control):
    stream = before + Frame(METER, control, data).encode(4) + after
    assert frames([stream]) == frames(stream[at : at + 1] for at in range(len(stream)))


@given(st.binary(max_size=300).filter(lambda noise: 0x68 not in noise), st.binary(max_size=255))
def test_a_frame_is_found_behind_any_noise(noise, data):
    assert frames([noise + Frame(METER, 0x91, data).encode()]) == [Frame(METER, 0x91, data)]


def test_no_wake_up_byte_or_seven_of_them_and_a_doubled_start_hide_no_frame():
    for wake in (b"", b"\xfe" * 7, b"\x00", b"\x68", b"\xfe\xfe\x68"):
        assert frames([wake + ANSWER.encode()]) == [ANSWER]


def test_a_frame_ends_by_its_length_and_not_at_the_first_16():
    frame = Frame("161616161616", 0x91, bytes.fromhex("000001001616E316"))
    assert frames([frame.encode()]) == [frame]


def test_the_beginning_of_a_frame_that_never_comes_does_not_swallow_the_one_behind_it():
    assert frames([answers("00000100" + "00" * 60)[:30] + ANSWER.encode()]) == [ANSWER]


def test_an_answer_behind_half_a_frame_is_taken_when_nothing_more_comes():
    asked = Read(METER, ENERGY)
    assert asked.feed(answers("00000100" + "00" * 60)[:30] + ANSWER.encode()) is None
    assert asked.end() == Answer(Payload(to_bcd(12_345, 4), False))


PARTS = {
    "noise": st.binary(max_size=20),
    "echo": st.just(Read(METER, ENERGY).request),
    "another identifier": st.just(answers("0001010222")),
    "another meter": st.just(answers("0000010099999999", OTHER)),
    "the wildcard": st.just(answers("0000010099999999", WILD)),
    "another's error": st.just(answers("02", OTHER, 0xD1)),
    "another function": st.just(answers("0000010099999999", METER, 0x92)),
    "half an answer": st.integers(1, 16).map(lambda end: answers("0000010099999999")[:end]),
    "a damaged answer": st.tuples(st.integers(0, 19), st.integers(1, 255)).map(
        lambda change: bytes(
            byte ^ change[1] if at == change[0] else byte for at, byte in enumerate(answers("0000010099999999"))
        )
    ),
}


@given(st.lists(st.one_of(*PARTS.values()), max_size=6), st.booleans(), st.integers(1, 40))
def test_only_the_answer_to_the_question_is_taken_whatever_else_is_on_the_line(parts, answered, step):
    stream = b"".join([*parts, ANSWER.encode()] if answered else parts)
    asked = Read(METER, ENERGY)
    values = [value for at in range(0, len(stream), step) if (value := asked.feed(stream[at : at + step]))]
    if not values and (value := asked.end()):
        values.append(value)
    assert values == ([Answer(Payload(to_bcd(12_345, 4), False))] if answered else [])
    assert asked.seen()


@given(st.binary(max_size=600))
def test_no_bytes_raise_anything_but_an_error_of_the_protocol(stream):
    for asked in (Read(METER, ENERGY), ReadAddress(WILD), Control(METER, Command.TRIP, Access(), NEW_YEAR)):
        try:
            asked.feed(stream)
        except ProtocolError:
            assert stream
        assert asked.seen()


def test_what_came_in_place_of_an_answer_is_named():
    asked = Read(METER, ENERGY)
    assert asked.seen() == "nothing"
    asked.feed(asked.request)
    assert asked.seen() == "only the echo of the question"
    asked.feed(answers("00000100", OTHER) + answers("0000020000000000") + b"\x01\x02")
    assert asked.seen() == (
        f"the echo of the question, an answer of meter {OTHER}, an answer to another question, 2 bytes that are no frame"
    )
    damaged = Read(METER, ENERGY)
    damaged.feed(ANSWER.encode()[:-2] + b"\0\x16")
    assert "a damaged frame" in damaged.seen()


def test_a_late_answer_to_another_identifier_is_never_taken():
    asked = Read(METER, "02010100")
    assert asked.feed(ANSWER.encode()) is None
    assert asked.feed(answers("000101021923")) == Answer(Payload(bytes.fromhex("1923"), False))


def test_an_answer_from_the_wildcard_counts_only_where_the_wildcard_was_asked():
    wild = answers("0000010045230100", WILD)
    assert Read(METER, ENERGY).feed(wild) is None
    assert Read(WILD, ENERGY).feed(wild) is not None
    assert Read(WILD, ENERGY).feed(ANSWER.encode()) is not None
    assert Read("AAAAAAAA0002", ENERGY).feed(ANSWER.encode()) is not None
    assert Read("AAAAAAAA0003", ENERGY).feed(ANSWER.encode()) is None


# Questions


def test_33_is_added_once_to_each_byte_of_the_data_and_to_nothing_else():
    assert Read(METER, ENERGY).request.hex().upper() == "FEFEFEFE68020011112420681104333334331A16"
    asked = Write(METER, "04000102", Access(2, "123456", "00000000"), bytes.fromhex("300512"))
    assert decode_frame(asked.request[4:]).data.hex() == "02010004" + "02563412" + "00000000" + "300512"


def test_an_address_and_a_password_that_are_no_digits_are_refused():
    with pytest.raises(ValueError, match="not 12 digits"):
        Read("1234", ENERGY)
    with pytest.raises(ValueError, match="6 digits"):
        Write(METER, ENERGY, Access(password="0"), b"")


def test_no_meter_answers_a_broadcast():
    assert not SetTime(BROADCAST, NEW_YEAR).expects_answer


def test_a_long_block_is_read_over_several_frames():
    shown = [
        answers("00FF0100" + "01000000", METER, 0xB1),
        answers("00FF0100" + "02000000" + "01", METER, 0xB2),
        answers("00FF0100" + "03000000" + "02", METER, 0x92),
    ]
    late = answers("00FF0100" + "99000000" + "07", METER, 0x92)

    def ask(asked):
        return asked.feed(late + shown.pop(0)).value

    assert converse(read(METER, "0001FF00"), ask).hex() == "010000000200000003000000"


def test_following_frames_of_1997_have_no_sequence_number():
    asked = ReadFollowing(METER, "901F", 1, Edition.OF_1997)
    assert decode_frame(asked.request[4:]) == Frame(METER, 0x02, bytes.fromhex("1F90"))
    assert asked.feed(answers("1F9001000000", METER, 0x82)) == Answer(Payload(bytes.fromhex("01000000"), False))


def test_a_meter_whose_data_never_ends_is_a_wrong_answer():
    def ask(asked):
        return Payload(b"\0", True)

    with pytest.raises(WrongAnswer, match="does not end"):
        converse(read(METER, ENERGY), ask)


# Errors


def test_33_comes_off_an_error_byte_too():
    with pytest.raises(Refused, match="no requested data") as error:
        Read("201000000012", ENERGY).feed(bytes.fromhex("6812000000102068D101351916"))
    assert error.value.code == 2 and not isinstance(error.value, PasswordRefused)


def test_the_bits_of_both_editions_have_their_names():
    assert error_names(0x06) == ("no requested data", "password wrong or not authorised")
    assert error_names(0x06, Edition.OF_1997) == ("identifier wrong", "password wrong")
    assert error_names(0x80) == ("bit 7",)
    with pytest.raises(Refused, match="identifier wrong"):
        Read("000000063295", "9010", Edition.OF_1997).feed(bytes.fromhex("6895320600000068C101359416"))


def test_a_refused_password_is_an_error_of_its_own():
    for asked in (
        Control(METER, Command.CLOSE, Access(), NEW_YEAR),
        Write(METER, "04000102", Access(), b"\0\0\0"),
    ):
        function = decode_frame(asked.request[4:]).control
        with pytest.raises(PasswordRefused, match="password wrong"):
            asked.feed(answers("04", METER, 0xC0 | function))


# Values


@given(st.integers(-7_999, 7_999), st.integers(0, 99_999_999))
def test_a_number_is_read_as_it_was_written(signed, unsigned):
    assert from_bcd(to_bcd(signed, 2, signed=True), signed=True) == signed
    assert from_bcd(to_bcd(unsigned, 4)) == unsigned


def test_the_top_bit_of_the_highest_byte_is_the_sign():
    assert item(0x02020100).decode(bytes.fromhex("001580"))[0].raw == -1_500
    assert item(0x02030000).decode(bytes.fromhex("122580"))[0].raw == -2_512
    assert item(0x00010000).decode(bytes.fromhex("78563492"))[0].raw == 92_345_678


def test_what_is_no_decimal_number_is_none():
    assert from_bcd(bytes.fromhex("00000E00")) is None
    assert from_bcd(b"") is None
    with pytest.raises(ValueError, match="does not fit"):
        to_bcd(8_000, 2, signed=True)


def test_ff_is_a_phase_that_is_not_there():
    readings = item(0x0201FF00).decode(bytes.fromhex("5622FFFFFFFF"))
    assert [each.raw for each in readings] == [2_256, None, None]


@given(st.datetimes(NEW_YEAR.replace(year=2000), NEW_YEAR.replace(year=2099)))
def test_a_time_is_read_as_it_was_written(at):
    assert from_time(to_time(at)) == at.replace(microsecond=0)


def test_an_impossible_time_is_none():
    for text in ("000000000000", "000000320126", "FFFFFFFFFFFF", "0000001A0126"):
        assert from_time(bytes.fromhex(text)) is None


def test_status_word_3_tells_the_relay_from_what_it_was_told():
    told = status(bytes.fromhex("4000"))
    assert (told.is_open, told.told_open) == (False, True)
    opened = status(bytes.fromhex("5000"))
    assert (opened.is_open, opened.told_open) == (True, True)
    assert status(bytes.fromhex("0002")).prepaid == 2 and status(bytes.fromhex("0010")).held
    assert status(b"\xff\xff") is None and status(b"\0") is None
    assert Function.CONTROL == 0x1C
