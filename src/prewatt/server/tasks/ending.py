"""How far a task is, and how it ends."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ..core.time import system_now
from .models import Task
from .outcomes import Outcome

LARGEST_RESULT = 25_000_000
"""The most bytes of a result: whole megabytes, since people are told of them."""


def advance(task: Task, done: int, of: int) -> None:
    """Store how far a task is: `done` of its `of` parts. Nothing is stored if another process does it now."""
    percent = 100 * done // of if of else 0
    Task.objects.filter(pk=task.pk, runner=task.runner, state=Task.State.RUNNING).update(percent=min(percent, 99))


def finish(task: Task, outcome: Outcome) -> None:
    """Store what came of a task; if its file is larger than `LARGEST_RESULT`, the task has failed."""
    if len(outcome.content) > LARGEST_RESULT:
        fail(task, _("The file is larger than %(most)d MB. Choose fewer days.") % {"most": LARGEST_RESULT // 10**6})
        return
    _of_runner(task).update(
        state=Task.State.DONE,
        percent=100,
        ended_at=system_now(),
        content=b"",
        facts=outcome.facts,
        result=outcome.content,
        result_type=outcome.type_,
        result_name=outcome.name,
    )


def fail(task: Task, text: str) -> None:
    """Store why a task could not be done."""
    _of_runner(task).update(state=Task.State.FAILED, ended_at=system_now(), content=b"", text=text)


def _of_runner(task: Task) -> Any:
    return Task.objects.filter(pk=task.pk, runner=task.runner, state=Task.State.RUNNING)
