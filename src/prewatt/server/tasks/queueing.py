"""Which task is done next.

One task of an organisation is done at a time, and the organisation that was served longest ago comes first: nobody's
heavy work keeps another landlord's waiting.
"""

from __future__ import annotations

from django.db.models import Max

from ..core.time import system_now
from .models import Task


def claim(runner: int) -> Task | None:
    """Return the next task, which this process (`runner`) does from now on; None if none can be begun."""
    while (task := next_task()) is not None:
        mine = Task.objects.filter(pk=task.pk, state=Task.State.WAITING).update(
            state=Task.State.RUNNING, runner=runner, began_at=system_now(), tries=task.tries + 1
        )
        if mine:
            task.refresh_from_db()
            return task
    return None


def next_task() -> Task | None:
    """Return the task that is to be begun next; None if none waits, or all that wait are of organisations with a task in work."""
    busy = Task.objects.filter(state=Task.State.RUNNING).values("organisation")
    waiting = Task.objects.filter(state=Task.State.WAITING).exclude(organisation__in=busy)
    organisations = set(waiting.values_list("organisation", flat=True))
    served = dict(
        Task.objects.filter(organisation__in=organisations)
        .values_list("organisation")
        .annotate(last=Max("began_at"))
        .values_list("organisation", "last")
    )
    if not organisations:
        return None
    first = min(organisations, key=lambda each: (served[each] or 0, each))
    return waiting.filter(organisation=first).defer("content").order_by("asked_at", "pk").first()
