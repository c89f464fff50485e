"""Readings of keypad meters are taken up as people type them, or are refused."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.plausible import TRUE, Base, judge
from ...kernel.units import REGISTER_MAX
from ..core.errors import Refused
from ..core.time import now
from ..metering.locking import for_update
from ..metering.models import FUSE
from .keypad_models import KeypadReading
from .keypad_readings import most_left, readings, sold
from .keypads import TENTH
from .models import TokenMeter

UNSOLD, UNEXPLAINED = "unsold", "unexplained"
"""Doubts of a reading: more was used than was sold; more is left than can be."""


class ReadingRefused(Refused):
    """A reading can't be taken up as it was typed; the message says why, for people. Nothing was changed."""


class Implausible(ReadingRefused):
    """A reading can't be true by the reading before it, or by what was sold. It is taken up if a person says that the
    display shows it. Then it is a question to the manager, and nothing is computed by it.
    """


def _cause(token_meter: TokenMeter, last: KeypadReading, register: int, at: int, left: int | None) -> str:
    """Return why a reading after the `last` one seems impossible, by its register or by what was sold; `TRUE` if it does not."""
    cause = judge(Base(last.register, last.at), register, at, FUSE).cause
    return _by_sold(token_meter, last, register, at, left) if cause == TRUE else cause


def _check_typed(at: int, register: int) -> None:
    if at > now():
        raise ReadingRefused(_("This is in the future: give the date and time at which you read the meter."), "at")
    if not 0 <= register <= REGISTER_MAX:
        raise ReadingRefused(_("No meter shows such a number. Check what you typed."), "kwh")


@transaction.atomic
def take_reading(
    token_meter: TokenMeter,
    at: int,
    register: int,
    by: str,
    *,
    left: int | None = None,
    photo: bytes | None = None,
    sure: bool = False,
) -> KeypadReading:
    """Take up what a meter showed at an instant (µs): its register and what is left of its credit (Wh). `photo`: JPEG.
    `sure`: a person has looked again at what seems impossible. Raises ReadingRefused, Implausible.
    """
    for_update(TokenMeter.objects).get(pk=token_meter.pk)
    _check_typed(at, register)
    last = readings(token_meter).last()
    if last is not None and at <= last.at:
        raise ReadingRefused(_("There is a later reading already: withdraw it first if it is wrong."), "at")
    cause = TRUE if last is None else _cause(token_meter, last, register, at, left)
    if cause != TRUE and not sure:
        assert last is not None
        field = "left" if cause == UNEXPLAINED else "kwh"
        raise Implausible(_implausible(cause, register < last.register), field)
    return KeypadReading.objects.create(
        token_meter=token_meter,
        at=at,
        register=register,
        left=left,
        doubt="" if cause == TRUE else cause,
        photo=photo,
        typed_at=now(),
        by=by[:150],
    )


def _by_sold(token_meter: TokenMeter, last: KeypadReading, register: int, at: int, left: int | None) -> str:
    """Return why a reading after the `last` one can't be true by what was sold; `TRUE` if it can."""
    most = most_left(token_meter)
    if most is None:
        return TRUE
    can_be = most + sold(token_meter, last.at, at) - (register - last.register)
    # The display of either number may be rounded to a tenth.
    if can_be < -TENTH:
        return UNSOLD
    return UNEXPLAINED if left is not None and left > can_be + TENTH else TRUE


def _implausible(cause: str, fell: bool) -> str:
    if cause == UNSOLD:
        return _(
            "This would mean that more was used than was sold. Check the number. If the meter really shows it, "
            "somebody must examine the meter."
        )
    if cause == UNEXPLAINED:
        return _("This would mean that more is left than was sold and not used. Check the number.")
    if fell:
        return _(
            "The register is lower than at the last reading. Check the number. If it is another meter, register that "
            "meter."
        )
    return _("This much energy can't have flowed since the last reading. Check the number.")


@transaction.atomic
def withdraw(token_meter: TokenMeter, pk: int, by: str) -> None:
    """Let the last reading count for nothing, because it was typed wrong. Raises ReadingRefused for any other."""
    for_update(TokenMeter.objects).get(pk=token_meter.pk)
    last = readings(token_meter).last()
    if last is None or last.pk != pk:
        raise ReadingRefused(_("Only the last reading can be withdrawn."))
    last.withdrawn_by = by[:150] or "?"
    last.save(update_fields=["withdrawn_by"])
