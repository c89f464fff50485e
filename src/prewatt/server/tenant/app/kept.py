"""What the worker keeps of a login in the phone, to show it without a network: for each flat where the user lives, what is left
and the codes that can be typed. It is no more than that, in the person's language.

Nothing in it changes with the time of day alone, so a phone that has it already gets an answer of a few bytes.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from ....kernel.calendar import local, zone
from ....kernel.dark_facts import Do
from ....kernel.units import SECOND
from ...accounts.tenants import tenancies_of_login
from ...core import local_forms
from ...estate.models import Property, Tenancy
from ...web.home_figures import HomeFigures, OpenCode, home_figures
from ...web.keypad import keypad_panel

CODES = 5
"""The most codes of a flat that a phone keeps."""


class KeptCode(Struct, frozen=True):
    """A code that can be typed: what it is for, and its digits in groups of four."""

    what: str
    digits: str


class KeptFlat(Struct, frozen=True):
    """A flat. `balance`: with its currency; empty if nobody knows it here. `state`: as in
    `MeterFigures.state`. `lines`: what else is known, as sentences. `ends_ms`: when the tenancy ends, ms since 1970;
    after that nothing of it is shown. `site`: the address of the page in the building; empty if nobody typed it.
    `landlord`: who that is, and whom to call.
    """

    name: str
    balance: str
    state: str
    lines: list[str]
    codes: list[KeptCode]
    ends_ms: int | None
    site: str
    landlord: list[str]


class Kept(Struct, frozen=True):
    """All that a phone keeps of a login. An update of the server does not change it there, so `offline.js` also shows
    what an earlier version gave.
    """

    flats: list[KeptFlat]


def kept_of(user: Any, at: int) -> Kept:
    """Return what a phone keeps of a login: the flats in which the user lives at the instant `at`."""
    return Kept([_flat(tenancy, at) for tenancy in tenancies_of_login(user).living(at)])


def _flat(tenancy: Tenancy, at: int) -> KeptFlat:
    unit = tenancy.unit
    property_: Property = unit.property
    zone_info = zone(property_.zone)
    home = home_figures(tenancy, at)
    balance, state, lines, codes = "", "unknown", list[str](), _keypad_codes(tenancy, at)
    if home is not None:
        figures = home.figures
        balance, state = local_forms.money_with_code(figures.balance, figures.currency), figures.state
        lines, codes = _lines(home), [_code(each, figures.currency, zone_info) for each in home.codes]
    return KeptFlat(
        name=f"{property_.name} · {unit.name}",
        balance=balance,
        state=state,
        lines=lines,
        codes=codes[:CODES],
        ends_ms=None if tenancy.ends is None else tenancy.ends * 1000 // SECOND,
        site=property_.site_page,
        landlord=[property_.organisation.name, *filter(None, map(str.strip, property_.emergency_contact.splitlines()))],
    )


def _lines(home: HomeFigures) -> list[str]:
    figures, days = home.figures, home.days_left
    lines = [figures.sentence]
    if figures.explained.is_dark:
        # The codes, and whom to call, stand apart.
        lines += [each.text for each in figures.explained.steps if each.do not in (Do.TYPE_CODE, Do.CALL)]
    if days is not None and figures.closed:
        words = ngettext("About %(days)s day left.", "About %(days)s days left.", days) % {"days": days}
        lines.append(words if days else _("Less than a day left."))
    if figures.read_at is not None:
        lines.append(_("As of %(at)s.") % {"at": _when(figures.read_at, figures.zone_info)})
    return lines


def _code(code: OpenCode, currency: str, zone_info: ZoneInfo) -> KeptCode:
    what = code.what or _("Payment of %(amount)s") % {"amount": local_forms.money_with_code(code.amount, currency)}
    return KeptCode(f"{what}, {_when(code.at, zone_info)}", code.digits)


def _keypad_codes(tenancy: Tenancy, at: int) -> list[KeptCode]:
    """Return the last codes of a keypad meter that nobody can send anything to, and that says nothing of what it took."""
    panel = keypad_panel(tenancy, at)
    codes = [] if panel is None else [each for each in panel.codes if not each.is_back]
    return [
        KeptCode(f"{local_forms.kwh(each.energy)} kWh, {_when(each.at, zone(tenancy.unit.property.zone))}", each.text)
        for each in codes
    ]


def _when(at: int, zone_info: ZoneInfo) -> str:
    return local_forms.moment(local(at, zone_info).replace(tzinfo=None), "j M, H:i")
