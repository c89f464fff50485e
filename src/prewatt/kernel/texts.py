"""The rules mark the texts that people read; a page or a notice translates them.

The rules are the same on both sides of the network and know no language. They hold the English text; a page or a notice
passes it to its own `gettext`.
"""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogues of translations, and return it unchanged."""
    return text
