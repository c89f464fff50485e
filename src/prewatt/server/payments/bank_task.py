"""Reading a large bank statement as a task."""

from __future__ import annotations

from ..tasks.models import Task
from ..tasks.outcomes import Outcome, Progress, TaskError
from .bank import BankError, upload
from .statements.errors import Unknown
from .waiting_statements import keep_waiting

STATEMENT = "bank-statement"
LARGE = 100_000
"""A file of more bytes than this (some 1,000 lines, half a second) is read as a task."""
SHOWN = 200
"""The most rows without a booking that the outcome names."""


def read_statement(task: Task, progress: Progress) -> Outcome:
    """Store the lines of the file. The facts are the numbers of lines (`new`, `known`, `out`) and the rows `left_out`; or
    only `unknown`, a text that says what a person must describe first. It may be called again: a line is stored once.
    Raises TaskError if the file cannot be read.
    """
    content, owner = bytes(task.content), task.organisation
    try:
        result = upload(owner, content, owner.home().currency, task.by, progress)
    except Unknown as error:
        keep_waiting(owner, content, task.by)
        return Outcome({"unknown": str(error)})
    except BankError as error:
        raise TaskError(str(error)) from None
    left_out = [[each.number, str(each.why.label), each.text] for each in result.left_out[:SHOWN]]
    return Outcome({"new": len(result.new), "known": result.known, "out": result.out, "left_out": left_out})
