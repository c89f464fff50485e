"""The words by which banks say what a booking is."""

from __future__ import annotations

import re

_RETURNED = re.compile(
    r"r(?:ü|ue)ck(?:ü|ue)berweis|r(?:ü|ue)cklauf|r(?:ü|ue)cklast|r(?:ü|ue)ckgabe|r(?:ü|ue)ckbelast|r(?:ü|ue)ckbuchung"
    r"|r(?:ü|ue)ckruf|retoure|storno|stornierung|\breturn(?:ed)?\b|\brevers(?:al|ed)\b|\brecall(?:ed)?\b|\bcharge ?back\b"
    r"|\bunpaid\b|\bbounced\b|\brejet\b|\bdevoluci[oó]n\b|退票|退汇|退回|冲正|冲账|抹账|撤销",
    re.IGNORECASE,
)

_NOTHING = frozenset(("", "-", "--", "---", "/", "–", "—", "n/a", "null", "none"))


def meaning(text: str) -> str:
    """Return a cell's text without the signs around it; empty if it means nothing, such as a hyphen."""
    bare = text.strip("`\t ")
    return "" if bare.casefold() in _NOTHING else bare


def says_returned(*texts: str) -> bool:
    """Return whether the texts of a booking say that it takes an earlier booking back."""
    return any(_RETURNED.search(text) for text in texts)
