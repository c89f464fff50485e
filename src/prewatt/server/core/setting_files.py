"""Reads the texts of settings that name a file."""

from __future__ import annotations

from pathlib import Path

from ...terminal_texts import _


def read_file_name(text: str) -> str:
    """Return the name of a file that exists; empty if none is named. Raises ValueError, which says what is wrong."""
    if text and not Path(text).is_file():
        raise ValueError(_("'%(text)s' is not a file", text=text))
    return text


def read_believed(text: str) -> str:
    """Return the file of the certificates that are believed, or `system`. Raises ValueError if there is no such file."""
    return text if text == "system" else read_file_name(text)
