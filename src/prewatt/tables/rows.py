"""This module defines rows and cells, which are the same for every kind of file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

Cell = str | Decimal | datetime | date | time | timedelta
"""A cell of CSV is text; one of a workbook may be a number, a day, an instant of a wall clock, a time or a span of it."""
MOST_COLUMNS = 1000


class Since1904(Decimal):
    """A number of a workbook that counts days from 1904, as old Macs did: as a day it is four years later than in others."""


class Row(NamedTuple):
    """A row of cells. `number` is the line of the file in which it begins, or the row number of the workbook. `merged`: by their places,
    the values of cells of rows above with which empty cells of this row are merged.
    """

    number: int
    cells: list[Cell]
    merged: Mapping[int, Cell] = MappingProxyType({})
