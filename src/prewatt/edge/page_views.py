"""The gateway's page shows a meter's state, its last entries, and forms. Values come in, HTML goes out."""

from __future__ import annotations

from collections.abc import Sequence

from ..kernel.calendar import local, zone
from ..kernel.dark_facts import Cause
from ..kernel.switching import SwitchProgress
from .html import Html, element, together
from .lines import LineView
from .page_parts import SCRIPT, code_form, form, hidden
from .quantities import currency_sign, exact_kwh, format_money, format_signed, format_with_code, number, short_price
from .sentences import say
from .site import View
from .texts import _

_SHOWN = {"on": "ok", "low": "soon", "off": "off", "unseen": "doubtful"}
"""The classes of the style sheet for the states of the supply (`_supply`)."""


def lines(views: Sequence[LineView]) -> Html:
    """Return the page of the lines: what happened to questions and answers, for who looks for a bad contact."""
    since = _(
        "Counted since the gateway was started. An answer that does not come is asked for again. Nothing is charged by guess."
    )
    return together(
        element("h1", _("The lines of the meters")),
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


def home(view: View, token: str, typed: str = "") -> Html:
    """Return a tenant's page. `token` marks its forms as those of this session. `typed`: a code that was refused."""
    mark = hidden("token", token)
    return together(
        element(
            "div",
            element("h1", view.unit),
            form("/logout", mark, element("button", _("Log out"), class_="link")),
            class_="row",
        ),
        state(view),
        None
        if _is_dark(view)
        else element("section", element("details", element("summary", _("Why is it dark?")), _what_to_do(view))),
        _emergency(view, mark) if view.emergency_open else None,
        element("section", element("h2", _("Type a code")), code_form(mark, typed=typed)),
        element("section", element("h2", _("Last entries")), _entries(view), _asked(view)),
        SCRIPT,
    )


def state(view: View) -> Html:
    """Return the state of the meter: the part of the page that is refreshed again and again."""
    zone_info = zone(view.zone)
    kind, said = _supply(view)
    facts = f"{exact_kwh(view.register)} kWh" if view.register is not None else ""
    sign = currency_sign(view.currency)
    price = f" · {short_price(view.price)} {sign}/kWh" if view.price else ""
    waits = view.switching == SwitchProgress.WAITS_FOR_BUTTON
    return element(
        "section",
        element("p", f"{local(view.at, zone_info):{_('%d %b %H:%M')}}", class_="quiet"),
        element("p", f"{format_money(view.balance, view.currency)} ", element("small", sign), class_="big"),
        element("p", _days_left(view.days_left), class_="left") if view.days_left is not None else None,
        _live(view),
        element("p", said, class_="said press" if waits else "said state"),
        element("p", view.tonight, class_="said") if view.tonight else None,
        _what_to_do(view) if _is_dark(view) else None,
        None
        if view.online
        else element("p", _("The building cannot reach the server now. Your meter goes on by itself."), class_="quiet"),
        element("p", facts + price, class_="quiet"),
        element("p", view.ahead, class_="quiet") if view.ahead else None,
        id="now",
        class_=f"balance {_SHOWN.get(kind, kind)}",
    )


def _days_left(days: int) -> str:
    if not days:
        return _("Less than a day left.")
    return _("About %(days)d days left.") % {"days": days} if days > 1 else _("About one day left.")


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


def _emergency(view: View, mark: Html) -> Html:
    offer = _("Take %(amount)s of emergency credit") % {"amount": format_with_code(view.emergency, view.currency)}
    return element(
        "section",
        element("h2", _("Out of credit?")),
        form("/emergency", mark, element("button", offer)),
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
    words = {"unanswered": number(str(view.unanswered)), "asked": number(str(view.asked))}
    said = _("The meter did not answer %(unanswered)s of %(asked)s questions since the gateway was started.") % words
    return element("p", said, class_="quiet")


def _signed(nano: int, currency: str) -> str:
    text = format_signed(nano, currency)
    return text if text.strip("0.,") else ""
