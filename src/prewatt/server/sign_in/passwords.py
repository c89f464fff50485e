"""What a password must be, beside its least length: not too long to be hashed, not a common one, not the person's own data.

A server in a building has no network in which it could ask whether a password was stolen elsewhere; Django's list of the 20,000
most frequent ones is what it can have.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator, UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST = 128
_DATE = re.compile(r"(19|20)\d\d[01]\d[0-3]\d|[0-3]\d[01]\d(19|20)\d\d")


class MaximumLength:
    """A password has at most 128 characters."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Raise ValidationError if a password is too long."""
        if len(password) > MOST:
            raise ValidationError(_("The password is longer than %(most)d characters.") % {"most": MOST})

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return _("It has at most %(most)d characters.") % {"most": MOST}


class NotCommon(CommonPasswordValidator):
    """A password is none of the 20,000 most frequent ones, nor one of them that was made longer by repeating it, by figures or
    by signs, as `password1234!` is.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError if a password is common."""
        super().validate(password, user)
        plain = password.lower().strip()
        core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
        half = plain[: len(plain) // 2]
        worn = len(set(plain)) < 5 or plain == half * 2 or (len(core) >= 4 and core in self.passwords)
        if worn or plain.isdecimal():
            raise ValidationError(_("This password is easily guessed. Take several words that do not belong together."))


class NotOwnData(UserAttributeSimilarityValidator):
    """A password is neither like the login's name, the person's name or e-mail address, nor a date such as a birthday with
    little beside it.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError if a password is the person's own data."""
        super().validate(password, user)
        plain = rest = re.sub(r"[\s./-]", "", password).lower()
        names = [str(getattr(user, each, "")).partition("@")[0].lower() for each in self.user_attributes]
        for word in filter(lambda each: len(each) > 3, names):
            rest = rest.replace(word, "")
        rest = _DATE.sub("", rest)
        if rest != plain and len(rest) < 8:
            raise ValidationError(
                _("Names and dates are easily guessed. Take several words that do not belong together.")
            )
