"""Which task is done next, and what becomes of it. Each kind can be begun again after it was cut off in the middle.

One task of an organisation is done at a time, and the organisation that was served longest ago comes first: nobody's
heavy work keeps another landlord's waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ...kernel.units import DAY, MINUTE
from ..estate.models import Organisation
from .models import Task

MOST_WAITING = 20
"""The most tasks of one organisation that are not done yet."""
MOST_TRIES = 3
"""A task that was cut off in the middle so often is not begun again: it may be what ends the process."""
LONGEST = 10 * MINUTE
"""A task that takes longer (µs) is ended."""
KEPT = DAY
"""How long (µs) the result of a task is kept."""
LARGEST_RESULT = 25_000_000
"""The most bytes of a result."""

Progress = Callable[[int, int], None]
"""Told how many of how many parts are done."""


class TaskError(ValueError):
    """A task can't be done; the message says why, in people's words."""


@dataclass(frozen=True)
class Outcome:
    """What came of a task: `facts` for the page from which it was asked for, or a file (`content`) of the media type
    `type_`, to be saved under a name.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""
    type_: str = ""
    name: str = ""


Kind = Callable[[Task, Progress], Outcome]
"""What does the tasks of a kind. It may be called again for a task that was cut off. Raises TaskError."""


def clock() -> int:
    """Return the instant (µs) by the system's clock, whatever clock the meters run on."""
    return time.time_ns() // 1000


def ask(kind: str, organisation: Organisation, by: Any, back: str, **more: Any) -> Task:
    """Store a task, to be done as soon as its turn comes. `back`: the address from which it is asked for; `more`: fields
    of the task. Raises ValidationError if too many tasks of the organisation wait.
    """
    waiting = Task.objects.filter(organisation=organisation, state__in=(Task.State.WAITING, Task.State.RUNNING))
    if waiting.count() >= MOST_WAITING:
        raise ValidationError(_("Too much is being made already. Wait until some of it is done, and ask again."))
    language = get_language() or ""
    return Task.objects.create(
        kind=kind, organisation=organisation, by=by, back=back, language=language, asked_at=clock(), **more
    )


def claim(runner: int) -> Task | None:
    """Return the next task, which this process (`runner`) does from now on; None if none can be begun."""
    while (task := next_task()) is not None:
        mine = Task.objects.filter(pk=task.pk, state=Task.State.WAITING).update(
            state=Task.State.RUNNING, runner=runner, began_at=clock(), tries=task.tries + 1
        )
        if mine:
            task.refresh_from_db()
            return task
    return None


def next_task() -> Task | None:
    """Return the task that is to be begun next; None if none waits whose organisation has no task in work."""
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


def advance(task: Task, done: int, of: int) -> None:
    """Store how far a task is."""
    percent = 100 * done // of if of else 0
    Task.objects.filter(pk=task.pk, runner=task.runner, state=Task.State.RUNNING).update(percent=min(percent, 99))


def finish(task: Task, outcome: Outcome) -> None:
    """Store what came of a task."""
    if len(outcome.content) > LARGEST_RESULT:
        fail(task, _("The file is larger than 25 MB. Choose fewer days."))
        return
    _of_runner(task).update(
        state=Task.State.DONE,
        percent=100,
        ended_at=clock(),
        content=b"",
        facts=outcome.facts,
        result=outcome.content,
        result_type=outcome.type_,
        result_name=outcome.name,
    )


def fail(task: Task, text: str) -> None:
    """Store why a task could not be done."""
    _of_runner(task).update(state=Task.State.FAILED, ended_at=clock(), content=b"", text=text)


def cut_off(runner: int | None) -> None:
    """Let the tasks be begun again that a process has left in the middle; `runner`: its number, None for all. Who was
    cut off too often has failed.
    """
    left = Task.objects.filter(state=Task.State.RUNNING)
    if runner is not None:
        left = left.filter(runner=runner)
    left.filter(tries__gte=MOST_TRIES).update(
        state=Task.State.FAILED,
        ended_at=clock(),
        content=b"",
        text=_("It was cut off %(n)d times, so it was given up. The server's log says more.") % {"n": MOST_TRIES},
    )
    left.update(state=Task.State.WAITING, percent=0, runner=0)


def overdue() -> list[Task]:
    """Return the tasks that take too long."""
    return list(
        Task.objects.filter(state=Task.State.RUNNING, began_at__lt=clock() - LONGEST).defer("content", "result")
    )


def forget_old() -> None:
    """Delete the tasks that ended more than a day ago, with their results."""
    Task.objects.filter(ended_at__lt=clock() - KEPT).delete()


def _of_runner(task: Task) -> Any:
    return Task.objects.filter(pk=task.pk, runner=task.runner, state=Task.State.RUNNING)
