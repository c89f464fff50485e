"""What the pages of a unit share: the head with its tabs, who lives there, and the meter that is watched while one is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ....kernel.calendar import zone
from ...accounts.rights import Right
from ...core.time import now
from ...estate.models import Tenancy, Unit
from ...metering.models import Meter
from ...web.access import rights_at, unit_of_manager
from ...web.figures import MeterFigures, TenancyPanel, tenancy_panel
from ...web.gate import shows_money
from ...web.live import WatchedMeter, live_page

AGAIN = 60
"""Seconds after which a page is worked out again, even if no change is known."""
TABS: tuple[tuple[str, str | Promise, frozenset[Right]], ...] = (
    ("unit", _("Overview"), frozenset({Right.SEE})),
    ("money", _("Money"), frozenset({Right.SEE_MONEY})),
    ("switch", _("Switch"), frozenset({Right.SWITCH})),
    ("people", _("People"), frozenset({Right.SEE})),
    ("papers", _("Papers"), frozenset({Right.SEE_MONEY})),
    ("journal", _("Journal"), frozenset({Right.SEE})),
)
"""The tabs in their order: the view's name, its title, and the rights of which one is needed to open it."""


class Tab(NamedTuple):
    """A tab as the page shows it. `here`: it is the one that is open."""

    label: str
    address: str
    here: bool


def open_tenancy(unit: Unit) -> Tenancy | None:
    """Return the tenancy of a unit now; if nobody lives there, the next one; None if there is neither."""
    return unit.tenancies.not_over(now()).select_related("unit__property").first()


class UnitPage:
    """One tab of a unit's page while it is worked out. Raises Http404 and NotAllowed, as `web.access` does, when it is made.

    `tenant`: who lives there now, or comes next; `meter`: None if the unit has none.
    """

    def __init__(self, request: HttpRequest, pk: int, tab: str) -> None:
        self._request, self._tab = request, tab
        self.unit = unit_of_manager(request, pk, "meter")
        self.at = now()
        self.tenant = open_tenancy(self.unit)
        self._watched = WatchedMeter(self.unit, AGAIN)
        self.meter: Meter | None = self._watched.meter

    @cached_property
    def panel(self) -> TenancyPanel | None:
        """What the tenant sees of the meter; None if nobody lives or comes there, or there is no meter."""
        panel = tenancy_panel(self.tenant, self.at, self.meter, self._watched.meter_present) if self.tenant else None
        return panel and replace(panel, figures=self.seen(panel.figures))

    def seen(self, figures: MeterFigures) -> MeterFigures:
        """Return the figures of a meter as the user may see them."""
        return figures if shows_money(self._request) else figures.without_money

    @property
    def is_vacant(self) -> bool:
        """Whether nobody lives there now."""
        return self.tenant is None or self.tenant.begins > self.at

    @property
    def rights(self) -> frozenset[Right]:
        """What the user may do here."""
        return rights_at(self._request, self.unit.property)

    def _tabs(self) -> list[Tab]:
        return [
            Tab(str(label), reverse(f"console:units:{name}", args=[self.unit.pk]), name == self._tab)
            for name, label, needed in TABS
            if self.rights & needed
        ]

    def _context(self, more: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "tenant": self.tenant,
            "tabs": self._tabs(),
            "meter": self.meter,
            "zone_info": zone(self.unit.property.zone),
            "manager": True,
            "now": self.at,
            **more,
        }

    def still(self, template: str, more: Mapping[str, Any]) -> HttpResponse:
        """Return a tab that nothing changes while it is open."""
        return render(self._request, template, self._context(more))

    def live(self, template: str, part: str, more: Mapping[str, Any]) -> HttpResponse:
        """Return a tab whose `part` follows the meter."""
        self._watched.show(self._request, self.panel.figures if self.panel else None)
        return live_page(self._request, template, part, self._context(more), self._watched)
