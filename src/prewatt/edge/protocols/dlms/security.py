"""Ciphering of APDUs and high level security by GMAC (Green Book, security suites 0 and 2: AES-GCM with a tag of 12 bytes).

    tag | length | SC | IC (4) | ciphered APDU | T (12)          a ciphered APDU, by a tag of its kind
    DB | length | sender's title | length | SC | IC ... T        the same for APDUs of all kinds (general-glo-ciphering)
    SC | IC (4) | T (12)                                         the proof that a key is known

SC, the security control byte: suite in bits 0 to 3, 10: authenticated, 20: encrypted. IC, the invocation counter, grows with
each APDU and is never used twice with a key. The initialisation vector is the sender's system title (8) and IC; what is
authenticated is SC, the authentication key, and for a proof the other side's challenge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from ..errors import ProtocolError, WrongAnswer
from .axdr import Reader, with_length

TAG_LENGTH, TITLE_LENGTH, CHALLENGE_LENGTH = 12, 8, 16
AUTHENTICATED, ENCRYPTED = 0x10, 0x20
GENERAL = 0xDB
COUNTER_MAX = 2**32 - 1
CIPHERED = {
    0x01: 0x21, 0x08: 0x28, 0x0E: 0x2E,
    0xC0: 0xC8, 0xC1: 0xC9, 0xC2: 0xCA, 0xC3: 0xCB, 0xC4: 0xCC, 0xC5: 0xCD, 0xC7: 0xCF,
}  # fmt: skip
"""The tag of an APDU, and its tag when it is ciphered with the global key."""
PLAIN = {ciphered: plain for plain, ciphered in CIPHERED.items()}


@dataclass(frozen=True)
class Keys:
    """The keys of a meter, each of 16 bytes (suite 0) or 32 (suite 2). `encryption`: the global unicast encryption key.
    `authentication`: the global authentication key.
    """

    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.encryption) not in (16, 32) or len(self.authentication) != len(self.encryption):
            raise ValueError("the keys must be two of 16 bytes, or two of 32")

    @property
    def suite(self) -> int:
        """Return the number of the security suite."""
        return 0 if len(self.encryption) == 16 else 2


def _crypt(keys: Keys, title: bytes, counter: int, associated: bytes, plain: bytes) -> tuple[bytes, bytes]:
    mode = GCM(title + counter.to_bytes(4), min_tag_length=TAG_LENGTH)
    encryptor = Cipher(AES(keys.encryption), mode).encryptor()
    encryptor.authenticate_additional_data(associated)
    ciphered = encryptor.update(plain) + encryptor.finalize()
    return ciphered, encryptor.tag[:TAG_LENGTH]


def cipher(keys: Keys, title: bytes, counter: int, apdu: bytes, is_general: bool = False) -> bytes:
    """Return an APDU, encrypted and authenticated. `title`: the sender's system title. `counter`: not used before.
    `is_general`: in the form for all kinds.
    """
    control = bytes((AUTHENTICATED | ENCRYPTED | keys.suite,))
    ciphered, tag = _crypt(keys, title, counter, control + keys.authentication, apdu)
    head = bytes((GENERAL,)) + with_length(title) if is_general else bytes((CIPHERED[apdu[0]],))
    return head + with_length(control + counter.to_bytes(4) + ciphered + tag)


def decipher(keys: Keys, title: bytes, ciphered: bytes) -> tuple[int, bytes]:
    """Return the invocation counter of a ciphered APDU, and the APDU. `title`: the sender's. Raises WrongAnswer if it is not
    both encrypted and authenticated with these keys.
    """
    reader = Reader(ciphered)
    tag = reader.integer()
    sender = reader.octets() if tag == GENERAL else b""
    body = Reader(reader.octets())
    reader.end()
    if not is_ciphered(ciphered) or sender not in (b"", title):
        raise WrongAnswer(f"an APDU with tag {tag:02X}, where a ciphered one of the meter belongs")
    control, counter, rest = body.take(1), body.integer(4), body.rest()
    if control[0] != AUTHENTICATED | ENCRYPTED | keys.suite or len(rest) < TAG_LENGTH:
        raise WrongAnswer("an APDU that is not encrypted and authenticated as was agreed")
    try:
        mode = GCM(title + counter.to_bytes(4), rest[-TAG_LENGTH:], min_tag_length=TAG_LENGTH)
        decryptor = Cipher(AES(keys.encryption), mode).decryptor()
        decryptor.authenticate_additional_data(control + keys.authentication)
        apdu = decryptor.update(rest[:-TAG_LENGTH]) + decryptor.finalize()
    except InvalidTag:
        raise WrongAnswer("an APDU that was not made with the meter's keys") from None
    if tag != GENERAL and apdu[:1] != bytes((PLAIN[tag],)):
        raise WrongAnswer("a ciphered APDU that is of another kind inside")
    return counter, apdu


def is_ciphered(apdu: bytes) -> bool:
    """Return whether an APDU is ciphered with a global key, by its tag."""
    return bool(apdu) and (apdu[0] == GENERAL or apdu[0] in PLAIN)


def proof(keys: Keys, title: bytes, counter: int, challenge: bytes) -> bytes:
    """Return the proof that the keys are known (passes 3 and 4 of high level security). `title`: of who proves.
    `challenge`: of the other side.
    """
    control = bytes((AUTHENTICATED | keys.suite,))
    _, tag = _crypt(keys, title, counter, control + keys.authentication + challenge, b"")
    return control + counter.to_bytes(4) + tag


def check_proof(keys: Keys, title: bytes, given: bytes, challenge: bytes) -> None:
    """Raise WrongAnswer if `given` is not the proof that the sender `title` knows the keys."""
    if not compare_digest(given, proof(keys, title, int.from_bytes(given[1:5]), challenge)):
        raise WrongAnswer("it does not prove that it knows the keys")


@dataclass
class Session:
    """Ciphering in one association. `ours`, `theirs`: the system titles. `counter`: our invocation counter, the next
    one. `seen`: the meter's highest one so far: a message with the same or a lower one is no answer. `is_general`:
    APDUs of ours have the form for all kinds.
    """

    keys: Keys
    ours: bytes
    counter: int
    theirs: bytes = b""
    seen: int = -1
    is_general: bool = False

    def next_counter(self) -> int:
        """Return a counter that was not used before. Raises ProtocolError when all are used."""
        if self.counter > COUNTER_MAX:
            raise ProtocolError("the invocation counter of its keys is used up: it needs new keys")
        self.counter += 1
        return self.counter - 1

    def cipher(self, apdu: bytes) -> bytes:
        """Return an APDU of ours, ciphered."""
        return cipher(self.keys, self.ours, self.next_counter(), apdu, self.is_general)

    def decipher(self, apdu: bytes) -> bytes | None:
        """Return an APDU of the meter; None for one that came before. Raises WrongAnswer."""
        counter, plain = decipher(self.keys, self.theirs, apdu)
        if counter <= self.seen:
            return None
        self.seen = counter
        return plain
