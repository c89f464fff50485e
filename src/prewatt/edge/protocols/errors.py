"""The errors of a question to a meter, or of its answer."""

from __future__ import annotations


class ProtocolError(Exception):
    """An exchange failed. The message says why, for people."""


class NoAnswer(ProtocolError):
    """Nothing that answers the question arrived in time. The message says what arrived in its place."""


class WrongAnswer(ProtocolError):
    """An intact answer of the right meter cannot be right: its shape or its content is impossible."""


class Unsupported(ProtocolError):
    """The meter has no such function, by its model's file."""


class Refused(ProtocolError):
    """The meter answered that it does not do what it was asked. `code`: the error as the protocol numbers it."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class WaitsForButton(ProtocolError):
    """The meter has taken the order to close its switch, and waits for a press of its button."""


class PasswordRefused(Refused):
    """The meter refused the password. It counts such tries and locks itself: the question is never asked again by
    itself.
    """
