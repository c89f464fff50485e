"""Readings of meters that do not speak to prewatt: a person reads the display, or a photo of it, and types the number.

Between two readings nobody knows what such a meter shows. What is known is what was sold, and what was used up to the last
reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _

from ...kernel.plausible import TRUE, Base, judge
from ...kernel.units import REGISTER_MAX
from ..core.errors import Refused
from ..core.time import now
from ..estate.models import Organisation, Unit
from ..metering.locking import for_update
from ..metering.models import FUSE
from .keypad_models import KeypadReading
from .keypads import TENTH
from .models import Code, TokenMeter

UNSOLD, UNEXPLAINED = "unsold", "unexplained"
"""Doubts of a reading: more was used than was sold; more is left than can be."""


class ReadingRefused(Refused):
    """A reading can't be taken up as it was typed; the message says why, for people. Nothing was changed."""


class Implausible(ReadingRefused):
    """A reading can't be true by the reading before it, or by what was sold. It is taken up if a person says that it
    stands there so, and is a question from then on: nothing counts by it.
    """


@dataclass(frozen=True)
class Span:
    """What is known from one reading to the next (Wh). `used`: None for the first reading, and for a register that was in
    doubt. `sold`: by codes that were made in between. `untyped`: what was sold and is neither used nor left by then: codes
    that were not typed yet, or, if under zero, credit of before; None if what was left is not known at both ends.
    """

    reading: KeypadReading
    used: int | None = None
    sold: int = 0
    untyped: int | None = None


@transaction.atomic
def place(token_meter: TokenMeter, unit: Unit | None) -> None:
    """Say at which unit a keypad meter hangs; None: at none. Raises ReadingRefused for a unit of another organisation,
    or where another keypad meter hangs.
    """
    if unit is not None and unit.property.organisation_id != token_meter.organisation_id:
        raise ReadingRefused(_("There is no such choice."), "unit")
    row = for_update(TokenMeter.objects).get(pk=token_meter.pk)
    other = TokenMeter.objects.filter(unit=unit, meter__isnull=True).exclude(pk=row.pk).first() if unit else None
    if other is not None:
        raise ReadingRefused(
            _("Keypad meter %(name)s hangs at this unit: say first that it hangs nowhere.") % {"name": other.name},
            "unit",
        )
    if row.unit_id != (unit.pk if unit else None):
        token_meter.unit, token_meter.placed_at = unit, now() if unit else None
        token_meter.save(update_fields=["unit", "placed_at"])


def _cause(token_meter: TokenMeter, last: KeypadReading, register: int, at: int, left: int | None) -> str:
    """Return why a reading after the `last` one seems impossible, by its register or by what was sold; `TRUE` if it does not."""
    cause = judge(Base(last.register, last.at), register, at, FUSE).cause
    return _by_sold(token_meter, last, register, at, left) if cause == TRUE else cause


def _check_typed(at: int, register: int) -> None:
    if at > now():
        raise ReadingRefused(_("This is in the future: give the date and time at which you read the meter."), "at")
    if not 0 <= register <= REGISTER_MAX:
        raise ReadingRefused(_("No meter shows such a number."), "kwh")


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


def most_left(token_meter: TokenMeter) -> int | None:
    """Return the most energy (Wh) that the tenant can still use by the last reading, on the meter and by codes that were
    not typed in yet; None if what was left was never typed.
    """
    most, known_at, before = None, None, None
    for each in readings(token_meter):
        if most is not None and before is not None:
            used = None if each.doubt else each.register - before.register
            most = None if used is None else max(most + sold(token_meter, before.at, each.at) - used, 0)
        if most is None and each.left is not None:
            # Codes of before may be typed in later.
            most = each.left + sold(token_meter, known_at, each.at)
        if most is not None:
            known_at = each.at
        before = each
    return most


def in_doubt(organisation: Organisation) -> QuerySet[KeypadReading]:
    """Return the readings that are questions to the manager: the last of their meters, and in doubt."""
    later = KeypadReading.objects.filter(
        token_meter=OuterRef("token_meter"), withdrawn_by="", at__gt=OuterRef("at"), doubt=""
    )
    rows = KeypadReading.objects.filter(~Exists(later), token_meter__organisation=organisation, withdrawn_by="")
    return rows.exclude(doubt="").select_related("token_meter__unit")


def _implausible(cause: str, fell: bool) -> str:
    if cause == UNSOLD:
        return _(
            "More would be used than was sold. Look again; if it stands there so, somebody must look at the meter."
        )
    if cause == UNEXPLAINED:
        return _("More would be left than was sold and not used. Look again.")
    if fell:
        return _("It is lower than at the last reading. Look again; if it is another meter, register that one.")
    return _("So much can't have flowed since the last reading. Look again.")


@transaction.atomic
def withdraw(token_meter: TokenMeter, pk: int, by: str) -> None:
    """Let the last reading count for nothing, because it was typed wrong. Raises ReadingRefused for any other."""
    for_update(TokenMeter.objects).get(pk=token_meter.pk)
    last = readings(token_meter).last()
    if last is None or last.pk != pk:
        raise ReadingRefused(_("Only the last reading can be withdrawn."))
    last.withdrawn_by = by[:150] or "?"
    last.save(update_fields=["withdrawn_by"])


def readings(token_meter: TokenMeter) -> QuerySet[KeypadReading]:
    """Return the readings of a meter that count, in their order."""
    return KeypadReading.objects.filter(token_meter=token_meter, withdrawn_by="").order_by("at")


def sold(token_meter: TokenMeter, after: int | None = None, until: int | None = None) -> int:
    """Return the energy (Wh) of the codes that were made for a meter, after one instant (µs) and until another. A code
    that was given back counts too: nobody can stop the meter from taking it.
    """
    codes = Code.objects.filter(token_meter=token_meter, kind=Code.Kind.UNITS)
    if after is not None:
        codes = codes.filter(at__gt=after)
    if until is not None:
        codes = codes.filter(at__lte=until)
    return (codes.aggregate(tenths=Sum("amount"))["tenths"] or 0) * TENTH


def spans(token_meter: TokenMeter) -> list[Span]:
    """Return what is known from reading to reading, the first one first."""
    spans_: list[Span] = []
    before: KeypadReading | None = None
    for each in readings(token_meter):
        if before is None:
            spans_.append(Span(each))
        else:
            used = None if each.doubt else each.register - before.register
            bought = sold(token_meter, before.at, each.at)
            untyped = None
            if used is not None and before.left is not None and each.left is not None:
                untyped = before.left + bought - used - each.left
            spans_.append(Span(each, used, bought, untyped))
        before = each
    return spans_
