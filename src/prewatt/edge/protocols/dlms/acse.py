"""The APDUs that open and close an association (ACSE, ISO/IEC 8650-1 in BER; Green Book, "COSEM-OPEN" and "COSEM-RELEASE"),
and the xDLMS InitiateRequest and InitiateResponse in them.

    AARQ  60 | length | elements       asks for an association
    AARE  61 | length | elements       accepts or rejects it
    RLRQ  62, RLRE  63                 release it
    element:  tag | length | content

    A1 application context · A2 result · A3 its diagnostic · A4 responding title · A6 calling title · 88, 8A requirements ·
    89, 8B mechanism of authentication · AA, AC password or challenge · BE user information (the Initiate APDU)

All elements but the application context are optional, in whichever order they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ..errors import WrongAnswer
from .axdr import Reader, with_length

AARQ, AARE, RLRQ, RLRE = 0x60, 0x61, 0x62, 0x63
CONTEXT, RESULT, DIAGNOSTIC, USER_INFORMATION = 0xA1, 0xA2, 0xA3, 0xBE
RESPONDING_TITLE, RESPONDING_MECHANISM, RESPONDING_VALUE = 0xA4, 0x89, 0xAA
CALLING_TITLE, SENDER_REQUIREMENTS, CALLING_MECHANISM, CALLING_VALUE = 0xA6, 0x8A, 0x8B, 0xAC
RESPONDER_REQUIREMENTS = 0x88
AUTHENTICATION_REQUIRED = b"\x07\x80"
"""The functional unit of authentication, as a bit string."""
_DLMS = b"\x60\x85\x74\x05\x08"
"""The object identifier 2.16.756.5.8, of the DLMS UA."""
_OCTETS, _INTEGER = 0x04, 0x02
INITIATE_REQUEST, INITIATE_RESPONSE, SERVICE_ERROR = 0x01, 0x08, 0x0E
VERSION = 6
REASON_NORMAL = b"\x80\x01\x00"
CONFORMANCE = 0x00_7E1F
"""What we ask for, as a number of 24 bits, the first bit of the standard highest: get, set, action, selective access, event
notification, block transfer, several references, priorities. The meter takes off what it has not.
"""
PDU_SIZE = 512
"""The longest APDU that we take; a longer value comes in blocks. All that is billed by is far shorter."""


class Mechanism(IntEnum):
    """How a client shows who it is. LLS: low level security, a password. HLS_GMAC: high level security by GMAC."""

    NONE = 0
    LLS = 1
    HLS_GMAC = 5


class Result(IntEnum):
    """What an AARE says."""

    ACCEPTED = 0
    REJECTED_PERMANENT = 1
    REJECTED_TRANSIENT = 2


DIAGNOSTICS = {
    0: "no reason given",
    1: "no reason given",
    2: "the application context is not supported",
    3: "the called title is not known",
    11: "the mechanism of authentication is not known",
    12: "a mechanism of authentication is required",
    13: "authentication failed",
    14: "authentication is required",
}
"""The causes of a rejection by the ACSE service user. 14 in an accepted association: high level security goes on."""
REFUSED_PASSWORD = frozenset((11, 12, 13, 14))
"""The causes that a password or a key has to do with."""


@dataclass(frozen=True)
class Acse:
    """An APDU of ACSE. `tag`: AARQ, AARE, RLRQ or RLRE. `elements`: tag and content of each, in order."""

    tag: int
    elements: tuple[tuple[int, bytes], ...] = ()

    def encode(self) -> bytes:
        """Return the APDU."""
        content = b"".join(bytes((tag,)) + with_length(content) for tag, content in self.elements)
        return bytes((self.tag,)) + with_length(content)

    def get(self, tag: int) -> bytes | None:
        """Return the content of an element; None if it is not there."""
        return dict(self.elements).get(tag)

    def _object(self, tag: int) -> bytes | None:
        """Return the last two numbers of an object identifier of the DLMS UA: (1, context) or (2, mechanism)."""
        content = self.get(tag)
        if content is None:
            return None
        name = content.removeprefix(b"\x06\x07") if tag == CONTEXT else content
        if len(name) != 7 or not name.startswith(_DLMS):
            raise WrongAnswer(f"element {tag:02X} is no name of DLMS: {content.hex().upper()}")
        return name[5:]

    @property
    def is_ciphered(self) -> bool:
        """Return whether the application context is with ciphering. Raises WrongAnswer if it is none by logical names."""
        context = self._object(CONTEXT)
        if context not in (b"\x01\x01", b"\x01\x03"):
            raise WrongAnswer("its application context is not by logical names")
        return context == b"\x01\x03"

    @property
    def mechanism(self) -> int:
        """Return the mechanism of authentication; 0 if it names none."""
        name = self._object(CALLING_MECHANISM if self.tag == AARQ else RESPONDING_MECHANISM)
        return name[1] if name else Mechanism.NONE

    @property
    def title(self) -> bytes | None:
        """Return the sender's system title; None if it gives none."""
        content = self.get(CALLING_TITLE if self.tag == AARQ else RESPONDING_TITLE)
        return content if content is None else _unwrap(content, _OCTETS)

    @property
    def authentication_value(self) -> bytes | None:
        """Return the sender's password or challenge; None if it gives none."""
        content = self.get(CALLING_VALUE if self.tag == AARQ else RESPONDING_VALUE)
        return content if content is None else _unwrap(content, 0x80)

    @property
    def result(self) -> int:
        """Return an AARE's result, as `Result` numbers it. Raises WrongAnswer if there is none."""
        content = self.get(RESULT)
        if content is None:
            raise WrongAnswer("an AARE without a result")
        return int.from_bytes(_unwrap(content, _INTEGER))

    @property
    def diagnostic(self) -> int:
        """Return an AARE's diagnostic, as the ACSE service user numbers it; 0 if there is none."""
        content = self.get(DIAGNOSTIC)
        if content is None or content[:1] not in (b"\xa1", b"\xa2"):
            return 0
        return int.from_bytes(_unwrap(_unwrap(content, content[0]), _INTEGER))

    @property
    def user_information(self) -> bytes | None:
        """Return the APDU in the user information, maybe ciphered; None if there is none."""
        content = self.get(USER_INFORMATION)
        return content if content is None else _unwrap(content, _OCTETS)


def _unwrap(content: bytes, tag: int) -> bytes:
    """Return the content of the one element that `content` is. Raises WrongAnswer if it is none with this tag."""
    reader = Reader(content)
    if reader.integer() != tag:
        raise WrongAnswer(f"an element {content.hex().upper()}, where one with tag {tag:02X} belongs")
    inner = reader.octets()
    reader.end()
    return inner


def _wrap(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + with_length(content)


def decode_acse(apdu: bytes) -> Acse:
    """Return the APDU of ACSE that `apdu` is. Raises WrongAnswer."""
    reader = Reader(apdu)
    tag = reader.integer()
    if tag not in (AARQ, AARE, RLRQ, RLRE):
        raise WrongAnswer(f"an APDU with tag {tag:02X}, which is none of ACSE")
    inner = Reader(reader.octets())
    reader.end()
    elements = []
    while not inner.is_at_end:
        elements.append((inner.integer(), inner.octets()))
    return Acse(tag, tuple(elements))


def _context(ciphered: bool) -> tuple[int, bytes]:
    return CONTEXT, _wrap(0x06, _DLMS + (b"\x01\x03" if ciphered else b"\x01\x01"))


def aarq(user_information: bytes, mechanism: Mechanism, value: bytes = b"", title: bytes = b"") -> Acse:
    """Return an AARQ. `user_information`: the InitiateRequest, ciphered if the mechanism is HLS_GMAC. `value`: the password,
    or our challenge. `title`: our system title, where there is ciphering.
    """
    elements = [_context(mechanism is Mechanism.HLS_GMAC)]
    if title:
        elements.append((CALLING_TITLE, _wrap(_OCTETS, title)))
    if mechanism is not Mechanism.NONE:
        elements += [
            (SENDER_REQUIREMENTS, AUTHENTICATION_REQUIRED),
            (CALLING_MECHANISM, _DLMS + bytes((2, mechanism))),
            (CALLING_VALUE, _wrap(0x80, value)),
        ]
    return Acse(AARQ, (*elements, (USER_INFORMATION, _wrap(_OCTETS, user_information))))


def aare(
    result: Result,
    diagnostic: int,
    user_information: bytes | None,
    mechanism: Mechanism = Mechanism.NONE,
    value: bytes = b"",
    title: bytes = b"",
) -> Acse:
    """Return an AARE. `value`: the meter's challenge, where the mechanism is HLS_GMAC."""
    elements = [
        _context(mechanism is Mechanism.HLS_GMAC),
        (RESULT, _wrap(_INTEGER, bytes((result,)))),
        (DIAGNOSTIC, _wrap(0xA1, _wrap(_INTEGER, bytes((diagnostic,))))),
    ]
    if title:
        elements.append((RESPONDING_TITLE, _wrap(_OCTETS, title)))
    if value:
        elements += [
            (RESPONDER_REQUIREMENTS, AUTHENTICATION_REQUIRED),
            (RESPONDING_MECHANISM, _DLMS + bytes((2, mechanism))),
            (RESPONDING_VALUE, _wrap(0x80, value)),
        ]
    if user_information is not None:
        elements.append((USER_INFORMATION, _wrap(_OCTETS, user_information)))
    return Acse(AARE, tuple(elements))


@dataclass(frozen=True)
class Initiate:
    """What both sides of an association can do. `conformance`: 24 bits, the first of the standard highest. `pdu_size`: the
    longest APDU that the sender takes.
    """

    conformance: int = CONFORMANCE
    pdu_size: int = PDU_SIZE


_CONFORMANCE_TAG = b"\x5f\x1f\x04\x00"
_NO_NAME = b"\x00\x07"
"""The variable access name where names are logical."""


def initiate_request(initiate: Initiate) -> bytes:
    """Return an InitiateRequest: without a dedicated key, an answer awaited, no quality of service."""
    return bytes((INITIATE_REQUEST, 0, 0, 0, VERSION)) + _capabilities(initiate)


def initiate_response(initiate: Initiate) -> bytes:
    """Return an InitiateResponse."""
    return bytes((INITIATE_RESPONSE, 0, VERSION)) + _capabilities(initiate) + _NO_NAME


def _capabilities(initiate: Initiate) -> bytes:
    return _CONFORMANCE_TAG + initiate.conformance.to_bytes(3) + initiate.pdu_size.to_bytes(2)


def _skip_to_version(reader: Reader, tag: int) -> None:
    """Leave out the optional fields before the version: of a request its key and whether it wants an answer; of both the
    quality of service.
    """
    if tag == INITIATE_REQUEST:
        if reader.integer():
            reader.octets()
        if reader.integer():
            reader.integer()
    if reader.integer():
        reader.integer()


def decode_initiate(apdu: bytes) -> Initiate:
    """Return what an InitiateRequest or an InitiateResponse says. Raises WrongAnswer, also for a refusal."""
    reader = Reader(apdu)
    tag = reader.integer()
    if tag == SERVICE_ERROR:
        raise WrongAnswer(f"it cannot begin an association: error {reader.rest().hex().upper()}")
    if tag not in (INITIATE_REQUEST, INITIATE_RESPONSE):
        raise WrongAnswer(f"an APDU with tag {tag:02X}, where an Initiate belongs")
    _skip_to_version(reader, tag)
    if (version := reader.integer()) != VERSION:
        raise WrongAnswer(f"it speaks version {version} of DLMS, and we {VERSION}")
    form = reader.take(2)
    # The tag may be of one byte alone, for the sake of old meters (Green Book, note to the conformance block).
    if not ((form == b"\x5f\x1f" and reader.integer() == 4) or form == b"\x5f\x04") or reader.integer():
        raise WrongAnswer("an Initiate without a conformance")
    initiate = Initiate(reader.integer(3), reader.integer(2))
    if tag == INITIATE_RESPONSE:
        reader.take(2)
    reader.end()
    return initiate
