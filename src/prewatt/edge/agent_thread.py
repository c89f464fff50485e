"""Other threads use this module to have work done in the agent's thread, which is the thread of its shell."""

from __future__ import annotations

import queue
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from ..wire.link import Call, LinkEvent
from .journal_file import JournalFull
from .texts import speaking, spoken

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds for which a person on site waits for the agent."""


class AgentThread:
    """The agent's thread as other threads reach it: through the queue on which its loop waits (`Shell.inbox`)."""

    def __init__(self, inbox: queue.Queue[LinkEvent]) -> None:
        self._inbox = inbox
        self._is_ended = False

    def ask(self, work: Callable[[], T]) -> T:
        """Do `work` in the agent's thread, and return what it returns or raise what it raises. Raises TimeoutError if
        the agent does not do it in time. An error of the journal, other than a full disk, also ends the agent: who asks
        after that gets TimeoutError at once.
        """
        if self._is_ended:
            raise TimeoutError
        done: Future[T] = Future()
        language = spoken()

        def call() -> None:
            try:
                # What is said is for who asks.
                with speaking(language):
                    done.set_result(work())
            except Exception as error:
                # The rules in memory are ahead of the journal, or wrong: the agent must end, whoever asked. On a full disk it
                # begins anew from the journal by itself.
                must_raise = isinstance(error, sqlite3.Error | AssertionError)
                self._is_ended = must_raise and not isinstance(error, JournalFull)
                done.set_exception(error)
                if must_raise:
                    raise

        self._inbox.put(Call(call))
        return done.result(PATIENCE)
