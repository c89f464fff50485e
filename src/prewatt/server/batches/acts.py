"""The acts that can be done to many flats. Each is a class in a file of its own, and a line in `ACTS` of `batch_task`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from ..accounts.rights import Right
from ..estate.models import Property
from .flats import Batch, Flat


class Planned(NamedTuple):
    """What will happen to a flat, in words; `doubt`: why a person should look twice."""

    text: str
    doubt: str = ""


class Act:
    """An act over many flats. `do`: its name in forms; `right`: what it needs at the property.

    `is_whole`: it is done to all chosen flats in one step, or to none, because one row stands for all of them.
    `every_flat`: it concerns all flats of the property, whichever are chosen.
    """

    do: ClassVar[str]
    right: ClassVar[Right]
    is_whole: ClassVar[bool] = False
    every_flat: ClassVar[bool] = False

    def read(self, property_: Property, given: Mapping[str, str]) -> dict[str, Any]:
        """Return what was typed, as JSON values. Raises ValidationError or Refused, which name the field."""
        raise NotImplementedError

    def plan(self, batch: Batch, flat: Flat, before: int) -> Planned:
        """Return what will happen to a flat. `before`: how many flats of this batch come before it. Raises Refused or
        ValidationError, which say why it can't.
        """
        raise NotImplementedError

    def carry_out(self, batch: Batch, flats: Sequence[Flat]) -> str:
        """Do the act to one flat or, if `is_whole`, to all, and return what was done, in words. The caller holds the
        transaction. Raises Refused or ValidationError, which say why it can't be done.
        """
        raise NotImplementedError
