"""Errors of a tariff in the editor: they name what people see, not the path in the document."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ....kernel.charges import CHARGES
from ....kernel.tariff import TariffError
from ...core.errors import LABELS

FIELDS = {
    "name": _("Name"), "source": _("Where the prices come from"), "rates": _("Rates"), "seasons": _("When each rate applies"),
    "special_days": _("Other special days"), "holidays.country": _("Public holidays: country"),
    "holidays.region": _("Public holidays: region"), "tiers.per": _("Tiers start again each"),
    "tiers.up_to_kwh": _("Tiers, up to, kWh"), "tiers.count": _("Tiers, counting"), "tiers.prices": _("Prices of the tiers"),
    "tax": _("Tax"), "tax.name": _("Tax, its name"), "tax.percent": _("Tax, %"),
    **{form.field: LABELS[form.field] for form in CHARGES},
}  # fmt: skip
"""The editor's names of the parts of a document."""
COLUMNS = {"from": _("from"), "days": _("Days"), "switches": _("Times"), "up_to_kwh": _("Tiers up to, kWh")}
"""The editor's names of the columns of a season's line."""


def in_editor(error: TariffError) -> str:
    """Return an error with its place in the editor's words; unchanged if it is about none of the editor's fields."""
    path, colon, text = str(error).partition(": ")
    place = _place(path) if colon else ""
    return f"{place}: {text}" if place else str(error)


def _place(path: str) -> str:
    if path in FIELDS:
        return str(FIELDS[path])
    if line := re.match(r"(rates|seasons)\[(\d+)\]", path):
        return _now("%(part)s, line %(line)d") % {"part": FIELDS[line[1]], "line": int(line[2]) + 1}
    kind, _dot, name = path.partition(".")
    if kind == "rates":
        return _now("Rate “%(name)s”") % {"name": name}
    if kind != "seasons":
        return ""
    inside, _dot, column = name.rpartition(".")
    if column not in COLUMNS:
        inside, column = name, ""
    season, _dot, days = inside.partition(".")
    where = [_now("Season “%(name)s”") % {"name": season}]
    where += [_now("line “%(days)s”") % {"days": days}] if days else []
    where += [str(COLUMNS[column])] if column else []
    return ", ".join(where)
