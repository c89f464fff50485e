"""What is sealed is opened by its receiver alone, whole, for its purpose, with the secret."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.wire.sealing import Receiver, SealedError, seal


@settings(deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=20), st.binary(max_size=20), st.data())
def test_a_receiver_opens_what_was_sealed_to_it_and_nothing_else(plain, purpose, secret, data):
    receiver = Receiver()
    sealed = seal(receiver.public, plain, purpose, secret)
    assert receiver.open(sealed, purpose, secret) == plain
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    flipped = bytearray(sealed)
    flipped[bit // 8] ^= 1 << bit % 8
    for other, wrong, its_purpose, its_secret in (
        (receiver, bytes(flipped), purpose, secret),
        (receiver, sealed[:-1], purpose, secret),
        (receiver, sealed, purpose + b"x", secret),
        (receiver, sealed, purpose, secret + b"x"),
        (Receiver(), sealed, purpose, secret),
    ):
        with pytest.raises(SealedError):
            other.open(wrong, its_purpose, its_secret)


@pytest.mark.parametrize("nonsense", [b"", b"x", bytes(32), bytes(60)])
def test_nonsense_is_refused_in_words(nonsense):
    with pytest.raises(SealedError, match="can't be opened"):
        Receiver().open(nonsense, b"")
    with pytest.raises(ValueError, match=r".+"):
        seal(nonsense[:32], b"", b"")
