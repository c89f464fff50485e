"""The gateway's page shows a meter's state, its last entries, and forms. Values come in, HTML goes out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..kernel.calendar import local, zone
from ..kernel.currencies import NO_CURRENCY, format_money, format_signed, format_with_code
from ..kernel.dark_facts import Cause
from ..kernel.switching import SwitchProgress
from ..kernel.units import exact_kwh, short_price
from .effects import Reply
from .html import Content, Html, element, together
from .lines import LineView
from .sentences import say
from .site import View
from .texts import _, spoken

_STYLE = Html(Path(__file__).with_name("page.css").read_text(encoding="utf-8"))


def frame(title: str, *body: Content) -> str:
    """Return the whole page around its sections."""
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
                element("header", element("b", f"⚡ {title}"), element("span", _("served by the building itself"))),
                *body,
            ),
        ),
        lang=spoken(),
    )


def message(text: str) -> Html:
    """Return a page with one sentence."""
    return element("section", text)


def answers(reply: Reply | None, troubles: Sequence[str]) -> Html:
    """Return the reply to what a person did, and the troubles that everybody must know."""
    shown = [_answer(reply)] if reply else []
    shown += [element("p", text, class_="told") for text in troubles if reply is None or text != reply.text]
    return together(*shown)


def _answer(reply: Reply) -> Html:
    return element("p", reply.text, class_="told done" if reply.done else "told", role="status")


def door(units: Sequence[tuple[str, str]], chosen: str = "", has_lines: bool = False) -> Html:
    """Return the page for a person who has not typed a PIN: it asks for the PIN, and accepts codes. `units`: pairs of
    (meter, name). `chosen`: the meter that is chosen already. `has_lines`: whether meters hang on lines, which have a page.
    """
    flats = element(
        "label",
        _("Flat"),
        element(
            "select",
            *(element("option", unit, value=meter, selected=meter == chosen) for meter, unit in units),
            name="meter",
        ),
    )
    pin = element(
        "label",
        _("PIN"),
        element(
            "input",
            name="pin",
            inputmode="numeric",
            type="password",
            autocomplete="off",
            maxlength="20",
            required=True,
        ),
    )
    return together(
        element(
            "section",
            element("h2", _("Your meter")),
            _form("/login", flats, pin, element("button", _("Open"))),
        ),
        element(
            "section",
            element("h2", _("Type a code")),
            _form("/code", flats, _code_field(), element("button", _("Use it"), class_="plain")),
            element("p", _("The code of a payment, of an order from your landlord, or of a new PIN."), class_="quiet"),
        ),
        element("p", element("a", _("The lines of the meters"), href="/lines"), class_="quiet") if has_lines else None,
    )


def lines(views: Sequence[LineView]) -> Html:
    """Return the page of the lines: what happened to questions and answers, for who looks for a bad contact."""
    since = _(
        "Counted since the gateway was started. An answer that does not come is asked for again. Nothing is charged by guess."
    )
    return together(
        *(
            element(
                "section",
                element("h2", view.name),
                element("p", view.port, class_="quiet") if view.port != view.name else None,
                element("ul", *(element("li", said) for said in view.said)),
            )
            for view in views
        ),
        element("p", since, class_="quiet"),
        element("p", element("a", _("The building's page"), href="/")),
    )


def home(view: View, token: str) -> Html:
    """Return a tenant's page. `token` marks its forms as those of this session."""
    hidden = element("input", type="hidden", name="token", value=token)
    return together(
        state(view),
        None
        if _is_dark(view)
        else element("section", element("details", element("summary", _("Why is it dark?")), _what_to_do(view))),
        element(
            "section",
            element("h2", _("Type a code")),
            _form("/code", hidden, _code_field(), element("button", _("Use it"))),
        ),
        _emergency(view, hidden) if view.emergency_open else None,
        element("section", element("h2", _("Last entries")), _entries(view), _asked(view)),
        _form("/logout", hidden, element("button", _("Log out"), class_="link")),
        element("script", src="/page.js"),
    )


def state(view: View) -> Html:
    """Return the state of the meter: the part of the page that is refreshed again and again."""
    zone_info = zone(view.zone)
    kind, said = _supply(view)
    facts = f"{exact_kwh(view.register)} kWh" if view.register is not None else ""
    price = f" · {short_price(view.price)} {view.currency}/kWh" if view.price else ""
    return element(
        "section",
        element("p", f"{view.unit} · {local(view.at, zone_info):{_('%d %b %H:%M')}}", class_="quiet"),
        element("p", f"{format_money(view.balance, view.currency)} ", element("small", _code(view)), class_="big"),
        _live(view),
        element("p", said, class_="said press" if view.switching == SwitchProgress.WAITS_FOR_BUTTON else "said"),
        element("p", view.tonight, class_="said") if view.tonight else None,
        _what_to_do(view) if _is_dark(view) else None,
        None
        if view.online
        else element("p", _("The building cannot reach the server now. Your meter goes on by itself."), class_="quiet"),
        element("p", facts + price, class_="quiet"),
        element("p", view.ahead, class_="quiet") if view.ahead else None,
        id="now",
        class_=f"balance {kind}",
    )


def _supply(view: View) -> tuple[str, str]:
    """Return the state of the supply, `off`, `low`, `on`, or `unseen` if it was told to be on and has not been seen so, and the
    sentence about it.
    """
    said = say(view.why.text)
    if view.closed is False:
        return "off", said
    if view.closed and view.switching not in (None, SwitchProgress.VERIFIED):
        return "unseen", said
    return "on" if view.why.cause not in (Cause.LOW, Cause.LENT, Cause.FRIENDLY) and not view.low else "low", said


def _is_dark(view: View) -> bool:
    return not (view.why.is_on or view.why.cause == Cause.NOT_REPORTED)


def _what_to_do(view: View) -> Html:
    """Return what to do, the most useful first."""
    return element("ol", *(element("li", say(each.text)) for each in view.why.steps), class_="todo")


def _live(view: View) -> Html:
    """Return when the meter was read, and the power that is drawn now."""
    zone_info, seen = zone(view.zone), view.seen
    if seen is None or seen.cause:
        silent = f"{_('The meter does not answer now.')} " if seen else ""
        as_of = _("As of %(at)s.") % {"at": f"{local(view.read_at, zone_info):{_('%d %b %H:%M')}}"}
        return element("p", silent + as_of, class_="quiet")
    power = f" · {exact_kwh(seen.power)} kW" if seen.power is not None else ""
    return element("p", f"{_('live')} {local(seen.at, zone_info):%H:%M:%S}{power}", class_="live")


def _emergency(view: View, hidden: Html) -> Html:
    offer = _("Take %(amount)s of emergency credit") % {"amount": format_with_code(view.emergency, view.currency)}
    return element(
        "section",
        element("h2", _("Out of credit?")),
        _form("/emergency", hidden, element("button", offer)),
        element("p", _("You can take it once. Your next payment repays it first."), class_="quiet"),
    )


def _entries(view: View) -> Html:
    zone_info = zone(view.zone)
    rows = (
        element(
            "tr",
            element("td", f"{local(line.at, zone_info):{_('%d %b %H:%M')}}", class_="when"),
            element("td", line.text),
            element("td", _signed(line.amount, view.currency), class_="num"),
            element("td", format_money(line.balance, view.currency), class_="num"),
        )
        for line in view.lines
    )
    return element("table", *rows)


def _asked(view: View) -> Html | None:
    """Return how often the meter did not answer: for who looks for a bad contact."""
    if not view.unanswered:
        return None
    words = {"unanswered": f"{view.unanswered:,}", "asked": f"{view.asked:,}"}
    said = _("The meter did not answer %(unanswered)s of %(asked)s questions since the gateway was started.") % words
    return element("p", said, class_="quiet")


def _form(action: str, *content: Html) -> Html:
    return element("form", *content, method="post", action=action)


def _code_field() -> Html:
    return element(
        "label",
        _("20 digits"),
        element(
            "input",
            class_="code",
            name="code",
            inputmode="numeric",
            autocomplete="off",
            maxlength="300",
            placeholder="1234 5678 9012 3456 7890",
            required=True,
        ),
    )


def _code(view: View) -> str:
    return "" if view.currency == NO_CURRENCY else view.currency


def _signed(nano: int, currency: str) -> str:
    text = format_signed(nano, currency)
    return text if text.strip("0.") else ""
