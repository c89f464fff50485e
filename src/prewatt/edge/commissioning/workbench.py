"""The work of setting up at one gateway: what was found is kept, a bus is opened for a while, a meter is asked and compared.
One work at a time; the page and the command call it from their own threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..buses.bus import Bus, Timing
from ..buses.listening import LISTENING
from ..buses.ports import Port, PortFailed, open_port
from ..buses.turns import Urgency, urgent
from ..conversations import find_protocol
from ..conversations.protocol import Conversations
from ..drivers.bus import CALL
from ..meters.model import Model
from ..protocols.conversation import Conversation
from ..protocols.errors import NoAnswer, ProtocolError
from ..texts import _
from . import rules
from .live import LiveBus
from .survey import FoundMeter, Survey, SurveyError, load_survey, plain, save_survey
from .trying import Look, look, open_conversations, ranked

Run = Callable[[Callable[[Conversations], Conversation[Any]]], Any]
"""Runs a conversation with one meter."""


def in_words(error: Exception) -> str:
    """Return a failure as people read it."""
    if isinstance(error, NoAnswer) and not isinstance(error, PortFailed):
        return _("It does not answer (received: %(seen)s)") % {"seen": error}
    return str(error)


def again(read: Callable[[], Look]) -> Look:
    """Read a meter, and read it a second time if no answer came: a single lost answer says nothing. Raises
    ProtocolError.
    """
    try:
        return read()
    except NoAnswer:
        return read()


class Workbench:
    """Setting up at one gateway. `folder`: the gateway's. `models`: of meters, by name. `live`: the buses in service, by
    their ports. `clock` returns the instant (µs).
    """

    def __init__(
        self,
        folder: Path,
        models: Mapping[str, Model],
        live: Mapping[str, LiveBus],
        clock: Callable[[], int],
        survey: Survey | None = None,
    ) -> None:
        self.folder, self.models, self.live, self.clock = folder, models, live, clock
        self.survey = load_survey(folder) if survey is None else survey
        self._lock = threading.RLock()
        self._busy = threading.Lock()
        self.doing = ""
        """What is being done now, in words; empty: nothing."""

    # -- what there is -------------------------------------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Iterator[Survey]:
        """Change the survey inside the block; it is kept at its end."""
        with self._lock:
            yield self.survey
            save_survey(self.folder, self.survey)

    @contextmanager
    def working(self, words: str) -> Iterator[None]:
        """Have the buses for oneself inside the block. Raises SurveyError if another work is being done."""
        if not self._busy.acquire(blocking=False):
            raise SurveyError(_("Please wait: %(what)s.") % {"what": self.doing})
        self.doing = words
        try:
            with urgent(Urgency.PERSON):
                yield
        finally:
            self.doing = ""
            self._busy.release()

    @contextmanager
    def opened(self, port: str, line: str, protocol: str) -> Iterator[Bus]:
        """Open a bus that is not in service, for a while. Raises PortFailed if it can't be opened, or was lost meanwhile."""
        called = LISTENING.called(port.removeprefix(CALL)) if port.startswith(CALL) else None
        opened = _Watched(called or open_port(port, line))
        answer_s = find_protocol(protocol).answers.seeking(port)
        bus = Bus(opened, Timing(int(line.split()[0]), answer_s, 0.2, 0.05, 0.0))
        try:
            opened.read(0.0)
            yield bus
            if opened.failure:
                raise PortFailed(opened.failure)
        finally:
            # Who hangs up on a converter that called must wait until it calls again.
            if called is None:
                bus.close()

    # -- one meter -----------------------------------------------------------------------------------------------------------

    @contextmanager
    def reached(self, meter: FoundMeter) -> Iterator[Run]:
        """Give the block what runs a conversation with a meter. Raises SurveyError if the meter can't be asked."""
        seen = meter.look
        if seen is None:
            raise SurveyError(_("This meter can't be read yet. Enter its password, or choose its model."))
        live = self.live.get(meter.port)
        own = live.meters.get(meter.in_service) if live else None
        own = own if own and own.place.place == meter.place else None
        try:
            with ExitStack() as stack:
                bus = live.bus if live else stack.enter_context(self.opened(meter.port, meter.line, meter.protocol))
                conversations = (
                    own.conversations
                    if own
                    else open_conversations(
                        self.models[seen.model], meter.address, meter.framing, meter.more, self.clock
                    )
                )
                # Under its own name, so that the agent's conversations with it and these do not run into each other.
                name = meter.in_service if own else f"set-up {meter.id}"
                yield lambda make: bus.run(name, make(conversations))
        except SurveyError:
            raise
        except (ProtocolError, ValueError) as error:
            raise SurveyError(in_words(error)) from None

    def now(self, meter: FoundMeter, run: Run) -> Look:
        """Read a meter again by its model, and note what it shows. Raises SurveyError if it does not answer, or another
        meter does.
        """
        seen = meter.look
        assert seen is not None
        now: Look = again(lambda: run(lambda conversations: look(seen.model, self.models[seen.model], conversations)))
        if now.refusal:
            raise SurveyError(now.refusal)
        if plain(now.serial) != plain(seen.serial):
            raise SurveyError(_("Another meter answers there now: look for meters again."))
        with self.changing() as survey:
            others = [each for each in survey.meter(meter.id).looks if each.model != now.model]
            survey.change(meter.id, looks=tuple(ranked([now, *others])), is_silent=False, seen_at=self.clock())
        return now

    def compare(self, number: int, typed: str) -> str:
        """Compare what was read on a meter's display with its register now. Returns and raises as `rules.compare`."""
        meter = self.survey.meter(number)
        with self.working(_("a meter is being compared")), self.reached(meter) as run:
            now = self.now(meter, run)
            rates = _rates(run)
        with self.changing() as survey:
            step = self.models[now.model].energy_step
            return rules.compare(survey, number, typed, now, step, self.clock(), rates)


def _rates(run: Run) -> Mapping[int, int]:
    """Return the energies by rate, Wh; none if the meter does not tell them."""
    try:
        rates: Mapping[int, int] = run(lambda conversations: conversations.read_rates())
    except ProtocolError:
        return {}
    return rates


class _Watched:
    """A port that remembers that it failed: who asks many addresses takes a failure for silence."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self.failure = ""

    @property
    def name(self) -> str:
        """Return the name of the port behind it."""
        return self._port.name

    def write(self, data: bytes) -> None:
        """Send bytes. Raises PortFailed, also if the port failed before."""
        if self.failure:
            raise PortFailed(self.failure)
        try:
            self._port.write(data)
        except PortFailed as error:
            self.failure = str(error)
            raise

    def read(self, wait_s: float) -> bytes:
        """Return the bytes that came within `wait_s` seconds. Raises PortFailed, and remembers why."""
        try:
            return self._port.read(wait_s)
        except PortFailed as error:
            self.failure = str(error)
            raise

    def close(self) -> None:
        """Close the port behind it."""
        self._port.close()
