"""How other threads have something done by the agent, which belongs to the thread of its shell."""

from __future__ import annotations

import queue
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from ..wire.link import Call, LinkEvent

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds that somebody on site waits for the agent."""


class AgentThread:
    """The agent's thread, as others reach it: by way of the queue that its loop waits on (`Shell.inbox`)."""

    def __init__(self, inbox: queue.Queue[LinkEvent]) -> None:
        self._inbox = inbox

    def ask(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. TimeoutError if the agent does not come to it. A journal that can't be written
        ends the agent as well.
        """
        done: Future[T] = Future()

        def call() -> None:
            try:
                done.set_result(work())
            except Exception as error:
                done.set_exception(error)
                # The rules in memory are ahead of the journal, or wrong: the agent must end, whoever asked.
                if isinstance(error, sqlite3.Error | AssertionError):
                    raise

        self._inbox.put(Call(call))
        return done.result(PATIENCE)
