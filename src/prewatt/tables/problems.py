"""This module gathers everything that is wrong with a table, so that people can mend it in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .texts import _

SHOWN = 20
"""The number of problems that are listed. The rest are counted."""
LONGEST = 40
"""The most characters of a cell that a message shows."""


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place. `line` is the number that the user sees (0: the whole table), `column` the table's
    own name for the column (may be empty). `text` says what stands there and what is wanted.
    """

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        place = ", ".join(
            filter(None, (_("line %(line)d") % {"line": self.line} if self.line else "", shown(self.column)))
        )
        return f"{place}: {self.text}" if place else self.text


class TableError(ValueError):
    """A table can't be used. `problems` are all that is wrong, or the first of them, and `more` counts the rest. The
    text has a line for each problem.
    """

    def __init__(self, problems: Sequence[Problem], more: int = 0) -> None:
        super().__init__(problems, more)
        self.problems, self.more = list(problems), more

    def lines(self) -> list[str]:
        """Return one text for each problem, and one that counts the rest."""
        rest = [_("… and %(count)d more of this kind.") % {"count": self.more}] if self.more else []
        return [str(each) for each in self.problems] + rest

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def of(self, name: str) -> str:
        """Return the text with the name of the file before it."""
        lines = self.lines()
        if len(lines) > 1:
            return "\n  ".join([f"{name}:", *lines])
        return f"{name}, {lines[0]}" if self.problems[0].line else f"{name}: {lines[0]}"


def whole(text: str) -> TableError:
    """Return the error of a table that is wrong as a whole."""
    return TableError([Problem(0, "", text)])


class Problems:
    """A collector of what is wrong."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._count = 0
        self._lines: set[int] = set()

    def add(self, line: int, column: str, text: str) -> None:
        """Note that something is wrong at a place; see `Problem`."""
        self._count += 1
        self._lines.add(line)
        if self._count <= SHOWN:
            self._problems.append(Problem(line, column, text))

    def has(self, line: int) -> bool:
        """Return whether something is wrong in a line."""
        return line in self._lines

    def __bool__(self) -> bool:
        return self._count > 0

    def error(self) -> TableError:
        """Return an exception with all problems so far, sorted by line."""
        problems = sorted(self._problems, key=lambda problem: problem.line)
        return TableError(problems, self._count - len(problems))

    def check(self) -> None:
        """Raise TableError if anything is wrong."""
        if self:
            raise self.error()


def shown(text: str) -> str:
    """Return a cell's text for a message: on one line, and at most `LONGEST` characters of it."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"
