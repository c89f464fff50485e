"""What comes of a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .models import Task

Progress = Callable[[int, int], None]
"""Is called with the number of parts that are done, and the number of all parts."""


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
"""The function that does the tasks of a kind. It may be called again for a task that was cut off. Raises TaskError."""
