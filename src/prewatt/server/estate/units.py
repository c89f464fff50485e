"""The units of a property, and its parts."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class UnitQuerySet(models.QuerySet["Unit"]):
    """Queries for units."""

    def in_use(self) -> UnitQuerySet:
        """Return the units that are not archived."""
        return self.filter(archived_at=None)


class Part(models.Model):
    """A part of a property that has costs of its own: a staircase, a floor."""

    property = models.ForeignKey("estate.Property", on_delete=models.PROTECT, related_name="parts")
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ("property", "name")
        constraints = (models.UniqueConstraint(fields=("property", "name"), name="part_name_once"),)

    def __str__(self) -> str:
        return f"{self.property} {self.name}"


class Unit(models.Model):
    """An apartment. `area` (m²) and `occupants` (the number of people who live here, or would) are bases of shared
    costs. `pin_hash` is the hash of the PIN with which the tenant opens the gateway's own page. `archived_at`: since when (µs
    since 1970) it stands in no list any more; null: it is in use. `floor`: where it stands on the plan of the building
    (`floors.floor_of`); null: as its name says.
    """

    property = models.ForeignKey("estate.Property", on_delete=models.PROTECT, related_name="units")
    name = models.CharField(max_length=50)
    area = models.DecimalField(
        _("floor area, m²"), max_digits=8, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    occupants = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(1000)])
    parts = models.ManyToManyField(Part, blank=True, related_name="units")
    pin_hash = models.CharField(max_length=200, blank=True, editable=False)
    archived_at = models.BigIntegerField(null=True, editable=False)
    floor = models.SmallIntegerField(
        _("floor"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-9), MaxValueValidator(200)],
        help_text=_(
            "The floor on which the plan shows the unit. Empty: according to the unit's name, such as 3 for unit 302."
        ),
    )

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ("property", "name")
        constraints = (models.UniqueConstraint(fields=("property", "name"), name="unit_name_once"),)

    def __str__(self) -> str:
        return f"{self.property} {self.name}"
