"""All that is wrong with a table, gathered, so that people mend it in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .texts import _

SHOWN = 20
"""So many problems are told; of the rest their number."""
LONGEST = 40
"""Characters of a cell that are shown."""


@dataclass(frozen=True)
class Problem:
    """What is wrong at one place. `line` as the user sees it (0: the whole table), `column` by the table's own name for it
    (may be empty), `text`: what was found and what is wanted.
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
    """A table can't be used. `problems`: all that is wrong, or the first of it and `more` beside; its text has a line for
    each.
    """

    def __init__(self, problems: Sequence[Problem], more: int = 0) -> None:
        super().__init__(problems, more)
        self.problems, self.more = list(problems), more

    def lines(self) -> list[str]:
        """One text for each problem, and one that counts the rest."""
        rest = [_("… and %(count)d more of this kind.") % {"count": self.more}] if self.more else []
        return [str(each) for each in self.problems] + rest

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def of(self, name: str) -> str:
        """The text with the name of the file before it."""
        told = self.lines()
        if len(told) > 1:
            return "\n  ".join([f"{name}:", *told])
        return f"{name}, {told[0]}" if self.problems[0].line else f"{name}: {told[0]}"


def whole(text: str) -> TableError:
    """The error of a table that is wrong as a whole."""
    return TableError([Problem(0, "", text)])


class Problems:
    """Gathers what is wrong."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._count = 0

    def add(self, line: int, column: str, text: str) -> None:
        """Something is wrong at a place; see `Problem`."""
        self._count += 1
        if self._count <= SHOWN:
            self._found.append(Problem(line, column, text))

    def __bool__(self) -> bool:
        return self._count > 0

    def error(self) -> TableError:
        """What was gathered, by line, as an exception."""
        return TableError(sorted(self._found, key=lambda each: each.line), self._count - len(self._found))

    def check(self) -> None:
        """TableError if anything is wrong."""
        if self:
            raise self.error()


def shown(text: str) -> str:
    """A cell's text for a message: on one line, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"
