import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.entries import Command, GrantCredit
from prewatt.wire.messages import (
    MAX_FRAME,
    VERSION,
    Head,
    MeterState,
    MeterStatus,
    Orders,
    Receipt,
    Span,
    States,
    Status,
    Upload,
    WireError,
    decode_frame,
)
from prewatt.wire.signing import (
    COMMAND,
    UP,
    Frame,
    SigningKey,
    VerifyKey,
    command_is_signed,
    encode_frame,
    open_downward,
    open_upward,
    seal,
    sign_command,
)

KEY = SigningKey.generate()
PUBLIC = VerifyKey(KEY.public())
STATUS = Status("g1", 1, 2, 3, True, (MeterStatus("m1", 1, 2, -3, None, None, 0),))
UPLOAD = Upload("g1", 1, 2, (Span("m1", 5, (b"one", b"two")),), (1,))
RECEIPT = Receipt("g1", (Head("m1", 5, bytes(32), True),), 1, 2)
STATES = States("g1", 1, 2, b"session", (MeterState("m1", 5, bytes(32), b"account"),))
ORDERS = Orders("g1", (sign_command(KEY, Command("m1", 1, 2, GrantCredit("c", 5))),))


def reason(opened, *args):
    with pytest.raises(WireError) as caught:
        opened(*args)
    return caught.value.reason


@pytest.mark.parametrize(
    ("message", "opened"),
    [
        (STATUS, open_upward),
        (UPLOAD, open_upward),
        (RECEIPT, open_downward),
        (ORDERS, open_downward),
        (STATES, open_downward),
    ],
)
def test_a_message_arrives_as_it_was_sent(message, opened):
    assert opened(PUBLIC, seal(KEY, message)) == message


@given(st.data())
def test_a_frame_with_any_bit_flipped_is_refused(data):
    frame = bytearray(seal(KEY, UPLOAD))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert reason(open_upward, PUBLIC, bytes(frame)) in ("signature", "malformed", "newer")


@given(st.binary(max_size=300))
def test_noise_is_refused(noise):
    assert reason(open_upward, PUBLIC, noise) in ("malformed", "newer", "signature")


@given(
    st.recursive(
        st.none() | st.integers(-(2**63), 2**63) | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_well_formed_nonsense_rightly_signed_is_refused(nonsense):
    body = msgspec.msgpack.encode(nonsense)
    frame = Frame(VERSION, "upload", body, KEY.sign(UP, f"{VERSION}\0upload\0".encode() + body))
    assert reason(open_upward, PUBLIC, encode_frame(frame)) == "malformed"


def test_deep_nesting_is_refused_not_a_crash():
    assert reason(decode_frame, b"\x91" * 200_000) == "malformed"


def test_an_oversized_message_is_refused_unread():
    assert reason(decode_frame, bytes(MAX_FRAME + 1)) == "oversized"


def test_somebody_elses_signature_is_refused():
    assert reason(open_upward, PUBLIC, seal(SigningKey.generate(), UPLOAD)) == "signature"


def test_a_message_cannot_be_turned_around():
    """What a gateway signed is worth nothing as a message of the server's, even under one key."""
    assert reason(open_downward, PUBLIC, seal(KEY, UPLOAD)) == "signature"
    assert reason(open_upward, PUBLIC, seal(KEY, RECEIPT)) == "signature"


def test_a_later_version_is_refused_as_such():
    frame = decode_frame(seal(KEY, STATUS))
    later = msgspec.structs.replace(frame, version=VERSION + 1)
    assert reason(open_upward, PUBLIC, encode_frame(later)) == "newer"
    assert reason(decode_frame, msgspec.msgpack.encode([VERSION + 1, "of", "another", "shape", 5, 6])) == "newer"


def _signed(kind, fields):
    body = msgspec.msgpack.encode(fields)
    return encode_frame(Frame(VERSION, kind, body, KEY.sign(UP, f"{VERSION}\0{kind}\0".encode() + body)))


def test_a_kind_of_a_later_version_is_refused_as_such():
    assert reason(open_upward, PUBLIC, _signed("dance", {"kind": "dance"})) == "newer"


def test_a_field_of_a_later_version_is_passed_over():
    fields = {"kind": "status", "gateway": "g1", "epoch": 1, "number": 2, "at": 3, "mood": "sunny"}
    assert open_upward(PUBLIC, _signed("status", fields)) == Status("g1", 1, 2, 3)


def test_what_older_software_does_not_say_takes_its_default():
    meter = {"meter": "m1", "seq": 1, "at": 2, "balance": -3, "register": None, "closed": None, "command": 0}
    fields = {"kind": "status", "gateway": "g1", "epoch": 1, "number": 2, "at": 3, "fresh": True, "meters": [meter]}
    assert open_upward(PUBLIC, _signed("status", fields)) == STATUS
    span = {"meter": "m1", "first": 5, "bodies": [b"one", b"two"]}
    fields = {"kind": "upload", "gateway": "g1", "epoch": 1, "number": 2, "spans": [span], "late": [1]}
    assert open_upward(PUBLIC, _signed("upload", fields)) == UPLOAD


def test_a_frame_that_says_another_kind_than_its_body_is_refused():
    fields = {"kind": "status", "gateway": "g1", "epoch": 1, "number": 2, "at": 3}
    assert reason(open_upward, PUBLIC, _signed("upload", fields)) == "malformed"


@pytest.mark.parametrize(
    "fields",
    [
        {"epoch": -1},
        {"number": 2**64 - 1},
        {"at": 1.5},
        {"meters": [{"meter": "m"}]},
        {
            "meters": [
                {"meter": f"m{n}", "seq": 1, "at": 1, "balance": 0, "register": 0, "closed": None, "command": 0}
                for n in range(251)
            ]
        },
    ],
)
def test_values_out_of_bounds_are_refused(fields):
    status = {"kind": "status", "gateway": "g1", "epoch": 1, "number": 2, "at": 3}
    assert reason(open_upward, PUBLIC, _signed("status", {**status, **fields})) == "malformed"


def test_a_command_is_signed_for_itself():
    (signed,) = ORDERS.commands
    assert command_is_signed(PUBLIC, signed)
    assert not command_is_signed(PUBLIC, msgspec.structs.replace(signed, body=signed.body[:-1] + b"\x06"))
    assert not command_is_signed(PUBLIC, msgspec.structs.replace(signed, signature=KEY.sign(UP, signed.body)))
    assert PUBLIC.verifies(COMMAND, signed.body, signed.signature)


def test_keys_are_kept_privately(tmp_path):
    path = tmp_path / "a.key"
    KEY.save(path)
    assert path.stat().st_mode & 0o077 == 0
    assert SigningKey.load(path).public() == KEY.public()
    with pytest.raises(FileExistsError):
        KEY.save(path)
    path.write_text("not a key")
    with pytest.raises(ValueError, match=r"a\.key"):
        SigningKey.load(path)
