"""Checks texts that people write: they have a limited length, and only characters that can be stored."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST = 2000
LONGEST_ASKED = 40
EXCERPT = 160


def written(text: str, field: str, most: int = LONGEST, needed: bool = True) -> str:
    """Return a text without blanks around it. Raises ValidationError, which names the field, if it is empty (and
    `needed`), too long, or has a character that can't be stored.
    """
    stripped = text.replace("\r\n", "\n").strip()
    if needed and not stripped:
        raise ValidationError({field: _("Please write something.")})
    if len(stripped) > most:
        raise ValidationError(
            {field: _("The text is too long: at most %(most)d characters are possible.") % {"most": most}}
        )
    if any(not sign.isprintable() and sign not in "\n\t" and ord(sign) < 160 for sign in stripped):
        raise ValidationError({field: _("The text has a character that can't be saved.")})
    return stripped


def named(asked: str) -> str:
    """Check and return the name that a caller gave its request: the same name twice does it once. Raises ValidationError if it
    can't be a name.
    """
    if not (0 < len(asked) <= LONGEST_ASKED and asked.isascii() and asked.isprintable()):
        raise ValidationError(
            {"asked": _("Give a name of 1 to %(most)d letters and digits.") % {"most": LONGEST_ASKED}}
        )
    return asked


def excerpt(text: str) -> str:
    """Return the beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"
