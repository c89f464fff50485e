"""What the gateway's pages share as HTML: forms, answers to what a person did."""

from __future__ import annotations

from collections.abc import Sequence

from .effects import Reply
from .html import Content, Html, element, together
from .texts import _

SCRIPT = element("script", src="/page.js")


def message(text: str) -> Html:
    """Return a page with one sentence."""
    return element("section", element("h1", _("The building's page")), element("p", text))


def answers(reply: Reply | None, troubles: Sequence[str]) -> Html:
    """Return the reply to what a person did, and the troubles that everybody must know."""
    shown = [_answer(reply)] if reply else []
    shown += [element("p", text, class_="told") for text in troubles if reply is None or text != reply.text]
    return together(*shown)


def _answer(reply: Reply) -> Html:
    return element("p", reply.text, class_="told done" if reply.done else "told", role="status")


def form(action: str, *content: Content, **attributes: str | bool) -> Html:
    """Return a form that is posted."""
    return element("form", *content, method="post", action=action, **attributes)


def hidden(name: str, value: str) -> Html:
    """Return a field that nobody sees."""
    return element("input", type="hidden", name=name, value=value)
