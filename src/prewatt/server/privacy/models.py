"""The rows of personal data: how long an organisation keeps them, and which tenancies are erased."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..estate.models import Organisation, Tenancy

LONGEST_DAYS = 36_500


def _days(default: int, verbose_name: object, help_text: object) -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(
        verbose_name,  # type: ignore[arg-type]
        default=default,
        validators=[MaxValueValidator(LONGEST_DAYS)],
        help_text=help_text,  # type: ignore[arg-type]
    )


class Retention(models.Model):
    """For how many days an organisation keeps what is personal; 0: without end. `privacy.keeping` carries it out each day.

    `bills_years`: for how many years after the end of its year a bill keeps the name, because tax law asks for it.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="retention")
    notices_days = _days(
        365, _("Texts of notices"), _("Days after a notice was made. That and when it was sent is kept.")
    )
    photos_days = _days(365, _("Photos"), _("Days after a fault report was done, or a keypad meter was read."))
    reports_days = _days(1096, _("Fault reports"), _("Days after a fault report was done."))
    notes_days = _days(1096, _("Notes to tenants"), _("Days after a note was written."))
    contacts_days = _days(
        90, _("Phone numbers and e-mail addresses"), _("Days after the account of who moved out was settled.")
    )
    erase_days = _days(
        1096,
        _("All else of who moved out: name, login, notes"),
        _("Days after the account was settled. Nothing is erased while money is open."),
    )
    bills_years = models.PositiveSmallIntegerField(
        _("Name on bills, in years"),
        default=10,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_("Years after the end of the year of a bill, as tax law asks. Ask your accountant."),
    )

    def __str__(self) -> str:
        return str(self.organisation)

    @classmethod
    def days_fields(cls) -> list[models.Field[Any, Any]]:
        """Return the fields that are times in days, in the order in which people see them."""
        return [each for each in cls._meta.concrete_fields if each.name.endswith("_days")]


class Erasure(models.Model):
    """The personal data of a tenancy were erased at the instant `at` (µs since 1970), by a person, or by the schedule
    (`by` is null).
    """

    tenancy = models.OneToOneField(Tenancy, on_delete=models.PROTECT, related_name="erasure")
    at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return str(self.tenancy)


def retention_of(organisation: Organisation) -> Retention:
    """Return how long an organisation keeps personal data. If it has not said so, the row has the usual figures and is
    not stored.
    """
    return Retention.objects.filter(organisation=organisation).first() or Retention(organisation=organisation)
