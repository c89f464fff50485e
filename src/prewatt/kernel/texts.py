"""Texts of the rules that people read: marked here, translated by whoever shows them.

The rules are the same on both sides of the network and know no language. They hold the English text; a page or a notice
hands it to its own `gettext`.
"""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogues of translations, and return it as it is."""
    return text
