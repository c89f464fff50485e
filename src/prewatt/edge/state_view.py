"""The state of a meter as the gateway's page shows it."""

from __future__ import annotations

from ..kernel.calendar import local, zone
from ..kernel.dark_facts import Cause
from ..kernel.switching import SwitchProgress
from .dark_view import is_dark, what_to_do
from .html import Html, element
from .live_view import live
from .quantities import currency_sign, exact_kwh, format_money, short_price
from .sentences import say
from .site import View
from .texts import _

_SHOWN = {"on": "ok", "low": "soon", "off": "off", "unseen": "doubtful"}
"""The classes of the style sheet for the states of the supply (`_supply`)."""


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
        live(view),
        element("p", said, class_="said press" if waits else "said state"),
        element("p", view.tonight, class_="said") if view.tonight else None,
        what_to_do(view) if is_dark(view) else None,
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
