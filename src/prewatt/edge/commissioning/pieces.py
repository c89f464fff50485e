"""The pieces of which the pages of setting up are made."""

from __future__ import annotations

from collections.abc import Iterable

from ..html import Html, element, together
from ..page_parts import hidden

REFRESH = element("meta", **{"http-equiv": "refresh", "content": "2"})


def busy(doing: str) -> Html:
    """Return the page that says what is being done; it loads itself again until that has ended."""
    return together(
        REFRESH,
        element("section", element("p", f"{doing[:1].upper()}{doing[1:]} …", role="status", class_="live")),
    )


def hidden_token(token: str) -> Html:
    """Return what marks a form as one of this session."""
    return hidden("token", token)


def field(label: str, **attributes: str | bool) -> Html:
    """Return a field with its label."""
    return element("label", label, element("input", **attributes))


def select(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str) -> Html:
    """Return a choice with its label. `options`: pairs of (value, words)."""
    return element(
        "label",
        label,
        element(
            "select",
            *(element("option", words, value=value, selected=value == chosen) for value, words in options),
            name=name,
        ),
    )
