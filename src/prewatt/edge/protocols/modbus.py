"""The questions of Modbus to one unit, and their answers.

An answer on a serial line bears neither the address nor the number of the question. So an answer counts only if all
that it repeats is right: the unit, the function, the number of registers, over TCP the transaction number, and in the
answer to a write the address and the value. What is intact and fits otherwise is another question's, and is skipped.
Who asks must see to it that the answers to two questions to one unit differ in length (`edge.protocols.modbus_unit`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import count as counter
from typing import ClassVar, Final, TypeVar

from pymodbus.pdu import ModbusPDU, bit_message, register_message

from .errors import NoAnswer, Refused
from .exchange import Answer, Exchange, Skipped
from .modbus_frames import REFUSED, Frame, FrameStream, Framing, Function, Side, Tcp

T = TypeVar("T")
V = TypeVar("V")

ERRORS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledged, and takes long",
    6: "device busy",
    7: "not acknowledged",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target does not respond",
}
"""The codes of refusals, by the specification's names."""
NOT_REACHED = (10, 11)
"""By these a gateway says that it did not reach the unit, or that the unit did not answer it."""
MOST_REGISTERS = 125
"""Registers of one question, at most."""
MOST_BITS = 2000

ECHO = "the echo of the question"

_transactions: Final = counter(1)
"""Transaction numbers: one count for all meters, since several may share a connection."""


def error_name(code: int) -> str:
    """Return the name of an exception code of Modbus, for people."""
    return ERRORS.get(code, f"error {code}")


class Question(Exchange[T]):
    """A question to a unit.

    `transaction`: the number of the question over TCP; the next one, if None.
    """

    def __init__(
        self, framing: Framing, unit: int, request: ModbusPDU, answer_length: int, transaction: int | None = None
    ) -> None:
        self._framing, self._unit = framing, unit
        self._transaction = (next(_transactions) if transaction is None else transaction) & 0xFFFF
        self.function = request.function_code
        self._data = request.encode()
        self.request = framing.pack(unit, bytes([self.function]) + self._data, self._transaction)
        self.answer_length = answer_length
        """Bytes of function and data in the answer."""
        self.longest = framing.beside + answer_length
        self.mirrors = self.function in (Function.WRITE_COIL, Function.WRITE_REGISTER)
        self.reconnects = isinstance(framing, Tcp) and not framing.counts
        self._stream = FrameStream(framing, (Side.ANSWER, Side.QUESTION))
        self._others: list[str] = []

    @abstractmethod
    def _value(self, pdu: bytes) -> Answer[T] | None:
        """Return the value of an answer with this unit, function and length; None if it answers another question."""

    def feed(self, received: bytes) -> Answer[T] | None:
        """Take up bytes. Returns the answer once it is whole. Raises Refused, or NoAnswer if a gateway has none."""
        for frame in self._stream.feed(received):
            is_ours = self._is_ours(frame)
            if is_ours and frame.function == self.function | REFUSED:
                raise self._refusal(frame.pdu[1])
            if is_ours and len(frame.pdu) == self.answer_length and (answer := self._value(frame.pdu)):
                return answer
            self._others.append(self._said(frame))
        return None

    def _refusal(self, code: int) -> NoAnswer | Refused:
        """Return the error for an exception code, of the meter or of a gateway before it."""
        if code in NOT_REACHED:
            return NoAnswer(f"the gateway says of unit {self._unit}: {error_name(code)}")
        return Refused(f"unit {self._unit} refuses: {error_name(code)}", code)

    def _is_ours(self, frame: Frame) -> bool:
        """Return whether a frame may answer this question, by all but its content."""
        return (
            frame.side is Side.ANSWER
            and frame.unit == self._unit
            and frame.function & ~REFUSED == self.function
            and (not self._framing.counts or frame.transaction == self._transaction)
        )

    def _said(self, frame: Frame) -> str:
        """Return what a frame is that is no answer to this question."""
        if self._framing.pack(frame.unit, frame.pdu, frame.transaction) == self.request:
            return ECHO
        if frame.side is Side.QUESTION:
            return f"a question to unit {frame.unit}"
        if frame.unit != self._unit:
            return f"an answer of unit {frame.unit}"
        return "an answer to another question"

    def skipped(self) -> Skipped:
        """Return what came beside the answer."""
        return Skipped(max(self._stream.strays, 0), any(words != ECHO for words in self._others))

    def seen(self) -> str:
        """Return what arrived that is not the answer."""
        strays = self._stream.strays
        said = list(dict.fromkeys(self._others))
        if said == [ECHO] and strays <= 0:
            return "only the echo of the question"
        if strays > 0:
            said.append(f"{strays} bytes that are no whole frame")
        return ", ".join(said) or "nothing"


class _Reading(Question[tuple[V, ...]]):
    """A question that reads `count` values from `address`, by one of the functions of `REQUESTS`."""

    REQUESTS: ClassVar[Mapping[int, type[ModbusPDU]]]
    BITS: ClassVar[int]
    """The bits of one value in the answer."""

    def __init__(
        self,
        framing: Framing,
        unit: int,
        function: int,
        address: int,
        count: int,
        transaction: int | None = None,
    ) -> None:
        request = self.REQUESTS[function](address=address, count=count)
        super().__init__(framing, unit, request, 2 + (count * self.BITS + 7) // 8, transaction)
        self._count = count


class ReadRegisters(_Reading[int]):
    """Read `count` registers, each 16 bits, from `address`: holding registers (function 3) or input registers (4)."""

    REQUESTS = {
        Function.READ_HOLDING_REGISTERS: register_message.ReadHoldingRegistersRequest,
        Function.READ_INPUT_REGISTERS: register_message.ReadInputRegistersRequest,
    }
    BITS = 16

    def _value(self, pdu: bytes) -> Answer[tuple[int, ...]]:
        response = register_message.ReadHoldingRegistersResponse()
        response.decode(pdu[1:])
        return Answer(tuple(response.registers))


class ReadBits(_Reading[bool]):
    """Read `count` bits from `address`: coils (function 1) or discrete inputs (2)."""

    REQUESTS = {
        Function.READ_COILS: bit_message.ReadCoilsRequest,
        Function.READ_DISCRETE_INPUTS: bit_message.ReadDiscreteInputsRequest,
    }
    BITS = 1

    def _value(self, pdu: bytes) -> Answer[tuple[bool, ...]]:
        response = bit_message.ReadCoilsResponse()
        response.decode(pdu[1:])
        return Answer(tuple(response.bits[: self._count]))


class Write(Question[None]):
    """A write, which its answer confirms: by the same bytes (functions 5 and 6), or by address and count (16)."""

    def _value(self, pdu: bytes) -> Answer[None] | None:
        return Answer(None) if pdu[1:] == self._data[:4] else None


def write_coil(framing: Framing, unit: int, address: int, closed: bool, transaction: int | None = None) -> Write:
    """Return the question that sets one coil (function 5)."""
    request = bit_message.WriteSingleCoilRequest(address=address, bits=[closed])
    return Write(framing, unit, request, 5, transaction)


def write_register(framing: Framing, unit: int, address: int, value: int, transaction: int | None = None) -> Write:
    """Return the question that writes one holding register (function 6)."""
    request = register_message.WriteSingleRegisterRequest(address=address, registers=[value])
    return Write(framing, unit, request, 5, transaction)


def write_registers(
    framing: Framing, unit: int, address: int, values: Sequence[int], transaction: int | None = None
) -> Write:
    """Return the question that writes holding registers, all at once (function 16)."""
    request = register_message.WriteMultipleRegistersRequest(address=address, registers=values)
    return Write(framing, unit, request, 5, transaction)
