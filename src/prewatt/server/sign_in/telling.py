"""Tells the owner of a login that its password was changed, by whatever way."""

from __future__ import annotations

from typing import Any

from .happenings import What, note


class TellsOwner:
    """No rule: Django calls it after each change of a password, whatever made it, and so its owner is told of each."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse nothing."""

    def get_help_text(self) -> str:
        """Return nothing: there is no rule."""
        return ""

    def password_changed(self, password: str, user: Any) -> None:  # noqa: ARG002
        """Tell the owner of a login whose password was changed. Nobody is told who has never logged in."""
        if user is not None and user.last_login is not None:
            note(user, What.PASSWORD)
