"""The tables of shared costs, their runs and their shares. Amounts are in nano, instants in µs since 1970."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ..estate.models import Part, Property, Tenancy, Unit
from ..metering.models import Meter
from ..vending.models import Command

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


def _percent(name: Any, default: int = 0) -> models.DecimalField[Decimal, Decimal]:
    return models.DecimalField(name, max_digits=7, decimal_places=4, default=default, validators=PERCENT)


class SharedCost(models.Model):
    """A cost that a property's units, or those of a part of it, share, and the rule that divides it.

    The cost is the energy of `meters` at the property's tariff, or a bill that is typed in with a run. The rule is a
    mix: the percentages of five bases, which sum to 100. With a `schedule` it runs by itself, from `since` (µs since
    1970, a local midnight). No day from `ends` on (also a local midnight) is divided. Once something was booked, only
    `ends` may change (`costs`).
    """

    class Vacancy(models.TextChoices):
        """Who bears the share of a vacant unit."""

        LANDLORD = "landlord", _("the landlord")
        OTHERS = "others", _("the other units")

    class Schedule(models.TextChoices):
        """How often the cost is divided by itself."""

        NONE = "none", _("by hand")
        DAILY = "daily", _("every day")
        WEEKLY = "weekly", _("every week")
        MONTHLY = "monthly", _("every month")

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="shared_costs")
    part = models.ForeignKey(Part, on_delete=models.PROTECT, null=True, blank=True, related_name="shared_costs")
    name = models.CharField(max_length=60)
    meters = models.ManyToManyField(Meter, blank=True, related_name="shared_costs")
    equal = _percent(_("in equal shares, %"), 100)
    area = _percent(_("by floor area, %"))
    occupants = _percent(_("by occupants, %"))
    consumption = _percent(_("by consumption, %"))
    fixed = _percent(_("by fixed weights, %"))
    vacancy = models.CharField(_("vacant units are borne by"), max_length=8, choices=Vacancy, default=Vacancy.LANDLORD)
    schedule = models.CharField(_("runs"), max_length=8, choices=Schedule, default=Schedule.NONE)
    since = models.BigIntegerField(null=True, blank=True)
    ends = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("property", "name")
        constraints = (models.UniqueConstraint(fields=("property", "name"), name="shared_cost_name_once"),)

    def __str__(self) -> str:
        return self.name

    def rule(self) -> dict[str, Decimal]:
        """Return the bases of the rule with their percentages, without those of zero."""
        return {basis: getattr(self, basis) for basis in BASES if getattr(self, basis)}

    def clean(self) -> None:
        """Check the rule and the schedule. Raises ValidationError, which names the wrong field."""
        values = [getattr(self, basis) for basis in BASES]
        if all(value is not None for value in values) and sum(values) != 100:
            raise ValidationError(
                {
                    "equal": _now("The percentages of the rule must add up to 100. Now they add up to %(sum)s.")
                    % {"sum": sum(values)}
                }
            )
        if self._is_of_another_property():
            raise ValidationError({"part": _now("This part belongs to another building.")})
        if self.schedule != self.Schedule.NONE and self.since is None:
            raise ValidationError({"since": _now("Enter the day from which this cost runs by itself.")})
        alike = SharedCost.objects.filter(property_id=self.property_id, name=self.name).exclude(pk=self.pk)
        if self.property_id and alike.exists():
            raise ValidationError({"name": _now("A shared cost with this name exists already.")})

    def _is_of_another_property(self) -> bool:
        part = self.part if self.part_id and self.property_id else None
        return part is not None and part.property_id != self.property_id


BASES = {
    "equal": _("equal shares"),
    "area": _("floor area, m² × days"),
    "occupants": _("occupants × days"),
    "consumption": _("consumption, kWh"),
    "fixed": _("fixed weight × days"),
}
"""The bases of a rule, with their words for people."""


class FixedWeight(models.Model):
    """The weight of a unit in a rule with fixed weights. A unit without one has the weight 0."""

    shared_cost = models.ForeignKey(SharedCost, on_delete=models.CASCADE, related_name="weights")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    weight = models.DecimalField(max_digits=10, decimal_places=3, validators=[MinValueValidator(0)])

    class Meta:
        constraints = (models.UniqueConstraint(fields=("shared_cost", "unit"), name="weight_once"),)

    def __str__(self) -> str:
        return f"{self.unit}: {self.weight}"


class Run(models.Model):
    """A division of a shared cost for the local days from `begins` to `ends` (µs since 1970). `energy` (Wh) is null for
    a bill that was typed in; `cost` in nano. `rule`: the percentages at that time. It is never changed, only reversed
    as a whole.
    """

    shared_cost = models.ForeignKey(SharedCost, on_delete=models.PROTECT, related_name="runs")
    begins = models.BigIntegerField()
    ends = models.BigIntegerField()
    energy = models.BigIntegerField(null=True)
    cost = models.BigIntegerField()
    memo = models.CharField(max_length=100, blank=True)
    rule = models.JSONField()
    made_at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reversed_at = models.BigIntegerField(null=True)
    reversed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-ends", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("shared_cost", "begins"),
                condition=models.Q(reversed_at__isnull=True, energy__isnull=False),
                name="run_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.shared_cost} {self.pk}"


class Share(models.Model):
    """The share of a unit in a run, borne by its tenancy, or by the landlord if `tenancy` is null. `weights`: by basis,
    in words.

    `command` takes it off at the meter, `reversal` gives it back. `amount` in nano.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="shares")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, null=True, related_name="shares")
    days = models.IntegerField()
    weights = models.JSONField()
    amount = models.BigIntegerField()
    command = models.OneToOneField(Command, on_delete=models.PROTECT, null=True, related_name="+")
    reversal = models.OneToOneField(Command, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("run", "unit__name", "id")

    def __str__(self) -> str:
        return f"{self.unit}: {self.amount}"
