"""Questions of DL/T 645 and their answers.

An answer counts only if it comes from the asked meter and belongs to the asked function. If it carries a value that was
read by an identifier, it must have the asked identifier, too. Everything else is skipped: wake-up bytes, noise, an echo
of the question, answers of other meters, a late answer to another identifier. If no answer comes, what was skipped is
named, except wake-up bytes.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from ..conversation import Conversation
from ..errors import PasswordRefused, Refused, WrongAnswer
from ..exchange import Answer, Exchange, Skipped
from .bcd import from_digits, to_digits
from .bcd_times import to_time
from .codes import Command, Edition, Function, OldFunction
from .errors import PASSWORD_ERROR, error_names
from .frame import FRAME, Frame, FrameParser

T = TypeVar("T")

WAKE = 4
"""Wake-up bytes before each question, as the standard wants them."""
LONGEST_DATA = 200
"""Bytes of the longest data field of an answer."""
ONE = 16
"""Bytes of the data field of an answer with one value. A bus waits less long for a meter that is silent."""
MOST_FRAMES = 64
"""Following frames that are read at most."""


class Payload(NamedTuple):
    """What stands behind the data identifier in an answer. `more`: more follows in another frame."""

    data: bytes
    more: bool


@dataclass(frozen=True)
class Access:
    """What a meter wants to see with an order. `level`: of the password, 00 to 09. `password`: six digits, `operator`:
    eight digits, as people read them.
    """

    level: int = 2
    password: str = "000000"
    operator: str = "00000000"

    def encode(self) -> bytes:
        """Return the eight bytes. Raises ValueError if the digits are not six and eight."""
        if len(self.password) != 6 or len(self.operator) != 8:
            raise ValueError("a password has 6 digits, an operator's number 8")
        return bytes((self.level,)) + to_digits(self.password) + to_digits(self.operator)


def matches(asked: str, answers: str) -> bool:
    """Return whether the address of an answer is the one that was asked, in which AA stands for any two digits."""
    pairs = zip(_pairs(asked), _pairs(answers), strict=True)
    return all(one in {"AA", other} for one, other in pairs)


def _pairs(address: str) -> list[str]:
    return [address[at : at + 2] for at in range(0, len(address), 2)]


class Question(Exchange[T]):
    """A question to one meter. `edition`: by which error answers are read. `with_password`: the question has one."""

    with_password = False

    def __init__(
        self, asked: Frame, answer: int, edition: Edition = Edition.OF_2007, answer_data: int = LONGEST_DATA
    ) -> None:
        self.asked, self.edition = asked, edition
        self.request = asked.encode(WAKE)
        self.longest = WAKE + FRAME + answer_data
        self._function = answer
        self._parser = FrameParser()
        self._echo = False
        self._others: list[str] = []

    def feed(self, received: bytes) -> Answer[T] | None:
        """Take up bytes. Returns the answer once it is whole, None until then. Raises Refused if the meter refuses."""
        return self._first(self._parser.feed(received))

    def end(self) -> Answer[T] | None:
        """Take up that nothing more comes. Returns the answer if what came is one; else None."""
        return self._first(self._parser.end())

    def _first(self, frames: list[Frame]) -> Answer[T] | None:
        for frame in frames:
            answer = self._take(frame)
            if answer is not None:
                return answer
        return None

    def _take(self, frame: Frame) -> Answer[T] | None:
        if not frame.is_answer:
            self._echo |= frame == self.asked
            self._note("" if frame == self.asked else "a question of somebody else")
            return None
        if not matches(self.asked.address, frame.address):
            self._note(f"an answer of meter {frame.address}")
            return None
        if frame.function != self._function:
            self._note("an answer to another question")
            return None
        if frame.is_error:
            raise self._refusal(frame)
        answer = self._value(frame)
        if answer is None:
            self._note("an answer to another question")
        return answer

    def _note(self, words: str) -> None:
        if words and words not in self._others:
            self._others.append(words)

    def _refusal(self, frame: Frame) -> Refused:
        code = frame.data[0] if frame.data else 0
        says = " and ".join(error_names(code, self.edition)) or "no reason"
        kind = PasswordRefused if self.with_password and code >> PASSWORD_ERROR & 1 else Refused
        return kind(f"the meter refuses: {says} (error {code:02X})", code)

    @abstractmethod
    def _value(self, frame: Frame) -> Answer[T] | None:
        """Return the value of an answer of this meter to this function; None if it answers another question."""

    def skipped(self) -> Skipped:
        return Skipped(self._parser.stray + self._parser.waiting, bool(self._others))

    def seen(self) -> str:
        """Return what arrived that is not the answer, in words."""
        parser, words = self._parser, list(self._others)
        if parser.damaged:
            words.append("a damaged frame")
        if stray := parser.stray + parser.waiting:
            words.append(f"{stray} bytes that are no frame")
        if self._echo:
            words.insert(0, "the echo of the question" if words else "only the echo of the question")
        return ", ".join(words) or "nothing"


class Read(Question[Payload]):
    """Read a data identifier: its hexadecimal digits as people read them, 8 of them (2007) or 4 (1997). `answer_data`: how
    many bytes of data are expected at most.
    """

    def __init__(
        self,
        address: str,
        identifier: str,
        edition: Edition = Edition.OF_2007,
        answer_data: int = LONGEST_DATA,
    ) -> None:
        function = OldFunction.READ if edition == Edition.OF_1997 else Function.READ
        self._identifier = to_digits(identifier)
        super().__init__(Frame(address, function, self._identifier), function, edition, answer_data)

    def _value(self, frame: Frame) -> Answer[Payload] | None:
        if not frame.data.startswith(self._identifier):
            return None
        return Answer(Payload(frame.data[len(self._identifier) :], frame.more_follows))


class ReadFollowing(Question[Payload]):
    """Read what follows the answer to `Read`. `sequence`: 1, 2, ...; in the edition of 1997 there is none."""

    def __init__(self, address: str, identifier: str, sequence: int, edition: Edition = Edition.OF_2007) -> None:
        self._identifier = to_digits(identifier)
        self._sequence = bytes((sequence,)) if edition == Edition.OF_2007 else b""
        function = Function.READ_FOLLOWING if edition == Edition.OF_2007 else OldFunction.READ_FOLLOWING
        super().__init__(Frame(address, function, self._identifier + self._sequence), function, edition)

    def _value(self, frame: Frame) -> Answer[Payload] | None:
        data, ends = frame.data, len(frame.data) - len(self._sequence)
        if not data.startswith(self._identifier) or ends < len(self._identifier) or data[ends:] != self._sequence:
            return None
        return Answer(Payload(data[len(self._identifier) : ends], frame.more_follows))


class ReadAddress(Question[str]):
    """Read a meter's address. Any meter answers to the address WILD, so use it only on a bus with one meter."""

    def __init__(self, address: str) -> None:
        super().__init__(Frame(address, Function.READ_ADDRESS), Function.READ_ADDRESS, answer_data=6)

    def _value(self, frame: Frame) -> Answer[str]:
        address = from_digits(frame.data)
        if address is None or len(frame.data) != 6:
            raise WrongAnswer(f"its address is not 12 digits ({frame.data.hex(' ').upper()})")
        return Answer(address)


class Order(Question[None]):
    """A question that changes something, and whose answer says nothing but that it was taken."""

    with_password = True

    def __init__(self, address: str, function: int, data: bytes) -> None:
        super().__init__(Frame(address, function, data), function, answer_data=1)

    def _value(self, frame: Frame) -> Answer[None]:  # noqa: ARG002
        return Answer(None)


class Write(Order):
    """Write a data identifier. `data`: its bytes, low byte first."""

    def __init__(self, address: str, identifier: str, access: Access, data: bytes) -> None:
        super().__init__(address, Function.WRITE, to_digits(identifier) + access.encode() + data)


class Control(Order):
    """Order the relay or the alarm. `until`: the meter's own wall-clock time after which the order is void."""

    def __init__(self, address: str, command: Command, access: Access, until: datetime) -> None:
        data = access.encode() + bytes((command, 0)) + to_time(until)
        super().__init__(address, Function.CONTROL, data)


class SetTime(Question[None]):
    """Tell one meter or all (BROADCAST) the wall-clock time. No meter answers; each takes it only if its clock is at most
    five minutes off, once a day.
    """

    expects_answer = False

    def __init__(self, address: str, at: datetime) -> None:
        super().__init__(Frame(address, Function.SET_TIME, to_time(at)), Function.SET_TIME, answer_data=0)

    def _value(self, frame: Frame) -> None:  # noqa: ARG002
        return None


def read(
    address: str, identifier: str, edition: Edition = Edition.OF_2007, answer_data: int = ONE
) -> Conversation[bytes]:
    """Read a data identifier whole, over as many frames as it takes. Returns what stands behind the identifier.
    `answer_data`: how many bytes of data are expected in a frame at most: ONE, or LONGEST_DATA for a block.
    """
    data, more = yield Read(address, identifier, edition, answer_data)
    sequence = 0
    while more:
        sequence += 1
        if sequence > MOST_FRAMES:
            raise WrongAnswer(f"its data {identifier} does not end")
        part, more = yield ReadFollowing(address, identifier, sequence, edition)
        data += part
    return bytes(data)
