"""Reads the texts of settings that are a choice or a number."""

from __future__ import annotations

import os

from ...terminal_texts import _
from ...wire.topics import parse_shards
from .server_config import SecondFactor

MOST_WEB_PROCESSES = 4
"""The most processes that serve the pages if nobody has said how many."""


def read_shards(text: str) -> tuple[int, int]:
    """Return the first and the last shard. Raises ValueError, which says what is wrong."""
    shards = parse_shards(text)
    return shards[0], shards[-1]


def read_own_broker(text: str) -> bool:
    """Return whether prewatt starts the broker. Raises ValueError, which says what is wrong."""
    if text not in ("own", "other"):
        raise ValueError(_("'%(text)s' is neither 'own' (prewatt starts one) nor 'other'", text=text))
    return text == "own"


def read_private_notices(text: str) -> bool:
    """Return whether webhooks may go to private networks. Raises ValueError, which says what is wrong."""
    if text not in ("refuse", "allow"):
        raise ValueError(_("'%(text)s' is neither 'refuse' nor 'allow'", text=text))
    return text == "allow"


def read_second_factor(text: str) -> SecondFactor:
    """Return who must have a second factor. Raises ValueError, which names the choices."""
    try:
        return SecondFactor(text)
    except ValueError:
        raise ValueError(
            _("'%(text)s' is not known. Known values: %(known)s", text=text, known=", ".join(SecondFactor))
        ) from None


def read_web_processes(text: str) -> int:
    """Return how many processes serve the pages; if empty, one for each core up to the most. Raises ValueError."""
    if not text:
        return min(os.cpu_count() or 1, MOST_WEB_PROCESSES)
    if not text.isdecimal() or not 0 < int(text) <= 64:
        raise ValueError(_("'%(text)s' is not a number of processes from 1 to 64", text=text))
    return int(text)
