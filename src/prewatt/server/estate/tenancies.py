"""Who lives in a unit, and when."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...kernel.units import DAY
from ..core.time import now

FARTHEST = 366 * DAY
"""How far from now a move can be recorded, µs."""
MOST_OCCUPANTS = 1000


def check_near(at: int, field: str) -> None:
    """Raise ValidationError, at its field, if the instant of a move is too far from now."""
    if abs(at - now()) > FARTHEST:
        raise ValidationError({field: _now("The date must be less than a year before or after today.")})


class TenancyQuerySet(models.QuerySet["Tenancy"]):
    """Queries for tenancies by time."""

    def not_over(self, at: int) -> TenancyQuerySet:
        """Return the tenancies that hold at an instant, or begin later; the earliest first."""
        return self.filter(models.Q(ends__isnull=True) | models.Q(ends__gt=at)).order_by("begins")

    def living(self, at: int) -> TenancyQuerySet:
        """Return the tenancies that hold at an instant; the earliest first."""
        return self.not_over(at).filter(begins__lte=at)

    def within(self, begins: int, ends: int) -> TenancyQuerySet:
        """Return the tenancies that hold at some time between two instants; the earliest first."""
        return self.not_over(begins).filter(begins__lt=ends)


class Tenancy(models.Model):
    """Somebody lives in a unit, from one instant to another (µs since 1970; `ends` is null if they still do). `deposit`
    (nano) is what was received. `settled_at`: when the account was closed after the move-out (`tenancies.moving`).
    `settlements`: how often it was closed, because a move can be corrected. `people`: who has a login that sees it.
    """

    unit = models.ForeignKey("estate.Unit", on_delete=models.PROTECT, related_name="tenancies")
    tenant = models.CharField(max_length=100)
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="estate.Resident", related_name="tenancies", blank=True
    )
    begins = models.BigIntegerField()
    ends = models.BigIntegerField(null=True, blank=True)
    occupants = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(MOST_OCCUPANTS)])
    deposit = models.BigIntegerField(default=0, editable=False)
    settled_at = models.BigIntegerField(null=True, editable=False)
    settlements = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = TenancyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tenancies"
        constraints = (
            models.UniqueConstraint(fields=("unit",), condition=models.Q(ends__isnull=True), name="one_open_tenancy"),
            models.CheckConstraint(
                condition=models.Q(ends__isnull=True) | models.Q(ends__gt=models.F("begins")), name="tenancy_ends_later"
            ),
        )

    def __str__(self) -> str:
        return f"{self.tenant}, {self.unit}"

    def holds(self, at: int) -> bool:
        """Return whether something that ends at an instant, such as a reading, belongs to this tenancy: after `begins`,
        up to `ends`.
        """
        return self.begins < at and (self.ends is None or at <= self.ends)

    def has_ended(self, at: int) -> bool:
        """Return whether the tenancy has ended at an instant, or is settled."""
        return self.settled_at is not None or (self.ends is not None and self.ends <= at)

    def validate_constraints(self, exclude: Any = None) -> None:
        """Do nothing: `clean` says in words what the constraints hold."""

    def clean(self) -> None:
        """Check the row. Raises ValidationError if it ends before it begins, lies too far from now, or overlaps another
        tenancy.
        """
        if self.begins is None or self.unit_id is None:
            return
        if self.ends is not None and self.ends <= self.begins:
            raise ValidationError({"ends": _now("A tenancy can't end before it begins.")})
        if self._state.adding:
            check_near(self.begins, "begins")
        others = Tenancy.objects.filter(unit=self.unit_id).exclude(pk=self.pk)
        if self.ends is not None:
            others = others.filter(begins__lt=self.ends)
        if others.filter(models.Q(ends__isnull=True) | models.Q(ends__gt=self.begins)).exists():
            raise ValidationError(_("Another tenancy of this unit overlaps this one: end the other one first."))
