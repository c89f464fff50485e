"""What a manager can do about how a unit stands, each with the tab where it is done."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from ....kernel.dark_facts import FOR_LACK, Cause
from ...accounts.rights import Right
from ...web.figures import MeterFigures
from .tabs import UnitPage


@dataclass(frozen=True)
class ToDo:
    """Something to do: the sentence that says why, and the link that leads there."""

    why: str
    link: str
    address: str


def to_do(page: UnitPage, vacant: MeterFigures | None) -> list[ToDo]:
    """Return what there is to do for a unit, the most urgent first, as far as this user has the right to it."""
    figures = vacant or (page.panel.figures if page.panel else None)
    return [
        *(_of_switch(page, figures) if figures and Right.SWITCH in page.rights else ()),
        *(_of_money(page) if Right.TAKE_MONEY in page.rights else ()),
        *(_of_people(page) if Right.TENANCIES in page.rights else ()),
    ]


def _to(page: UnitPage, tab: str) -> str:
    return reverse(f"console:units:{tab}", args=[page.unit.pk])


def _of_switch(page: UnitPage, figures: MeterFigures) -> list[ToDo]:
    if figures.state != "off" or (figures.why.cause in FOR_LACK and not page.is_vacant):
        return []
    if figures.why.cause in FOR_LACK:
        return [ToDo(_("The flat is dark while it is vacant."), _("Switch it on for a viewing"), _to(page, "switch"))]
    return [ToDo(_("The power is off for another reason than credit."), _("Look at the switch"), _to(page, "switch"))]


def _of_money(page: UnitPage) -> list[ToDo]:
    panel = page.panel
    if panel is None or page.is_vacant:
        return []
    figures = panel.figures
    if panel.after is not None and panel.after.overdue:
        return [ToDo(_("A bill is overdue."), _("Record its payment"), _to(page, "money"))]
    if figures.why.cause == Cause.PAID:
        # What is on its way is told with the state.
        return []
    if figures.state == "off" and figures.why.cause in FOR_LACK:
        return [ToDo(_("The credit is used up, and the flat is dark."), _("Take a payment"), _to(page, "money"))]
    if figures.state == "soon":
        return [ToDo(_("The credit is running low."), _("Take a payment"), _to(page, "money"))]
    return []


def _of_people(page: UnitPage) -> list[ToDo]:
    rows = []
    if _is_unsettled(page):
        rows.append(ToDo(_("A former tenant's account is not settled."), _("Settle it"), _to(page, "people")))
    if page.tenant is None:
        rows.append(ToDo(_("Nobody lives here now."), _("Move somebody in"), _to(page, "people")))
    return rows


def _is_unsettled(page: UnitPage) -> bool:
    """Return whether somebody has moved out whose account is not settled."""
    if page.panel is not None:
        return page.panel.inventory.unsettled_before
    return page.unit.tenancies.filter(ends__lte=page.at, settled_at__isnull=True).exists()
