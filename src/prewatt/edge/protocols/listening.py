"""A question to one address after which one goes on listening, so that a second meter at this address is heard too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..protocols.conversation import Conversation
from ..protocols.errors import NoAnswer, ProtocolError
from ..protocols.exchange import Answer, Exchange

TRIES = 3
"""How often an address that seems doubled is asked: a disturbed line says so once, two meters say so each time."""


class Heard(NamedTuple):
    """What came to one question. `answers`: whole ones, also refusals. `stray`: bytes came that belong to none."""

    answers: int
    stray: bool


class Listening(Exchange[Heard]):
    """One question, and all that comes to it until the line is quiet. `make` returns a new exchange of the question each time."""

    def __init__(self, make: Callable[[], Exchange[Any]]) -> None:
        self._make = make
        question = make()
        self.request, self.longest = question.request, 2 * question.longest
        self._received = b""

    def feed(self, received: bytes) -> None:
        """Take up bytes. There is never an answer before the line is quiet."""
        self._received += received

    def end(self) -> Answer[Heard] | None:
        """Return what was heard; None if nothing was."""
        if not self._received:
            return None
        answers, since = 0, 0
        question = self._make()
        for end in range(1, len(self._received) + 1):
            if self._is_answered(question, self._received[end - 1 : end]):
                answers, since = answers + 1, end
                question = self._make()
        return Answer(Heard(answers, since < len(self._received)))

    def _is_answered(self, question: Exchange[Any], byte: bytes) -> bool:
        try:
            return question.feed(byte) is not None
        except NoAnswer:
            return False
        except ProtocolError:
            # A refusal, or an answer that can't be right: somebody is there.
            return True

    def seen(self) -> str:
        """Return in words what has arrived, for a refusal."""
        return f"{len(self._received)} bytes that are no answer" if self._received else "nothing"


def is_doubled(make: Callable[[], Exchange[Any]]) -> Conversation[bool | None]:
    """Return whether several meters answer at one address; None if none does. `make` returns a question to it.

    Meters that answer at the same moment destroy each other's answers. So a place where bytes come, and never an answer, is
    doubled too; a single bad answer is only noise.
    """
    clear = unclear = 0
    for _ in range(TRIES):
        try:
            heard: Heard = yield Listening(make)
        except NoAnswer:
            if not clear + unclear:
                return None
            continue
        if heard == Heard(1, stray=False):
            clear += 1
            if not unclear:
                return False
        else:
            unclear += 1
    return unclear > clear
