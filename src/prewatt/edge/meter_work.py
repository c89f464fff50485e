"""What the rules want done at meters is done here: reading, looking, switching, setting an allowance.

Meters without a bus answer at once, and are served in the agent's thread. A bus asks one question at a time and may
take seconds, so each bus has threads of its own; what they bring comes back to the agent's thread by the inbox. A move
of a switch goes before a look by a person, and a look goes before the round. The more urgent work does not wait until a
meter is read whole, but only for the answer to one question. On an accelerated clock all is done in the agent's thread:
there, time waits.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Protocol

from .buses.turns import Urgency, urgent
from .devices import Devices, Question
from .drivers.interface import DriverError, NotSupported
from .effects import Effect
from .observed import Foreign, Observed

log = logging.getLogger("prewatt.edge")

Seen = Observed | Foreign | str


class Heard(Protocol):
    """Takes up, in the agent's thread, what was done at meters, and returns what follows."""

    def on_read(self, seen: Mapping[str, Seen]) -> list[Effect]:
        """Take up readings, by meter. A text says why a meter could not be read."""

    def on_looked(self, name: str, began: float, seen: Seen) -> list[Effect]:
        """Take up a reading that somebody looks at; `began` is when it was asked for (s, steady clock)."""

    def on_switch(self, name: str, closed: bool, error: DriverError | None) -> list[Effect]:
        """Take up that a switch was moved, or the error for which it was not."""

    def on_allowance_failed(self, name: str, keeps: bool) -> list[Effect]:
        """Take up that a meter did not accept its allowance; `keeps`: whether it can have one at all."""


class MeterWork:
    """The work at the meters of one gateway. Each method returns what follows at once; what follows later is `post`ed.

    `ask`: returns the question for a meter, from what the rules know now (the argument says whether somebody looks).
    `post`: has something done in the agent's thread, and then the effects that it returns. `in_step`: all is done in the
    thread that asks.
    """

    def __init__(
        self,
        devices: Devices,
        ask: Callable[[str, bool], Question],
        heard: Heard,
        post: Callable[[Callable[[], list[Effect]]], None],
        in_step: bool,
    ) -> None:
        self._devices, self._ask, self._heard, self._post = devices, ask, heard, post
        self._in_step = in_step
        self._threads: dict[int, _BusThreads] = {}
        self._reading: set[str] = set()
        # How often the switch of a meter was told to move, and how many of these orders are done.
        self._moves: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._lock = threading.Lock()
        # What was read, and how many orders were done before that.
        self._results: dict[str, tuple[int, Seen]] = {}

    def close(self) -> None:
        """End the threads after the work that they have begun, and leave the meters in order."""
        for thread in self._threads.values():
            thread.close()
        self._devices.rest()

    def read(self, names: Sequence[str]) -> list[Effect]:
        """Read meters. One that is being read already is not read a second time."""
        at_once: dict[str, Seen] = {}
        for name in names:
            thread = self._thread(name)
            if thread is None:
                at_once[name] = self._devices.read(self._ask(name, False))
            elif name not in self._reading:
                self._reading.add(name)
                thread.do(Urgency.ROUND, partial(self._read, name, self._ask(name, False)))
        return self._heard.on_read(at_once) if at_once else []

    def _read(self, name: str, question: Question) -> None:
        done = self._done[name]
        seen = self._seen(question)
        with self._lock:
            first = not self._results
            self._results[name] = (done, seen)
        if first:
            self._post(self._take_results)

    def _seen(self, question: Question) -> Seen:
        try:
            return self._devices.read(question)
        except Exception as fault:
            # The bus goes on for its other meters, and this one counts as silent.
            log.exception("meter %s: a fault in its driver", question.name)
            return f"a fault in its driver ({type(fault).__name__})"

    def _take_results(self) -> list[Effect]:
        """Take up all that was read since: together, so that it is committed together."""
        with self._lock:
            results, self._results = self._results, {}
        self._reading.difference_update(results)
        # A switch that was told to move meanwhile: nobody knows whether it was read before or after.
        again = [name for name, (done, _) in results.items() if done != self._moves[name]]
        sure = {name: seen for name, (_, seen) in results.items() if name not in again}
        return (self._heard.on_read(sure) if sure else []) + self.read(again)

    def look(self, name: str) -> list[Effect]:
        """Read a meter for somebody who looks from afar."""
        question, thread = self._ask(name, True), self._thread(name)
        if thread is None:
            return self.look_now(name)

        def look() -> None:
            done, began = self._done[name], time.monotonic()
            seen = self._seen(question)
            self._post(lambda: self._take_look(name, done, began, seen))

        thread.do(Urgency.PERSON, look)
        return []

    def _take_look(self, name: str, done: int, began: float, seen: Seen) -> list[Effect]:
        return self._heard.on_looked(name, began, seen) if done == self._moves[name] else self.look(name)

    def look_now(self, name: str) -> list[Effect]:
        """Read a meter for somebody who stands before it and waits."""
        began = time.monotonic()
        with urgent(Urgency.PERSON):
            seen = self._devices.read(self._ask(name, True))
        return self._heard.on_looked(name, began, seen)

    def move_switch(self, name: str, closed: bool) -> list[Effect]:
        """Move the load switch of a meter."""
        self._moves[name] += 1
        serial, thread = self._ask(name, False).serial, self._thread(name)
        if thread is None:
            return self._heard.on_switch(name, closed, self._move(name, serial, closed))

        def move() -> None:
            error = self._move(name, serial, closed)
            self._done[name] += 1
            self._post(lambda: self._heard.on_switch(name, closed, error))

        thread.do(Urgency.SWITCH, move)
        return []

    def _move(self, name: str, serial: str, closed: bool) -> DriverError | None:
        return _tried(name, lambda: self._devices.driver(name, serial).set_switch(closed))

    def set_allowance(self, name: str, energy: int | None) -> list[Effect]:
        """Set what a meter may supply by itself."""
        serial, thread = self._ask(name, False).serial, self._thread(name)
        if thread is None:
            return self._failed_allowance(name, self._set_allowance(name, serial, energy))

        def set_allowance() -> None:
            error = self._set_allowance(name, serial, energy)
            self._post(lambda: self._failed_allowance(name, error))

        # As urgent as a switch, whose order may follow: it can't be closed while what the meter may supply is used up.
        thread.do(Urgency.SWITCH, set_allowance)
        return []

    def _set_allowance(self, name: str, serial: str, energy: int | None) -> DriverError | None:
        return _tried(name, lambda: self._devices.driver(name, serial).set_allowance(energy))

    def _failed_allowance(self, name: str, error: DriverError | None) -> list[Effect]:
        if error is None:
            return []
        log.warning("%s", error)
        return self._heard.on_allowance_failed(name, keeps=not isinstance(error, NotSupported))

    def _thread(self, name: str) -> _BusThreads | None:
        bus = self._devices.bus(name)
        if bus is None or self._in_step:
            return None
        if id(bus) not in self._threads:
            self._threads[id(bus)] = _BusThreads(f"bus-{len(self._threads) + 1}")
        return self._threads[id(bus)]


def _tried(name: str, operation: Callable[[], None]) -> DriverError | None:
    """Return the error with which an operation at a meter failed."""
    try:
        operation()
    except DriverError as error:
        return error
    except Exception as fault:
        log.exception("meter %s: a fault in its driver", name)
        return DriverError(name, "operate", f"a fault in its driver ({type(fault).__name__})")
    return None


class _BusThreads:
    """The threads of one bus: one reads, and one moves switches while the other waits for a meter."""

    def __init__(self, name: str) -> None:
        self._reading, self._switching = _Thread(name), _Thread(f"{name}-switches")

    def do(self, urgency: Urgency, work: Callable[[], None]) -> None:
        """Have work done: moves of switches in one thread, all else in the other."""
        thread = self._switching if urgency is Urgency.SWITCH else self._reading
        thread.do(urgency, work)

    def close(self) -> None:
        """End both threads, once the work that they are at is done."""
        self._reading.close()
        self._switching.close()


class _Thread:
    """A thread, and the work that waits for it: the most urgent first."""

    def __init__(self, name: str) -> None:
        self._work: queue.PriorityQueue[tuple[int, int, Callable[[], None] | None]] = queue.PriorityQueue()
        self._tickets = count()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def do(self, urgency: Urgency, work: Callable[[], None]) -> None:
        """Have work done after all that is more urgent or was given earlier."""
        self._work.put((int(urgency), next(self._tickets), lambda: self._urgently(urgency, work)))

    def close(self) -> None:
        """End the thread, once the work that it is at is done."""
        self._work.put((-1, next(self._tickets), None))

    @staticmethod
    def _urgently(urgency: Urgency, work: Callable[[], None]) -> None:
        with urgent(urgency):
            work()

    def _run(self) -> None:
        while (work := self._work.get()[2]) is not None:
            work()
