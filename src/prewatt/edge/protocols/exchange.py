"""A question to a meter and its answer.

An `Exchange` has the bytes of the question, and is fed what arrives until it has the answer. What arrives is a stream:
an answer may come in pieces, several at once, after noise, or after an echo of the question. The exchange skips what does
not answer its question, and never takes it for the answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """The value of an answer."""

    value: T


class Skipped(NamedTuple):
    """What came beside the answer to a question. `strays`: how many bytes that are no frame. `frames`: whether there were
    whole frames that answer another question, or are another meter's.
    """

    strays: int = 0
    frames: bool = False


class Exchange(ABC, Generic[T]):
    """One question and its answer.

    `request`: the bytes of the question. `longest`: the length of the longest answer, in bytes, by which a bus knows
    how long to listen. `expects_answer`: False for a broadcast, which no meter answers. `mirrors`: True if the answer
    may be the same bytes as the question, so that an adapter's echo of the question could be taken for it.
    `reconnects`: True if a connection over TCP is made again after a question without an answer, since a late answer
    could not be recognised. `waits_s`: for an empty request, by which one only listens: the seconds within which the
    meter sends by itself.
    """

    request: bytes
    longest: int
    expects_answer: bool = True
    mirrors: bool = False
    reconnects: bool = False
    waits_s: float = 0.0

    @abstractmethod
    def feed(self, received: bytes) -> Answer[T] | None:
        """Take up the next bytes that arrived. Returns the answer once it is whole, None until then. Raises `Refused`
        if the meter answers with an error, `WrongAnswer` if its answer cannot be right. What belongs to no answer is
        skipped.
        """

    def end(self) -> Answer[T] | None:
        """Return the answer that stands behind the beginning of one that never became whole, now that nothing more comes;
        None if there is none. Raises as `feed` does.
        """
        return None

    def skipped(self) -> Skipped:
        """Return what came beside the answer, once that is taken."""
        return Skipped()

    @abstractmethod
    def seen(self) -> str:
        """Return, in a few words, what arrived that is not the answer: `nothing`, `only the echo of the question`,
        `7 bytes that are no frame`, `an answer of meter 12`. It completes the sentence "It does not answer: ...".
        """
