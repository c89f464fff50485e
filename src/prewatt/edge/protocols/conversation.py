"""A conversation with a meter: several questions in turn.

A `Conversation` is a generator. It yields exchanges, is sent the value of each answer, and returns a result. When an
exchange fails, its error is raised inside, at the `yield`: a conversation that has to leave a meter in order (such as a
link to close) does so there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from .errors import ProtocolError
from .exchange import Exchange

T = TypeVar("T")


Conversation = Generator[Exchange[Any], Any, T]
"""Exchanges in turn, and a result."""


def converse(conversation: Conversation[T], ask: Callable[[Exchange[Any]], Any]) -> T:
    """Run a conversation. `ask` carries out an exchange: it returns the value of the answer, or raises ProtocolError."""
    try:
        exchange = next(conversation)
        while True:
            try:
                value = ask(exchange)
            except ProtocolError as error:
                exchange = conversation.throw(error)
            else:
                exchange = conversation.send(value)
    except StopIteration as end:
        result: T = end.value
        return result
