"""HTML that is built of elements: text is escaped wherever it comes in, and only what was built here is taken as HTML."""

from __future__ import annotations

from html import escape


class Html(str):
    """A piece of HTML. Any other text is text."""

    __slots__ = ()


Content = str | None
"""Text, HTML, or nothing."""
VOID = {"input", "meta"}
"""Elements that have neither content nor end."""


def element(tag: str, *content: Content, **attributes: str | bool) -> Html:
    """An element. A name of an attribute that is a word of Python ends in `_`: `class_`. True: an attribute without a value."""
    names = "".join(
        f" {name.rstrip('_')}" if value is True else f' {name.rstrip("_")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not False
    )
    opened = f"<{tag}{names}>"
    return Html(opened if tag in VOID else f"{opened}{together(*content)}</{tag}>")


def together(*content: Content) -> Html:
    """Pieces one after the other."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in content if each is not None))
