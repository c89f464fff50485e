"""Finding the meters on a bus whose addresses nobody knows.

AA in an address stands for any two digits, and an answer has the meter's own address. So all meters are asked at once. Where
the answers of several destroy each other, those whose address ends in 00 are asked, then 01, and so on to 99; where those
still disturb each other, four digits are given, and so on. It takes minutes, and is for a bus that is being set up.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from ..conversation import Conversation
from ..errors import NoAnswer, WrongAnswer
from ..exchange import Answer
from .codes import Edition
from .exchanges import Question, Read
from .frame import ADDRESS, WILD, Frame

ENERGY = {Edition.OF_2007: "00010000", Edition.OF_1997: "9010"}
"""What each meter of an edition can tell."""
MOST = 1_000
"""The most questions that are asked: on a line with noise there would be no end."""


class WhoIsThere(Question[frozenset[str]]):
    """Ask all meters whose address fits. The value: the addresses of those that have answered, once nobody does any more.
    `disturbed`: something else came too, such as several answers at once.
    """

    def __init__(self, address: str, edition: Edition) -> None:
        question = Read(address, ENERGY[edition], edition)
        super().__init__(question.asked, question.asked.function, edition, answer_data=16)
        self._heard: set[str] = set()

    def _first(self, frames: list[Frame]) -> None:
        self._heard |= {frame.address for frame in frames if frame.is_answer}

    def end(self) -> Answer[frozenset[str]] | None:
        """Return the addresses that answered, once nothing more comes; None if there are none."""
        self._first(self._parser.end())
        return Answer(frozenset(self._heard)) if self._heard else None

    @property
    def disturbed(self) -> bool:
        """Return whether bytes came that are no frame: several meters may have answered at once."""
        return bool(self._parser.stray)

    def _value(self, frame: Frame) -> None:  # noqa: ARG002
        return None


class Found(NamedTuple):
    """The meters on a bus. `addresses`: of those that have answered. `doubled`: addresses at which several seem to answer
    at once, or whose answers always arrive broken.
    """

    addresses: frozenset[str]
    doubled: frozenset[str]


def search(edition: Edition = Edition.OF_2007) -> Conversation[Found]:
    """Return the meters of an edition on a bus. One that answers with AA in place of its address has that address here.
    Raises WrongAnswer if the line is so disturbed that they cannot be told apart.
    """
    addresses: set[str] = set()
    doubled: set[str] = set()
    ends, asked = [""], 0
    while ends:
        end = ends.pop()
        asked += 1
        if asked > MOST:
            raise WrongAnswer("the meters can't be told apart: connect fewer of them, or look for a bad contact")
        question = WhoIsThere(WILD[len(end) :] + end, edition)
        with suppress(NoAnswer):
            addresses |= yield question
        if not question.disturbed:
            continue
        if len(end) < 2 * ADDRESS:
            ends += [f"{pair:02}{end}" for pair in range(99, -1, -1)]
        else:
            doubled.add(end)
    return Found(frozenset(addresses), frozenset(doubled))
