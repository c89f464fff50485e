"""The form by which a meter is put to its flat."""

from __future__ import annotations

from collections.abc import Iterable

from ..html import Html, element
from ..page_parts import form
from ..texts import _
from .pieces import select
from .survey import Flat, FoundMeter, Survey, plain


def _free_flats(survey: Survey, meter: FoundMeter) -> list[Flat]:
    """Return the flats where no other meter is."""
    others = {flat.key: survey.at_flat(flat.key) for flat in survey.flats}
    return [flat for flat in survey.flats if (other := others[flat.key]) is None or other.id == meter.id]


def _listed_at(flats: Iterable[Flat], meter: FoundMeter) -> str:
    """Return the flat at which the server lists a meter's number; empty if at none of these."""
    return next((flat.key for flat in flats if meter.number and plain(flat.serial) == plain(meter.number)), "")


def _expected(survey: Survey, meter: FoundMeter) -> str:
    """Return the number that the server lists at the flat to which a meter was put; empty if none."""
    return next((flat.serial for flat in survey.flats if meter.flat and flat.key == meter.flat), "")


def flat_form(survey: Survey, meter: FoundMeter, mark: Html) -> Html:
    """Return the form that puts a meter to a flat. `mark`: that of the session, with the meter."""
    free = _free_flats(survey, meter)
    options = [("", _("no flat"))]
    options += [(flat.key, f"{flat.key} · {flat.serial}" if flat.serial else flat.key) for flat in free]
    likely = meter.flat or _listed_at(free, meter)
    expected = _expected(survey, meter)
    differs = expected and meter.number and plain(expected) != plain(meter.number)
    return element(
        "section",
        element("h2", _("1. Its flat")),
        form("/setup/put", mark, select(_("Flat"), "flat", options, likely), element("button", _("Assign"))),
        element("p", _("The server has no list of flats for this gateway yet."), class_="quiet")
        if not survey.flats
        else None,
        element(
            "p",
            _(
                "The server lists meter %(expected)s at this flat. Once this one is in service, the manager is asked whether "
                "the meter was exchanged."
            )
            % {"expected": expected},
        )
        if differs
        else None,
    )
