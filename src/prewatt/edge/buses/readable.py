"""Waiting for bytes as `select.select` does, but for file descriptors of any number: `select` takes none from 1024 on,
and a process that reads many buildings has more.
"""

from __future__ import annotations

import math
import select
from collections.abc import Iterable
from typing import Protocol, TypeVar


class HasFileno(Protocol):
    """A socket, or whatever else has a file descriptor."""

    def fileno(self) -> int:
        """Return the number of the file that can be waited for."""
        ...


End = TypeVar("End", bound=int | HasFileno)


def readable(ends: Iterable[End], wait_s: float) -> list[End]:
    """Return those of `ends` that can be read, or have hung up, within `wait_s` seconds; none if there are none. An end
    is a file descriptor, or an object that has one.
    """
    poll, by_fd = select.poll(), {end if isinstance(end, int) else end.fileno(): end for end in ends}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    return [by_fd[fd] for fd, _events in poll.poll(math.ceil(max(wait_s, 0.0) * 1000))]
