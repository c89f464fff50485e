"""A batch: people see what will happen to each flat; then a task does it once to each. A flat where it can't be done is
passed over, and people are told why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from ...kernel.names import natural
from ..core.errors import Refused, for_people
from ..estate.models import Property
from ..tasks.models import Task, TaskStep
from ..tasks.outcomes import Outcome, Progress
from ..tasks.steps import NoMoreMine, once
from .acts import Act, Planned
from .emergency import EmergencyCodes
from .flats import Batch, CantBe, Flat, flats_of
from .money import TopUps
from .rules import PowerLimits, Tariffs
from .writing import Notes

log = logging.getLogger("prewatt.tasks")

BATCH = "batch"
ACTS: Mapping[str, Act] = {act.do: act for act in (TopUps(), Notes(), PowerLimits(), Tariffs(), EmergencyCodes())}
"""The acts that a task can do to many flats, by their names in forms. A new act is a class, and an entry here."""


@dataclass(frozen=True)
class Preview:
    """A flat, and either what will happen to it (`planned`) or why it can't (`refused`)."""

    flat: Flat
    planned: Planned | None
    refused: str = ""


def chosen(property_: Property, act: Act, units: Iterable[int]) -> list[Flat]:
    """Return the flats to which an act is done if these units are chosen, by their primary keys."""
    return flats_of(property_, None if act.every_flat else set(units))


def preview(batch: Batch, flats: Sequence[Flat]) -> list[Preview]:
    """Return what will happen to each flat. Nothing is changed."""
    act, rows, before = ACTS[batch.do], [], 0
    for flat in flats:
        try:
            rows.append(Preview(flat, act.plan(batch, flat, before)))
            before += 1
        except (Refused, ValidationError) as error:
            rows.append(Preview(flat, None, for_people(error)))
    return rows


def given_of(batch: Batch, rows: Iterable[Preview]) -> dict[str, Any]:
    """Return a batch as JSON values, for its task (`run`), with the flats where it can be done, and who lives there."""
    lives = [[each.flat.unit.pk, _lives(each.flat)] for each in rows if each.planned]
    return {
        "property": batch.property_.pk,
        "batch": batch.id,
        "do": batch.do,
        "values": dict(batch.values),
        "flats": lives,
    }


def run(task: Task, progress: Progress) -> Outcome:
    """Do a batch (`given_of`) once to each flat, even if the task is cut off and begun again. The facts of the outcome
    say what was done to each flat.
    """
    given = task.given
    property_ = Property.objects.select_related("organisation").get(
        pk=given["property"], organisation=task.organisation_id
    )
    batch, act = Batch(given["batch"], given["do"], property_, given["values"], task.by), ACTS[given["do"]]
    lived = dict(given["flats"])
    flats = [each for each in flats_of(property_) if each.unit.pk in lived]
    if act.is_whole:
        # Who moved in since it was shown is not meant.
        same = flats if act.every_flat else [each for each in flats if _lives(each) == lived[each.unit.pk]]
        facts = _step(task, batch.id, lambda: act.carry_out(batch, same))
        rows = [{"unit": each.unit.pk, "name": each.unit.name, **facts} for each in same]
        return Outcome(_facts(batch, rows))
    rows = []
    for number, flat in enumerate(flats):
        progress(number, len(flats))
        facts = _step(task, batch.key(flat), lambda flat=flat: _to_one(batch, act, flat, lived[flat.unit.pk]))  # type: ignore[misc]
        rows.append({"unit": flat.unit.pk, "name": flat.unit.name, **facts})
    return Outcome(_facts(batch, rows))


def facts_so_far(task: Task) -> dict[str, Any]:
    """Return what was done to each flat by a batch that was given up in the middle, such as for a full disk: whoever
    asks for it again must know where it was done. Empty if the task is no such batch.
    """
    given = task.given
    if "batch" not in given or given["do"] not in ACTS:
        return {}
    property_ = Property.objects.get(pk=given["property"], organisation=task.organisation_id)
    batch = Batch(given["batch"], given["do"], property_, given["values"], task.by)
    steps = dict(TaskStep.objects.filter(key__startswith=batch.id).values_list("key", "facts"))
    units = property_.units.filter(pk__in=dict(given["flats"]))
    not_done = {"done": False, "text": _("Nothing was done")}
    rows = [
        {"unit": unit.pk, "name": unit.name, **steps.get(batch.id, steps.get(f"{batch.id}-{unit.pk}", not_done))}
        for unit in sorted(units, key=lambda unit: natural(unit.name))
    ]
    return _facts(batch, rows)


def _lives(flat: Flat) -> int | None:
    return flat.tenancy.pk if flat.tenancy else None


def _to_one(batch: Batch, act: Act, flat: Flat, lived: int | None) -> str:
    if _lives(flat) != lived:
        raise CantBe(_("Somebody has moved in or out since the preview. Make a new preview for this flat."))
    return act.carry_out(batch, [flat])


def _step(task: Task, key: str, act: Callable[[], str]) -> dict[str, Any]:
    """Do a part of a batch once, and return whether it was done, and what or why not. A mistake of ours with one flat does not
    keep the others waiting: nobody would know to whom it was done.
    """
    try:
        return once(task, key, lambda: {"done": True, "text": act()})
    except (Refused, ValidationError) as error:
        refused = for_people(error)
    except (NoMoreMine, DatabaseError, InterfaceError, MemoryError):
        raise
    except Exception:
        log.exception("task %s, %s", task, key)
        refused = _("The server has made a mistake, and its log says which one. Try again, or report the mistake.")
    return once(task, key, lambda: {"done": False, "text": refused})


def _facts(batch: Batch, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    done = sum(bool(each["done"]) for each in rows)
    # What a person must look at stands first.
    shown = sorted(rows, key=lambda each: bool(each["done"]))
    return {"property": batch.property_.pk, "do": batch.do, "rows": shown, "done": done, "left": len(rows) - done}
