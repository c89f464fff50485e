"""Heavy work that people ask for (`server.tasks`) is done in processes of its own, at a lower priority: scheduled work,
the pages and the head-end do not wait for it. These processes are started when there is something to do, and end when
there is nothing.
"""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import subprocess
from collections.abc import Mapping

from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import translation
from django.utils.translation import gettext as _

from ..server.accounts.acting import Actor, Door, acting
from ..server.batches.batch_task import BATCH, run
from ..server.ledger.export_task import BOOKS, export_books
from ..server.notices.statements_task import MAILED, mail_statements
from ..server.payments.bank_task import STATEMENT, read_statement
from ..server.statements.many_task import PAPERS, draw_statements
from ..server.statements.pdf_task import PAPER, draw_statement
from ..server.tariffs.what_if_task import WHAT_IF, compare_tariffs
from ..server.tasks.ending import advance, fail, finish
from ..server.tasks.left_tasks import LONGEST, cut_off, overdue
from ..server.tasks.models import Task
from ..server.tasks.outcomes import Kind, TaskError
from ..server.tasks.queueing import claim, next_task
from .supervisor import PR_SET_PDEATHSIG, python

log = logging.getLogger("prewatt.tasks")

KINDS: Mapping[str, Kind] = {
    STATEMENT: read_statement,
    BOOKS: export_books,
    PAPER: draw_statement,
    PAPERS: draw_statements,
    MAILED: mail_statements,
    WHAT_IF: compare_tariffs,
    BATCH: run,
}
"""What does the tasks of each kind. A further one is a line here."""
PARALLEL = 2
"""The most processes at once; each has one task, and no two are of the same organisation."""
NICE = 10
MEMORY = 2 * 1024**3
"""The most bytes of data that a process takes; a task that needs more fails."""
STEP = 2
"""Progress is stored only if it is so many per cent further than what is stored: each time is a transaction."""

_prctl = getattr(ctypes.CDLL(None), "prctl", None)


def run_tasks() -> None:
    """Do tasks until none can be begun."""
    os.nice(NICE)
    _limit_memory()
    while (task := claim(os.getpid())) is not None:
        _do(task)


def _limit_memory() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _do(task: Task) -> None:
    stored = 0

    def progress(done: int, of: int) -> None:
        nonlocal stored
        percent = 100 * done // of if of else 0
        if percent >= stored + STEP:
            stored = percent
            advance(task, done, of)

    # What comes of it is the person's doing, as if they had waited for it.
    person = Actor(Door.PAGE, command=task.kind, login=task.by_id)
    with translation.override(task.language or None), acting(person):
        try:
            finish(task, KINDS[task.kind](task, progress))
        except TaskError as error:
            fail(task, str(error))
        except MemoryError:
            fail(task, _("This task needs too much memory. Choose fewer days, or split the file."))
        except (DatabaseError, InterfaceError) as error:
            # It is begun again, as if the process had ended.
            log.warning("task %s: the database refused: %s", task, error)
            close_old_connections()
            cut_off(os.getpid())
        except Exception:
            log.exception("task %s", task)
            fail(
                task, _("The server has made a mistake, and its log says which one. Try again, or report the mistake.")
            )


def _die_with_parent() -> None:
    if _prctl:
        _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


class Runners:
    """The processes that do tasks now, as their parent sees them."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []

    def look_after(self) -> None:
        """Free the tasks of processes that have ended, end overdue tasks, and start a process if a task waits."""
        for child in [each for each in self._children if each.poll() is not None]:
            self._take_leave(child)
        for task in overdue():
            self._end(task)
        if len(self._children) < PARALLEL and next_task() is not None:
            self._children.append(subprocess.Popen(python("worker", "--tasks"), preexec_fn=_die_with_parent))

    def _take_leave(self, child: subprocess.Popen[bytes]) -> None:
        """Take up what a process has left that has ended."""
        self._children.remove(child)
        if child.returncode:
            log.warning("a process that did tasks has ended (%d)", child.returncode)
        cut_off(child.pid)

    def _end(self, task: Task) -> None:
        """End a task that takes too long, with its process."""
        with translation.override(task.language or None):
            text = _("This task took longer than %(n)d minutes. Choose fewer days, or split the file.")
            fail(task, text % {"n": LONGEST // 60_000_000})
        for child in self._children:
            if child.pid == task.runner:
                child.kill()
