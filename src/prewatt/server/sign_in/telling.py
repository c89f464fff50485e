"""What follows from a changed password, by whatever way it was changed: apps come in no more, and the owner is told."""

from __future__ import annotations

from typing import Any

from .happenings import What, note
from .sessions import end_devices


class TellsOwner:
    """No rule: Django calls it after each change of a password, whatever made it, and so nothing is left of the one before,
    and its owner is told of each.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse nothing."""

    def get_help_text(self) -> str:
        """Return nothing: there is no rule."""
        return ""

    def password_changed(self, password: str, user: Any) -> None:  # noqa: ARG002
        """End what phones have of a login whose password was changed: whoever knew the old one may have joined it in WeChat, or
        may switch on site. Tell its owner; nobody is told who has never logged in.
        """
        if user is not None:
            end_devices(user)
        if user is not None and user.last_login is not None:
            note(user, What.PASSWORD)
