"""Parts of a task that are done once: a task that was cut off and is begun again passes over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from .models import Task, TaskStep


class NoMoreMine(RuntimeError):
    """Another process does this task now, because the task was thought to be cut off."""


def once(task: Task, key: str, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do a part of a task, and return what came of it, as JSON values. `key` is its name for ever: if it was done before,
    in this task or in another, nothing is done, and what came of it then is returned. The part and its note are one
    transaction. Raises NoMoreMine, and what `act` raises; then nothing of it was done.
    """
    known = TaskStep.objects.filter(key=key).first()
    if known is not None:
        return dict(known.facts)
    with transaction.atomic():
        facts = act()
        if not Task.objects.filter(pk=task.pk, runner=task.runner, state=Task.State.RUNNING).exists():
            raise NoMoreMine
        # Of two processes that did it at once, the second one fails here, and what it did is undone.
        TaskStep.objects.create(task=task, key=key, facts=facts)
    return facts
