"""How a tenancy pays: before use, from the credit, or after use, by a monthly bill and down to a limit. Each change is
a row, so that it stays known what applied when.
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

LEAST_NOTICE = 3
"""The fewest days between the notice that a bill is overdue and the instant at which its rule ends the supply."""


class Terms(models.Model):
    """Terms of payment from an instant on. `is_postpaid`: electricity is paid after use. `limit` (nano) is how far the
    account may go under zero, and 0 means any distance; `limit_cuts`: the supply ends there. A bill is due `due_days`
    after it was made, and `overdue_days` after that `overdue` says what happens. `owed`: what becomes of a debt when
    the tenancy goes back to paying before use.

    `applied_at`: when the terms took effect; null if they are still to come. `ended_at`: when they were replaced before
    they took effect.
    """

    class Overdue(models.TextChoices):
        """What follows when a bill is overdue."""

        REMIND = "remind", _("a reminder, nothing more")
        ASK = "ask", _("a person is asked")
        CUT = "cut", _("the supply ends by itself")

    class Owed(models.TextChoices):
        """What becomes of a debt when a tenancy goes back to paying before use."""

        DEBT = "debt", _("stays owed, beside the meter")
        SPREAD = "spread", _("is spread over payments")

    tenancy = models.ForeignKey("estate.Tenancy", on_delete=models.PROTECT, related_name="terms")
    begins = models.BigIntegerField()
    is_postpaid = models.BooleanField()
    limit = models.BigIntegerField(default=0)
    limit_cuts = models.BooleanField(default=True)
    due_days = models.PositiveSmallIntegerField(default=14, validators=[MinValueValidator(1), MaxValueValidator(90)])
    overdue = models.CharField(max_length=6, choices=Overdue, default=Overdue.REMIND)
    overdue_days = models.PositiveSmallIntegerField(
        default=14, validators=[MinValueValidator(LEAST_NOTICE), MaxValueValidator(180)]
    )
    owed = models.CharField(max_length=6, choices=Owed, default=Owed.DEBT)
    made_at = models.BigIntegerField()
    by = models.CharField(max_length=150)
    applied_at = models.BigIntegerField(null=True)
    ended_at = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "terms"
        ordering = ("begins", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(limit__gte=0), name="terms_limit_natural"),
            models.UniqueConstraint(
                fields=("tenancy",),
                condition=models.Q(applied_at__isnull=True, ended_at__isnull=True),
                name="terms_wait_once",
            ),
        )

    def __str__(self) -> str:
        return str(_("paid after use") if self.is_postpaid else _("paid before use"))

    @property
    def cuts_at(self) -> int | None:
        """Return the limit (nano) at which the supply ends; None if no debt ends it."""
        return int(self.limit) if self.is_postpaid and self.limit_cuts else None


class Lowering(models.Model):
    """A lowered limit because of overdue bills, if the terms say so. The supply ends at `limit` (nano): the amount that
    was owed then, or the limit of the terms if that is less. A later payment that reaches the property's clearance
    brings power at once, also without a network. `why`: the reason, for people. `ended_at`: when it was lifted.
    """

    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="lowerings")
    limit = models.BigIntegerField()
    at = models.BigIntegerField()
    why = models.CharField(max_length=200)
    ended_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(fields=("terms",), condition=models.Q(ended_at__isnull=True), name="lowering_once"),
        )

    def __str__(self) -> str:
        return f"{self.terms.tenancy}: {self.why}"
