"""A bus asks one question at a time, and hands what comes back to the exchange that asked.

The law of a bus:
- Between the last byte of one exchange and the next question lies a pause, so that all meters and converters have turned
  from sending to listening (`pause`).
- A question is answered when its exchange says so, within `answer_s` and the time that the longest answer takes on the
  line. What came before the question, or after its answer, belongs to nobody and is thrown away.
- After a question that was not answered, the bus is silent until nothing has come for as long as a whole answer may take
  once more: a late answer must not meet another question.
- The bus never repeats a question by itself: it cannot know what a question does.
- A meter that does not answer is left alone for a while, unless its switch has to move.
- Between two questions of a conversation, a more urgent one to another meter goes first: a switch that must move waits for
  one answer, not for the reading of a meter.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from msgspec import Struct

from ..protocols.conversation import Conversation, converse
from ..protocols.errors import NoAnswer, ProtocolError
from ..protocols.exchange import Answer, Exchange
from .echo import Echo, EchoFilter
from .health import Health
from .patience import LONGEST, Patience
from .pause import BITS, Pause
from .ports import Port, PortFailed
from .turns import Turns, Urgency, urgency

T = TypeVar("T")

LONGEST_DRAIN_S = 3.0
"""Seconds after which a bus on which somebody sends without end is used all the same."""
FLOOD = 8_192
"""Bytes that are listened to for one answer at most: no answer and no noise of a line is longer, and to look for an answer
in what a broken or hostile converter sends without end would keep the processor busy.
"""


class Timing(Struct, frozen=True, forbid_unknown_fields=True):
    """The times of a bus. `baud`: of the line, also of the one behind a converter. `answer_s`: until the first byte of
    an answer. `pause_s`: between two bytes of one answer. `turnaround_s`: between an answer and the next question.
    `turnaround_least_s`: the shortest turnaround that the bus may try while all goes well; None: it never shortens it.
    """

    baud: int = 2400
    answer_s: float = 0.6
    pause_s: float = 0.5
    turnaround_s: float = 0.05
    turnaround_least_s: float | None = None
    rest_longest_s: float = LONGEST

    def line_s(self, count: int) -> float:
        """Return the seconds that `count` bytes take on the line."""
        return count * BITS / self.baud


@dataclass
class Count:
    """Questions, and how many of them were not answered."""

    questions: int = 0
    unanswered: int = 0


@dataclass
class Figures(Count):
    """What has happened on a bus since it was opened. Of the questions that were not answered, `broken` had an answer that
    came broken, and `late` one that came too late; to the others nothing came. `noisy`: how often bytes came that nobody
    sent. `foreign`: how many answers came together with another meter's. `pieces`: how many came in pieces. `echoes`: how
    many questions the adapter handed back; `broken_echoes`: how many of these had lost bytes.
    """

    answers: int = 0
    stray_bytes: int = 0
    """Bytes that came while nobody had asked."""
    broken: int = 0
    late: int = 0
    noisy: int = 0
    foreign: int = 0
    pieces: int = 0
    echoes: int = 0
    broken_echoes: int = 0
    by_meter: defaultdict[str, Count] = field(default_factory=lambda: defaultdict(Count))


class Bus:
    """A bus of meters. It can be used by any thread; each waits for its turn.

    `steady` and `sleep` are the clock, in seconds: the machine's own, except for a virtual line. `name`: how the
    gateway's settings call the bus.
    """

    def __init__(
        self,
        port: Port,
        timing: Timing,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        name: str = "",
    ) -> None:
        self.port, self.timing = port, timing
        self.name = name or port.name
        self.figures = Figures()
        self.echo = Echo()
        self._steady, self._sleep = steady, sleep
        self.turns = Turns()
        self._meters: dict[str, Turns] = {}
        self._patience = Patience(timing.rest_longest_s)
        least = timing.turnaround_s if timing.turnaround_least_s is None else timing.turnaround_least_s
        self._pause = Pause(timing.turnaround_s, least)
        self._free_at = 0.0
        self.health = Health()
        # Whether bytes came in the place of the answer to the present question.
        self._came = False

    def run(self, meter: str, conversation: Conversation[T]) -> T:
        """Run a conversation with a meter, and return its result. A meter has one at a time. Raises ProtocolError."""
        with self._meters.setdefault(meter, Turns()).turn(), self.turns.turn():
            rest = self._patience.rest(meter, self._steady())
            if rest and urgency() != Urgency.SWITCH:
                conversation.close()
                failures = self._patience.failures(meter)
                raise NoAnswer(f"it did not answer {failures} times, and is asked again in {rest:.0f} s")
            try:
                result = converse(conversation, lambda exchange: self._ask(meter, exchange))
            except PortFailed:
                raise
            except NoAnswer:
                self._patience.silent(meter, self._steady())
                raise
            self._patience.answered(meter)
            return result

    def close(self) -> None:
        """Close the port."""
        with self.turns.turn():
            self.port.close()

    def _ask(self, meter: str, exchange: Exchange[Any]) -> Any:
        """Carry out one exchange. Returns the value of the answer. Raises ProtocolError."""
        self.turns.give_way()
        self._sleep(max(self._free_at - self._steady(), 0.0))
        with suppress(PortFailed):
            # A connection that was closed while nobody asked is made again by the question.
            heard = 0
            while heard < FLOOD and (stray := self.port.read(0.0)):
                heard += len(stray)
            self.figures.stray_bytes += heard
            # What comes unasked is no noise where one only listens.
            self.figures.noisy += heard > 0 and bool(exchange.request)
        count = self.figures.by_meter[meter]
        self.figures.questions += 1
        count.questions += 1
        self._came = False
        try:
            value = self._answer(meter, exchange)
        except NoAnswer as error:
            self.figures.unanswered += 1
            count.unanswered += 1
            if isinstance(error, PortFailed):
                self.health.port_failed(str(error))
            else:
                self.health.unanswered(meter, broken=self._came)
            raise
        except ProtocolError:
            # It answers, if only with an error.
            self.health.answered()
            raise
        if exchange.expects_answer:
            self.health.answered()
        return value

    def _answer(self, meter: str, exchange: Exchange[Any]) -> Any:
        """Send a question, and return the value of its answer. Raises ProtocolError."""
        self.port.write(exchange.request)
        if not exchange.expects_answer:
            self._free_at = self._steady() + self.timing.line_s(len(exchange.request)) + self._pause.seconds
            return None
        stream = self.echo.begin(exchange.request, exchange.mirrors)
        try:
            answer = self._listen(exchange, stream)
        finally:
            self._free_at = self._steady() + self._pause.seconds
            self.figures.echoes += stream.is_echo
            self.figures.broken_echoes += stream.is_echo and stream.lost > 0
        if not exchange.mirrors:
            self.echo.learn(stream, answered=answer is not None)
        if answer is not None:
            skipped = exchange.skipped()
            self.figures.noisy += skipped.strays > 0
            self.figures.foreign += skipped.frames
            self.figures.answers += 1
            self._pause.answered()
            return answer.value
        if not self._patience.failures(meter):
            self._pause.lost()
        self._came = stream.others > 0
        self.figures.broken += self._came
        if exchange.reconnects:
            self.port.close()
        if self._drain(exchange.longest) and not self._came:
            self.figures.late += 1
        raise NoAnswer("only the echo of the question" if stream.is_echo and not stream.others else exchange.seen())

    def _listen(self, exchange: Exchange[Any], stream: EchoFilter) -> Answer[Any] | None:
        """Feed what comes to the exchange until it has its answer; None if it has none in time."""
        timing = self.timing
        sent_at = self._steady() + timing.line_s(len(exchange.request))
        deadline = sent_at + max(timing.answer_s, exchange.waits_s)
        last = deadline + timing.line_s(exchange.longest + len(exchange.request)) + timing.pause_s
        heard = pieces = 0
        while heard < FLOOD and (wait := min(deadline, last) - self._steady()) > 0:
            received = self.port.read(wait)
            heard += len(received)
            fresh = stream.feed(received)
            if not fresh:
                continue
            pieces += 1
            answer = exchange.feed(fresh)
            if answer is not None:
                self.figures.pieces += pieces > 1
                return answer
            deadline = max(deadline, self._steady() + timing.pause_s)
        return exchange.end()

    def _drain(self, longest: int) -> bool:
        """Be silent until nothing has come for as long as a meter may take to answer once more. Returns whether something came."""
        quiet, before = self.timing.answer_s + self.timing.line_s(longest), self.figures.stray_bytes
        end = self._steady() + LONGEST_DRAIN_S
        with suppress(PortFailed):
            while self._steady() < end and (stray := self.port.read(quiet)):
                self.figures.stray_bytes += len(stray)
        return self.figures.stray_bytes > before
