"""This module builds HTML from elements. Text is escaped wherever it comes in, and only what was built here counts as
HTML.
"""

from __future__ import annotations

from html import escape


class Html(str):
    """A piece of HTML. Any other string is text."""

    __slots__ = ()


Content = str | None
"""Text, HTML, or nothing."""
VOID = {"input", "meta"}
"""Elements that have neither content nor an end tag."""


def element(tag: str, *content: Content, **attributes: str | bool) -> Html:
    """Return an element. The name of an attribute that is a Python keyword ends in `_`: `class_`; one with a hyphen has `_` in
    its place: `aria_label`. The value True makes an attribute without a value.
    """
    names = "".join(
        f" {_named(name)}" if value is True else f' {_named(name)}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not False
    )
    opened = f"<{tag}{names}>"
    return Html(opened if tag in VOID else f"{opened}{together(*content)}</{tag}>")


def _named(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def together(*content: Content) -> Html:
    """Return the pieces joined."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in content if each is not None))
