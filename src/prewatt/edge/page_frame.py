"""The frame around each of the gateway's pages."""

from __future__ import annotations

from pathlib import Path

from .html import Content, Html, element
from .page_parts import form, hidden
from .texts import _, languages, name_of, spoken

_STYLE = Html(Path(__file__).with_name("page.css").read_text(encoding="utf-8"))


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
                element("footer", _("This page comes from the building itself.")),
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
