"""The APDUs by which a meter's objects are read, set and acted on (Green Book, xDLMS).

    C0 | choice | invoke | ...   get request        C4   get response
    C1                           set request        C5   set response
    C3                           action request     C7   action response
    C2 event notification · 0F data notification · E0 general block transfer · D8 exception response · 0E service error
    choice: 1 normal; 2 next block, or with a block; 3 with a list

`invoke`: the low four bits number the question, bit 6 asks for a confirmed service, bit 7 is the priority. The answer
repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import WrongAnswer
from .axdr import Data, Reader, encode_data, encode_length, read_data, with_length
from .names import Attribute, read_attribute

NORMAL, BLOCK, LIST = 1, 2, 3
CONFIRMED = 0xC0
"""Bits of `invoke` in all of our questions: a confirmed service, of high priority."""
NO_ACCESS = b"\x00"
"""No selective access."""


@dataclass(frozen=True)
class GetRequest:
    """Asks for attributes, each with its selective access as bytes: `NO_ACCESS`, or which rows of a profile."""

    invoke: int
    attributes: tuple[tuple[Attribute, bytes], ...]
    is_list: bool = False

    def encode(self) -> bytes:
        """Return the APDU."""
        each = b"".join(attribute.encode() + access for attribute, access in self.attributes)
        if self.is_list:
            return bytes((0xC0, LIST, self.invoke)) + encode_length(len(self.attributes)) + each
        return bytes((0xC0, NORMAL, self.invoke)) + each


@dataclass(frozen=True)
class GetNext:
    """Asks for the block after block `number`."""

    invoke: int
    number: int

    def encode(self) -> bytes:
        """Return the APDU."""
        return bytes((0xC0, BLOCK, self.invoke)) + self.number.to_bytes(4)


@dataclass(frozen=True)
class GetResponse:
    """Answers `GetRequest`: for each attribute its value, or the data access result that says why there is none."""

    invoke: int
    results: tuple[Data | int, ...]
    is_list: bool = False

    def encode(self) -> bytes:
        """Return the APDU."""
        each = b"".join(_encode_result(result) for result in self.results)
        if self.is_list:
            return bytes((0xC4, LIST, self.invoke)) + encode_length(len(self.results)) + each
        return bytes((0xC4, NORMAL, self.invoke)) + each


@dataclass(frozen=True)
class GetBlock:
    """Answers with block `number` of a value. `block`: the bytes, or the data access result why there are none."""

    invoke: int
    is_last: bool
    number: int
    block: bytes | int

    def encode(self) -> bytes:
        """Return the APDU."""
        head = bytes((0xC4, BLOCK, self.invoke, self.is_last)) + self.number.to_bytes(4)
        return head + (bytes((1, self.block)) if isinstance(self.block, int) else b"\0" + with_length(self.block))


@dataclass(frozen=True)
class SetRequest:
    """Sets an attribute."""

    invoke: int
    attribute: Attribute
    value: Data
    access: bytes = NO_ACCESS

    def encode(self) -> bytes:
        """Return the APDU."""
        return bytes((0xC1, NORMAL, self.invoke)) + self.attribute.encode() + self.access + encode_data(self.value)


@dataclass(frozen=True)
class SetResponse:
    """Answers `SetRequest`. `before`: bytes that some meters put before the result."""

    invoke: int
    result: int
    before: bytes = b""

    def encode(self) -> bytes:
        """Return the APDU."""
        return bytes((0xC5, NORMAL, self.invoke)) + self.before + bytes((self.result,))


@dataclass(frozen=True)
class ActionRequest:
    """Calls a method. `parameter`: None if it takes none."""

    invoke: int
    method: Attribute
    parameter: Data | None = None

    def encode(self) -> bytes:
        """Return the APDU."""
        parameter = b"\0" if self.parameter is None else b"\1" + encode_data(self.parameter)
        return bytes((0xC3, NORMAL, self.invoke)) + self.method.encode() + parameter


@dataclass(frozen=True)
class ActionResponse:
    """Answers `ActionRequest`. `returned`: what the method returned, as bytes of the APDU; see `value`."""

    invoke: int
    result: int
    returned: bytes = b"\0"

    def encode(self) -> bytes:
        """Return the APDU."""
        return bytes((0xC7, NORMAL, self.invoke, self.result)) + self.returned

    @property
    def value(self) -> Data | None:
        """Return what the method returned; None if nothing. Raises WrongAnswer."""
        reader = Reader(self.returned)
        if reader.is_at_end or not reader.integer() or reader.is_at_end or reader.integer():
            return None
        # Some meters leave out that it is there, and say "a data access result: 0" at once.
        return None if reader.is_at_end else read_data(reader)


@dataclass(frozen=True)
class ExceptionResponse:
    """The meter cannot deal with a question. `state`: 1 it is not allowed now, 2 it is not known. `service`: the cause.
    `rest`: the invocation counter that the meter wants, if the cause is that ours is wrong (6).
    """

    state: int
    service: int
    rest: bytes = b""

    def encode(self) -> bytes:
        """Return the APDU."""
        return bytes((0xD8, self.state, self.service)) + self.rest


@dataclass(frozen=True)
class ServiceError:
    """The meter cannot do a service. `service`: which; `kind`, `error`: what is wrong."""

    service: int
    kind: int
    error: int

    def encode(self) -> bytes:
        """Return the APDU."""
        return bytes((0x0E, self.service, self.kind, self.error))


@dataclass(frozen=True)
class EventNotification:
    """A meter sends an attribute unasked. `time`: a date-time as bytes, empty if it gives none."""

    attribute: Attribute
    value: Data
    time: bytes = b""

    def encode(self) -> bytes:
        """Return the APDU."""
        time = b"\1" + with_length(self.time) if self.time else b"\0"
        return b"\xc2" + time + self.attribute.encode() + encode_data(self.value)


@dataclass(frozen=True)
class DataNotification:
    """A meter sends values unasked. `invoke`: 4 bytes. `time`: a date-time, empty if it gives none. `is_tagged`: some
    meters write the time with its tag, as data.
    """

    invoke: int
    value: Data
    time: bytes = b""
    is_tagged: bool = False

    def encode(self) -> bytes:
        """Return the APDU."""
        tag = b"\x09" if self.is_tagged else b""
        return b"\x0f" + self.invoke.to_bytes(4) + tag + with_length(self.time) + encode_data(self.value)


@dataclass(frozen=True)
class GeneralBlock:
    """One block of an APDU that is sent in several. `control`: bit 7 the last one, bit 6 more follow unasked, below the
    window. `number` counts from 1. `acknowledged`: the last block of the other side.
    """

    control: int
    number: int
    acknowledged: int
    block: bytes

    @property
    def is_last(self) -> bool:
        """Return whether no block follows."""
        return bool(self.control & 0x80)

    def encode(self) -> bytes:
        """Return the APDU."""
        numbers = self.number.to_bytes(2) + self.acknowledged.to_bytes(2)
        return bytes((0xE0, self.control)) + numbers + with_length(self.block)


Apdu = (
    GetRequest | GetNext | GetResponse | GetBlock | SetRequest | SetResponse | ActionRequest | ActionResponse
    | ExceptionResponse | ServiceError | EventNotification | DataNotification | GeneralBlock
)  # fmt: skip


class UnknownApdu(WrongAnswer):
    """An APDU of a kind that is not spoken here."""


def decode_apdu(apdu: bytes) -> Apdu:
    """Return the APDU that the bytes are, not ciphered. Raises UnknownApdu for a kind that is not spoken here, WrongAnswer
    for one that cannot be.
    """
    reader = Reader(apdu)
    tag = reader.integer()
    read = _READERS.get(tag)
    if read is None:
        raise UnknownApdu(f"an APDU with tag {tag:02X}")
    decoded = read(reader)
    reader.end()
    return decoded


def _unknown(reader: Reader, what: str, choice: int) -> UnknownApdu:
    reader.rest()
    return UnknownApdu(f"a {what} of form {choice}")


def _encode_result(result: Data | int) -> bytes:
    return bytes((1, result)) if isinstance(result, int) else b"\0" + encode_data(result)


def _read_result(reader: Reader) -> Data | int:
    has_error = reader.integer()
    return reader.integer() if has_error else read_data(reader)


def _read_access(reader: Reader) -> bytes:
    if not reader.integer():
        return NO_ACCESS
    selector = reader.integer()
    return bytes((1, selector)) + encode_data(read_data(reader))


def _get_request(reader: Reader) -> Apdu:
    choice, invoke = reader.integer(), reader.integer()
    if choice == BLOCK:
        return GetNext(invoke, reader.integer(4))
    if choice not in (NORMAL, LIST):
        raise _unknown(reader, "get request", choice)
    number = reader.length() if choice == LIST else 1
    return GetRequest(
        invoke, tuple((read_attribute(reader), _read_access(reader)) for _ in range(number)), choice == LIST
    )


def _get_response(reader: Reader) -> Apdu:
    choice, invoke = reader.integer(), reader.integer()
    if choice == BLOCK:
        is_last, number, has_error = bool(reader.integer()), reader.integer(4), reader.integer()
        return GetBlock(invoke, is_last, number, reader.integer() if has_error else reader.octets())
    if choice not in (NORMAL, LIST):
        raise _unknown(reader, "get response", choice)
    number = reader.length() if choice == LIST else 1
    return GetResponse(invoke, tuple(_read_result(reader) for _ in range(number)), choice == LIST)


def _set_request(reader: Reader) -> Apdu:
    choice, invoke = reader.integer(), reader.integer()
    if choice != NORMAL:
        raise _unknown(reader, "set request", choice)
    attribute, access = read_attribute(reader), _read_access(reader)
    return SetRequest(invoke, attribute, read_data(reader), access)


def _set_response(reader: Reader) -> Apdu:
    choice, invoke = reader.integer(), reader.integer()
    if choice != NORMAL:
        raise _unknown(reader, "set response", choice)
    rest = reader.rest()
    if len(rest) == 2 and rest[0] == 1:
        # Seen at meters: the result as in a get response, with its choice in front.
        return SetResponse(invoke, rest[1], rest[:1])
    if len(rest) != 1:
        raise WrongAnswer(f"a set response of {len(rest)} bytes, where one belongs")
    return SetResponse(invoke, rest[0])


def _action_request(reader: Reader) -> Apdu:
    choice, invoke = reader.integer(), reader.integer()
    if choice != NORMAL:
        raise _unknown(reader, "action request", choice)
    method = read_attribute(reader)
    return ActionRequest(invoke, method, read_data(reader) if reader.integer() else None)


def _action_response(reader: Reader) -> Apdu:
    choice, invoke = reader.integer(), reader.integer()
    if choice != NORMAL:
        raise _unknown(reader, "action response", choice)
    return ActionResponse(invoke, reader.integer(), reader.rest())


def _exception_response(reader: Reader) -> Apdu:
    return ExceptionResponse(reader.integer(), reader.integer(), reader.rest())


def _service_error(reader: Reader) -> Apdu:
    return ServiceError(reader.integer(), reader.integer(), reader.integer())


def _event_notification(reader: Reader) -> Apdu:
    time = reader.octets() if reader.integer() else b""
    return EventNotification(read_attribute(reader), read_data(reader), time)


def _data_notification(reader: Reader) -> Apdu:
    invoke, length = reader.integer(4), reader.length()
    is_tagged = length == 0x09
    time = reader.octets() if is_tagged else reader.take(length)
    return DataNotification(invoke, read_data(reader), time, is_tagged)


def _general_block(reader: Reader) -> Apdu:
    return GeneralBlock(reader.integer(), reader.integer(2), reader.integer(2), reader.octets())


_READERS = {
    0xC0: _get_request, 0xC4: _get_response, 0xC1: _set_request, 0xC5: _set_response, 0xC3: _action_request,
    0xC7: _action_response, 0xD8: _exception_response, 0x0E: _service_error, 0xC2: _event_notification,
    0x0F: _data_notification, 0xE0: _general_block,
}  # fmt: skip
