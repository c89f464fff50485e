"""The effects of a changed password, however it was changed: log-ins of apps end, and the owner is told."""

from __future__ import annotations

from typing import Any

from .happenings import What, note
from .sessions import end_devices


class TellsOwner:
    """A password validator without a rule. Django calls it after each change of a password, however it was made. So each
    change ends what phones have of the login, and its owner is told.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse nothing."""

    def get_help_text(self) -> str:
        """Return nothing: there is no rule."""
        return ""

    def password_changed(self, password: str, user: Any) -> None:  # noqa: ARG002
        """End what phones have of a login whose password was changed: whoever knew the old one may have joined it in WeChat, or
        may switch on site. Tell its owner, unless the owner has never logged in.
        """
        if user is not None:
            end_devices(user)
        if user is not None and user.last_login is not None:
            note(user, What.PASSWORD)
