"""What people write: bounded, and of characters that can be stored."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST = 2000
LONGEST_ASKED = 40
EXCERPT = 160


def written(text: str, field: str, most: int = LONGEST, needed: bool = True) -> str:
    """A text without blanks around it. ValidationError, naming the field, if it is none or too long."""
    found = text.replace("\r\n", "\n").strip()
    if needed and not found:
        raise ValidationError({field: _("Please write something.")})
    if len(found) > most:
        raise ValidationError({field: _("At most %(most)d characters.") % {"most": most}})
    if any(not sign.isprintable() and sign not in "\n\t" and ord(sign) < 160 for sign in found):
        raise ValidationError({field: _("The text has a character that can't be saved.")})
    return found


def named(asked: str) -> str:
    """The name under which something is done once. ValidationError if it is none."""
    if not (0 < len(asked) <= LONGEST_ASKED and asked.isascii() and asked.isprintable()):
        raise ValidationError({"asked": _("A name of 1 to %(most)d letters and digits.") % {"most": LONGEST_ASKED}})
    return asked


def excerpt(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"
