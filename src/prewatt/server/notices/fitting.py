"""Makes words fit into a message or a field. Optional pieces are left out first; then the text is cut between words,
and never within a number.

A short text is written in pieces, `101: 4.60 EUR left|?, 3 days|. Top up: https://…`. Pieces that begin with `?` are
optional; the last of them is left out first. One with a link is kept if there is room for it without the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_TWICE = frozenset("\f^{}\\[~]|€")
"""The characters of the GSM 7-bit alphabet (3GPP TS 23.038), and those of its extension, which take two places each."""
PLACES = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""The places of a single SMS, and of each part of a longer message."""
WORD_ENDS = " ;!?，。；：！？、）)"
NUMBER = re.compile(r"\d+(?:[.,:-]\d+)*")
LINK = "://"
LEAST = 2
"""A cut at a word keeps at least 1/`LEAST` of the room there is."""


def fit(text: str, most: int, size: Callable[[str], int] = len) -> str:
    """Return a text in pieces as one text whose `size` is at most `most`. Optional pieces are left out from the end; if
    that is not enough, the text is cut.
    """
    pieces = text.split("|")
    while True:
        joined, optional = _joined(pieces), _optional(pieces)
        if size(joined) <= most or not optional:
            return cut(joined, most, size)
        links = [place for place in optional if LINK in pieces[place]]
        others = [place for place in optional if place not in links]
        # A link stays if there is room for it without the other optional pieces.
        with_links = _joined(_without(others, pieces))
        del pieces[links[-1] if links and size(with_links) > most else others[-1]]


def _optional(pieces: Iterable[str]) -> list[int]:
    return [place for place, piece in enumerate(pieces) if piece.startswith("?")]


def _without(places: Collection[int], pieces: Iterable[str]) -> list[str]:
    return [piece for place, piece in enumerate(pieces) if place not in places]


def _joined(pieces: Iterable[str]) -> str:
    return "".join(piece.removeprefix("?") for piece in pieces).strip()


def whole(text: str) -> str:
    """Return a text in pieces with all its pieces, as one text."""
    return _joined(text.split("|"))


def cut(text: str, most: int, size: Callable[[str], int] = len) -> str:
    """Return the beginning of a text whose `size` is at most `most`, with `…` at the end if something is left out."""
    if size(text) <= most:
        return text
    place = len(text)
    while place and size(text[:place] + "…") > most:
        place -= 1
    # Half of a number is another number.
    place = next((each.start() for each in NUMBER.finditer(text) if each.start() < place < each.end()), place)
    for back in range(place, place // LEAST, -1):
        if text[back : back + 1] == " " or text[back - 1] in WORD_ENDS:
            place = back
            break
    return text[:place].rstrip(" .,;:。，；：、") + "…" if place else ""


def keep_end(text: str, most: int) -> str:
    """Return the end of a text, of at most `most` characters. It is for names such as `Linden 5 Flat 12`, whose end
    says which flat it is.
    """
    if len(text) <= most:
        return text
    end = text[len(text) - most + 1 :]
    blank = end.find(" ")
    return "…" + (end[blank + 1 :] if 0 <= blank < len(end) // LEAST else end)


def alphabet(text: str) -> str:
    """Return `GSM-7` if a text can be written in that alphabet, otherwise `UCS-2`."""
    return "GSM-7" if all(sign in GSM7 or sign in GSM7_TWICE for sign in text) else "UCS-2"


def places(text: str) -> int:
    """Return the places that a text takes in an SMS: septets of GSM-7, or 16-bit units of UCS-2."""
    if alphabet(text) == "GSM-7":
        return sum(2 if sign in GSM7_TWICE else 1 for sign in text)
    return len(text.encode("utf-16-be")) // 2


def segments(text: str) -> int:
    """Return the number of SMS that a text is sent as, and paid for as."""
    alone, each = PLACES[alphabet(text)]
    taken = places(text)
    return 1 if taken <= alone else -(-taken // each)


def fit_segment(text: str) -> str:
    """Return a text in pieces as one text: without some optional pieces if it then fits into one SMS, otherwise with all
    pieces. Nothing is cut.
    """
    shortest = "".join(piece for piece in text.split("|") if not piece.startswith("?"))
    return fit(text, 1, segments) if segments(shortest.strip()) == 1 else whole(text)
