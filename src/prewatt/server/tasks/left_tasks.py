"""Tasks that were left: cut off in the middle, too long in work, or old."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ...kernel.units import DAY, MINUTE
from ..core.time import system_now
from .models import Task

MOST_TRIES = 3
"""A task that was cut off in the middle this often is not begun again: it may be the cause that ends the process."""
LONGEST = 10 * MINUTE
"""A task that takes longer (µs) is ended."""
KEPT = DAY
"""How long (µs) the result of a task is kept."""


def cut_off(runner: int | None) -> None:
    """Let tasks wait again that a process has left in the middle. `runner`: the number of the process; None for all. A task
    that was cut off `MOST_TRIES` times has failed.
    """
    left = Task.objects.filter(state=Task.State.RUNNING)
    if runner is not None:
        left = left.filter(runner=runner)
    left.filter(tries__gte=MOST_TRIES).update(
        state=Task.State.FAILED,
        ended_at=system_now(),
        content=b"",
        text=_("This task was interrupted %(n)d times, so the server stopped trying. The server's log says more.")
        % {"n": MOST_TRIES},
    )
    left.update(state=Task.State.WAITING, percent=0, runner=0)


def overdue() -> list[Task]:
    """Return the tasks that take too long."""
    return list(
        Task.objects.filter(state=Task.State.RUNNING, began_at__lt=system_now() - LONGEST).defer("content", "result")
    )


def forget_old() -> None:
    """Delete the tasks that ended more than a day ago, with their results."""
    Task.objects.filter(ended_at__lt=system_now() - KEPT).delete()
