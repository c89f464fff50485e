"""Frames and APDUs of real meters: what was published of them is decoded as stated, and encoded byte for byte."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.edge.protocols.dlms.acse import (
    AARE,
    Initiate,
    Mechanism,
    Result,
    aare,
    aarq,
    decode_acse,
    decode_initiate,
    initiate_request,
    initiate_response,
)
from prewatt.edge.protocols.dlms.axdr import Data, Type, decode_data, encode_data, number, obis, obis_text
from prewatt.edge.protocols.dlms.hdlc import (
    OPEN_MOST,
    UI,
    Frame,
    FrameStream,
    Parameters,
    check_sequence,
    client_address,
    decode_frame,
    decode_parameters,
    server_address,
)
from prewatt.edge.protocols.dlms.named_values import named_values
from prewatt.edge.protocols.dlms.names import Attribute
from prewatt.edge.protocols.dlms.push import PushStream
from prewatt.edge.protocols.dlms.security import Keys, Session, check_proof, cipher, decipher, proof
from prewatt.edge.protocols.dlms.wrapper import WrappedStream
from prewatt.edge.protocols.dlms.xdlms import NO_ACCESS, ActionRequest, GetRequest, decode_apdu
from prewatt.edge.protocols.errors import ProtocolError, WrongAnswer
from tests.comparing import assert_row
from tests.edge.frames.dlms import check

DOCUMENT = json.loads((Path(__file__).parent / "vectors" / "dlms_transcripts.json").read_text())
TRANSCRIPTS = {each["id"]: each for each in DOCUMENT["transcripts"]}
WHOLE = [
    (step["frame_type"], bytes.fromhex(step["hex"]))
    for each in DOCUMENT["transcripts"]
    if each["layer"] == "hdlc"
    for step in each["steps"]
    if step["valid_frame"]
]
KEYS = Keys(bytes(range(16)), bytes(range(0xD0, 0xE0)))


def frame_of(transcript, step):
    return bytes.fromhex(TRANSCRIPTS[transcript]["steps"][step]["hex"])


def test_all_that_was_published_is_seen_as_stated():
    assert check(DOCUMENT) == []


def test_a_frame_that_is_stated_otherwise_is_named():
    changed = json.loads(json.dumps(DOCUMENT))
    step = changed["transcripts"][0]["steps"][3]
    step["control"] = "32"
    changed["transcripts"][0]["steps"][4]["hex"] = step["hex"][:-6] + "00007E"
    changed["transcripts"][2]["steps"][0]["valid_frame"] = True
    assert [line.split(":")[0] for line in check(changed)] == ["d00 step 3", "d00 step 4", "d02 step 0"]
    assert "control is stated 32, our code says 30" in check(changed)[0]


@pytest.mark.parametrize("document", [
    {}, {"transcripts": [{}]}, {"transcripts": [{"layer": "hdlc", "steps": [{}, {"hex": "7E"}, {"hex": "zz"}]}]},
    {"transcripts": 5}, {"transcripts": [5, {"layer": 5, "steps": [5, {"hex": None}, {"hex": 12}]}]},
    {"transcripts": [{"layer": "tcp wrapper", "steps": [{"hex": "0001", "wrapper": 5}, {"hex": "00"}]}]},
    {"transcripts": [{"layer": "carrier pigeon", "steps": [{"hex": "00"}]}]},
    {"transcripts": [{"layer": "apdu", "steps": [{"hex": ""}, {"hex": "C0"}, {"hex": "C8"}, {"hex": "60"}]}]},
])  # fmt: skip
def test_files_of_another_form_are_answered_by_lines(document):
    assert all(isinstance(line, str) for line in check(document))


def test_frames_of_all_kinds_that_meters_were_seen_to_send_are_among_them():
    kinds = [kind for kind, _ in WHOLE]
    assert {"I", "UA", "UI", "SNRM", "DISC"} <= {*kinds}
    assert len(WHOLE) > 90


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(WHOLE), min_size=1, max_size=5), st.binary(max_size=30), st.data())
def test_frames_are_found_glued_and_split_and_between_noise(frames, noise, data):
    """Noise before, the flag between two frames shared, all in pieces of any length."""
    stream = noise.replace(b"\x7e", b"") + b"".join(
        raw if data.draw(st.booleans()) or n == 0 else raw[1:] for n, (_, raw) in enumerate(frames)
    )
    parser, seen = FrameStream(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        seen += parser.feed(stream[:size])
        stream = stream[size:]
    assert [frame.encode() for frame in seen] == [raw for _, raw in frames]
    assert parser.others == len(noise.replace(b"\x7e", b""))


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(WHOLE), st.data())
def test_a_frame_with_a_broken_byte_is_refused(whole, data):
    _, raw = whole
    at = data.draw(st.integers(1, len(raw) - 2))
    broken = raw[:at] + bytes((raw[at] ^ data.draw(st.integers(1, 255)),)) + raw[at + 1 :]
    parser = FrameStream()
    assert parser.feed(broken) == []


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_are_taken_without_an_error(noise):
    FrameStream().feed(noise)
    PushStream().feed(noise)
    WrappedStream(1, 1, 500).feed(noise)
    decode_parameters(noise)
    for decode in (decode_apdu, decode_acse, decode_initiate, decode_data):
        try:
            decode(noise)
        except ProtocolError as error:
            assert str(error)


def test_a_frame_whose_end_was_lost_does_not_take_the_next_one_with_it():
    parser = FrameStream()
    assert parser.feed(frame_of("d00", 2)[:-20]) == []
    assert [each.kind for each in parser.feed(frame_of("d00", 3))] == ["I"]


def test_a_stream_of_beginnings_is_kept_no_longer_than_a_few_of_them_and_hides_no_frame():
    header = b"\xa7\xff\x03\x23\x10"
    parser, begin = FrameStream(), b"\x7e" + header + check_sequence(header)
    for _ in range(500):
        assert parser.feed(begin) == []
        assert len(parser._open) <= OPEN_MOST and len(parser._data) <= OPEN_MOST * len(begin)
    assert [each.kind for each in parser.feed(frame_of("d00", 3))] == ["I"]


def test_a_flag_inside_a_frame_does_not_end_it():
    frame = Frame(b"\x03", b"\x41", UI, b"\x7e\x7e\x41\x7e")
    assert FrameStream().feed(frame.encode()) == [frame]


def test_the_header_of_a_push_with_a_client_address_of_two_bytes_is_checked_where_it_ends():
    frame = decode_frame(frame_of("d16", 0))
    assert frame.destination.hex() == "ceff" and frame.source.hex() == "03"


def test_addresses_of_one_two_and_four_bytes():
    assert server_address(1, 0, 1).hex() == "03"
    assert server_address(1, 17, 2).hex() == "0223"
    assert server_address(1, 0x3FFF, 4).hex() == "0002feff"
    assert client_address(16).hex() == "21"
    for wrong in ((128, 0, 1), (1, 128, 2), (1, 0x4000, 4), (1, 1, 3)):
        with pytest.raises(ValueError, match="address"):
            server_address(*wrong)
    with pytest.raises(ValueError, match="client"):
        client_address(0)


def test_parameters_of_a_link_that_meters_agree_on():
    assert decode_parameters(decode_frame(frame_of("d00", 1)).information) == Parameters(256, 256)
    assert decode_parameters(decode_frame(frame_of("d01", 11)).information) == Parameters(404, 372)
    assert decode_parameters(decode_frame(frame_of("d13", 5)).information) == Parameters(128, 128)
    encoded = decode_frame(frame_of("d00", 1)).information
    assert Parameters(256, 256).encode() == encoded


def test_questions_are_encoded_as_other_clients_were_seen_to():
    password = aarq(initiate_request(Initiate(pdu_size=1200)), Mechanism.LLS, b"111")
    assert password.encode() == decode_frame(frame_of("d00", 2)).information[3:]
    energy = Attribute(3, obis("1-0:1.8.0*255"), 2)
    request = GetRequest(0xC1, ((energy, NO_ACCESS),)).encode()
    assert Frame(b"\x02\x21", b"\x41", 0xDC, b"\xe6\xe6\x00" + request).encode() == frame_of("d00", 14)
    reconnect = ActionRequest(0xC1, Attribute(70, obis("0-0:96.3.10*255"), 2), Data(Type.INTEGER, 0))
    assert reconnect.encode().hex().upper() == TRANSCRIPTS["d10"]["steps"][2]["apdu"]


def test_what_meters_answer_to_an_association():
    accepted = decode_acse(decode_frame(frame_of("d00", 3)).information[3:])
    assert_row(accepted, result=Result.ACCEPTED, diagnostic=0, is_ciphered=False)
    assert decode_initiate(accepted.user_information) == Initiate(0x00101D, 1000)
    assert aare(Result.ACCEPTED, 0, initiate_response(Initiate(0x00101D, 1000))) == accepted
    refused = decode_acse(decode_frame(frame_of("d03", 0)).information[3:])
    assert_row(refused, tag=AARE, result=Result.REJECTED_PERMANENT, diagnostic=13)
    assert refused.user_information is None


def test_a_method_that_returns_an_access_result_without_saying_that_it_is_there():
    answer = decode_apdu(decode_frame(frame_of("d01", 7)).information[3:])
    assert answer.result == 12 and answer.value is None
    assert decode_apdu(decode_frame(frame_of("d01", 8)).information[3:]).result == 13


def test_pushes_name_their_values():
    def pushed(transcript):
        stream = PushStream()
        return [each for step in TRANSCRIPTS[transcript]["steps"] for each in stream.feed(bytes.fromhex(step["hex"]))]

    (landis,) = pushed("d15")
    assert number(named_values(landis)[obis("1-1:1.8.0*255")]) == 2_607_383
    assert named_values(landis)[obis("0-0:42.0.0*255")].octets == b"LGZ1030769231250"
    kamstrup = pushed("d22")[-1]
    assert number(named_values(kamstrup)[obis("1-1:1.7.0*255")]) == 3643
    iskra = pushed("d12")[0]
    assert number(named_values(iskra)[obis("1-0:1.7.0*255")]) == 1122
    assert len(pushed("d19")) == 4 and named_values(pushed("d19")[0]) == {}


def test_a_push_in_blocks_of_which_one_is_lost_is_not_taken():
    stream, steps = PushStream(), TRANSCRIPTS["d15"]["steps"]
    assert [each for n in (0, 2, 3) for each in stream.feed(bytes.fromhex(steps[n]["hex"]))] == []
    assert stream.refused > 0


values = st.recursive(
    st.one_of(
        st.just(Data(Type.NULL_DATA)),
        st.booleans().map(lambda value: Data(Type.BOOLEAN, value)),
        st.integers(0, 2**64 - 1).map(lambda value: Data(Type.LONG64_UNSIGNED, value)),
        st.integers(-(2**31), 2**31 - 1).map(lambda value: Data(Type.DOUBLE_LONG, value)),
        st.binary(max_size=200).map(lambda value: Data(Type.OCTET_STRING, value)),
        st.binary(min_size=4, max_size=4).map(lambda value: Data(Type.FLOAT32, value)),
        st.just(Data(Type.BIT_STRING, b"\x09\xff\x80")),
        st.just(Data(Type.COMPACT_ARRAY, bytes.fromhex("0202120F06000102000304"))),
    ),
    lambda inner: st.lists(inner, max_size=4).map(lambda elements: Data(Type.STRUCTURE, tuple(elements))),
    max_leaves=10,
)


@settings(deadline=None)
@given(values)
def test_values_of_all_types_come_back_as_they_were(value):
    assert decode_data(encode_data(value)) == value


def test_a_value_too_deep_or_too_short_is_refused():
    for wrong in (b"\x02\x01" * 40 + b"\x00", b"\x06\x00", b"\x01\x05\x00", b"\x09\x85", b"\x08", b"\x00\x00"):
        with pytest.raises(WrongAnswer):
            decode_data(wrong)


def test_numbers_are_exact_and_no_value_is_none():
    assert number(Data(Type.FLOAT32, bytes.fromhex("3DCCCCCD"))) * 2**27 == 13421773
    assert number(Data(Type.LONG, -5)) == -5
    for absent in (
        Data(Type.NULL_DATA), Data(Type.DOUBLE_LONG_UNSIGNED, 2**32 - 1), Data(Type.LONG_UNSIGNED, 0xFFFF),
        Data(Type.FLOAT32, bytes.fromhex("7FC00000")), Data(Type.FLOAT32, bytes.fromhex("FF800000")),
    ):  # fmt: skip
        assert number(absent) is None
    with pytest.raises(WrongAnswer, match="octet_string where a number belongs"):
        number(Data(Type.OCTET_STRING, b"1"))


def test_obis_codes():
    assert obis("1-0:1.8.0*255") == bytes((1, 0, 1, 8, 0, 255))
    assert obis_text(obis("0-0:96.3.10*255")) == "0-0:96.3.10*255"
    for wrong in ("1.8.0", "1-0:1.8.0.255", "1-0:1.8.0*256", "1-0:1.8.0*255 "):
        with pytest.raises(ValueError, match="no OBIS code"):
            obis(wrong)


def test_ciphering_is_that_of_the_green_book():
    """The example of the Green Book, "Security suite 0": a get request, and both proofs of high level security by GMAC."""
    title, counter = bytes.fromhex("4D4D4D0000BC614E"), 0x01234567
    plain = bytes.fromhex("C0010000080000010000FF0200")
    ciphered = bytes.fromhex("C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B")
    assert cipher(KEYS, title, counter, plain) == ciphered
    assert decipher(KEYS, title, ciphered) == (counter, plain)
    of_client = proof(KEYS, bytes.fromhex("4D4D4D0000000001"), 1, b"P6wRJ21F")
    assert of_client.hex().upper() == "10000000011A52FE7DD3E72748973C1E28"
    of_meter = bytes.fromhex("1001234567FE1466AFB3DBCD4F9389E2B7")
    check_proof(KEYS, title, of_meter, b"K56iVagY")
    for wrong in (of_meter[:-1], b"", of_meter[:-1] + b"\0", of_client):
        with pytest.raises(WrongAnswer, match="prove"):
            check_proof(KEYS, title, wrong, b"K56iVagY")


def test_an_apdu_that_was_changed_or_comes_again_is_not_taken():
    title = b"PWT00001"
    ciphered = cipher(KEYS, title, 7, bytes.fromhex("C401C10016"))
    session = Session(KEYS, b"PWT00000", 0, title)
    assert session.decipher(ciphered) == bytes.fromhex("C401C10016")
    assert session.decipher(ciphered) is None
    for at in range(2, len(ciphered)):
        with pytest.raises(WrongAnswer):
            Session(KEYS, b"PWT00000", 0, title).decipher(
                ciphered[:at] + bytes((ciphered[at] ^ 1,)) + ciphered[at + 1 :]
            )


def test_a_counter_is_never_used_twice():
    session = Session(KEYS, b"PWT00000", 2**32 - 1)
    session.cipher(b"\xc0\x01")
    with pytest.raises(ProtocolError, match="new keys"):
        session.cipher(b"\xc0\x01")
