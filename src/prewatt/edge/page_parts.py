"""What the gateway's pages share as HTML: the frame around them, answers, and the form in which a code is typed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .effects import Reply
from .html import Content, Html, element, together
from .texts import _, languages, name_of, spoken

SCRIPT = element("script", src="/page.js")
_STYLE = Html(Path(__file__).with_name("page.css").read_text(encoding="utf-8"))
_DIGITS = 20
"""Digits of a code."""


def frame(title: str, *body: Content, back: str = "", is_night: bool = False) -> str:
    """Return the whole page around its sections. `back`: the address to which a choice of the language leads; empty where none
    can be chosen. `is_night`: it is dark in the building, so the page is too.
    """
    return "<!doctype html>" + element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width,initial-scale=1"),
            element("title", f"{title} · prewatt"),
            element("style", _STYLE),
        ),
        element(
            "body",
            element(
                "main",
                element("header", element("b", f"⚡ {title}"), _languages(back) if back else None),
                *body,
                element("footer", _("Served by the building itself.")),
            ),
        ),
        lang=spoken(),
        class_="night" if is_night else "day",
    )


def _languages(back: str) -> Html:
    here = spoken()
    return form(
        "/language",
        hidden("back", back),
        *(
            element(
                "button",
                name_of(each),
                name="language",
                value=each,
                lang=each,
                aria_current="true" if each == here else False,
            )
            for each in languages()
        ),
        class_="languages",
    )


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


def code_form(whose: Html, typed: str = "") -> Html:
    """Return the form for a code. `whose`: the hidden field that says for which meter it is. `typed`: what was typed before,
    and refused.
    """
    field = element(
        "label",
        _("20 digits"),
        element(
            "textarea",
            typed,
            class_="code",
            name="code",
            rows="2",
            inputmode="numeric",
            autocomplete="off",
            maxlength="300",
            placeholder="1234 5678 9012 3456 7890",
            required=True,
        ),
    )
    return form("/code", whose, field, _keys(), element("button", _("Use the code")))


def _keys() -> Html:
    """Return the keypad, which the script shows: without it, digits are typed by the phone's own keys."""
    count = _("{typed} of %(digits)d digits") % {"digits": _DIGITS}
    return element(
        "div",
        *(element("button", digit, type="button", data_key=digit) for digit in "123456789"),
        element("output", data_words=count),
        element("button", "0", type="button", data_key="0"),
        element("button", "⌫", type="button", data_key="back", aria_label=_("Delete the last digit")),
        class_="keys",
        role="group",
        aria_label=_("Digits"),
        hidden=True,
    )
