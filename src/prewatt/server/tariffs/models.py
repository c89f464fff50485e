"""The tables of tariffs, of their versions at properties, and of corrections. Amounts are in nano, instants in µs since
1970.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.entries import MAX_ENTRY, SetTariff, encode_command
from ...kernel.entries import Command as Order
from ...kernel.limits import highest_price
from ...kernel.tariff import RateCalendar, TariffError
from ...kernel.tariff import Tariff as KernelTariff
from ...kernel.tariff import Version as KernelVersion
from ...kernel.units import MINUTE, parse_price
from ..core.time import now
from ..estate.models import Organisation, Property, Tenancy
from ..metering.models import Meter
from ..vending.models import Command
from .reading import read_document
from .resale import check_resale


class TariffQuerySet(models.QuerySet["Tariff"]):
    """Queries for tariffs."""

    def in_use(self) -> TariffQuerySet:
        """Return the tariffs that are not archived."""
        return self.filter(archived_at=None)


class Tariff(models.Model):
    """A tariff in its public form (`docs/landlord/tariff.md`). A tariff that is in use anywhere cannot be changed: make
    a new one. `archived_at`: since when (µs since 1970) nobody can choose it any more; null: it can be chosen.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="tariffs")
    name = models.CharField(max_length=64)
    document = models.JSONField()
    archived_at = models.BigIntegerField(null=True, editable=False)

    objects = TariffQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organisation", "name"), name="tariff_name_once"),)

    def __str__(self) -> str:
        return self.name

    def kernel(self) -> KernelTariff:
        """Return the tariff as the kernel uses it. Raises TariffError, which names the wrong field."""
        if not isinstance(self.document, dict):
            raise TariffError("document: is not a JSON object")
        return read_document({**self.document, "name": self.name})

    def clean(self) -> None:
        """Check the document. Raises ValidationError if it is not a tariff, or if a tariff in use would change."""
        try:
            self.kernel()
        except TariffError as error:
            raise ValidationError({"document": str(error)}) from None
        if self.pk and self.versions.exists() and Tariff.objects.get(pk=self.pk).document != self.document:
            raise ValidationError(
                {
                    "document": _(
                        "This tariff is in use, so it can't be changed. Make a new tariff, and let it begin later."
                    )
                }
            )


GRACE = MINUTE
"""A tariff that begins now may be this old (µs) when it is stored."""


LARGEST = MAX_ENTRY - 1024
"""The most bytes of a command with a tariff, so that the entry that shows it applied can hold it too."""


class TariffVersionQuerySet(models.QuerySet["TariffVersion"]):
    """Versions of tariffs at properties, in their order."""

    def in_force(self, since: int) -> Sequence[TariffVersion]:
        """Return the versions in force at `since` or later. Each instant has one: the version that was made last."""
        by_instant = {version.effective_at: version for version in self.select_related("tariff")}
        versions = [by_instant[effective] for effective in sorted(by_instant)]
        past = [version for version in versions if version.effective_at <= since]
        return past[-1:] + [version for version in versions if version.effective_at > since]

    def present(self) -> TariffVersion:
        """Return the version in force now. Raises ValidationError if there is none."""
        past = [version for version in self.in_force(now()) if version.effective_at <= now()]
        if not past:
            raise ValidationError({"tariff": _("No tariff is in force at this building: choose one first.")})
        return past[0]

    def series(self) -> tuple[KernelVersion, ...]:
        """Return all versions in the form in which the kernel rates by them."""
        return tuple(
            KernelVersion(version.effective_at, RateCalendar(version.tariff.kernel())) for version in self.in_force(-1)
        )


class TariffVersion(models.Model):
    """At `property` a tariff is in force from an instant (`effective_at`, µs since 1970) until the next version begins.
    A version is never changed; before its instant, another version with the same instant can take its place.
    """

    objects = TariffVersionQuerySet.as_manager()

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="tariff_versions")
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    effective_at = models.BigIntegerField()

    class Meta:
        ordering = ("effective_at", "id")

    def __str__(self) -> str:
        return f"{self.tariff} at {self.property}"

    def clean(self) -> None:
        """Check that the tariff fits the property and its instant. Raises ValidationError, which names the field."""
        if not hasattr(self, "property") or not hasattr(self, "tariff") or self.effective_at is None:
            return
        if self._state.adding and self.effective_at < now() - GRACE:
            when = f"{local(self.effective_at, zone(self.property.zone)):%Y-%m-%d %H:%M}"
            text = _(
                "%(when)s is in the past, and past charges are not changed. Let the tariff begin now, and make a "
                "correction for the past."
            )
            raise ValidationError({"effective_at": text % {"when": when}})
        priced = self.tariff.kernel()
        if self.tariff.organisation_id != self.property.organisation_id:
            raise ValidationError({"tariff": _("This tariff belongs to another organisation.")})
        for name, priced_in, expected in (
            ("currency", priced.currency, self.property.currency),
            ("zone", priced.zone, self.property.zone),
        ):
            if priced_in != expected:
                raise ValidationError(
                    {
                        "tariff": _(
                            "The tariff's %(name)s is %(one)s, but the building's is %(other)s. Choose a tariff with "
                            "the same."
                        )
                        % {"name": name, "one": priced_in, "other": expected}
                    }
                )
        order = Order("m" * 64, 1, 0, SetTariff(self.effective_at, priced))
        if len(encode_command(order)) > LARGEST:
            text = _("This tariff is too long to be sent: use fewer seasons and switches, or shorter names.")
            raise ValidationError({"tariff": text})
        self.check_resale()

    def check_resale(self) -> None:
        """Raise ValidationError, with the sum shown, if the tariff is higher than the property may charge."""
        priced = self.tariff.kernel()
        cap, purchase = self.property.price_cap, self.property.purchase_tariff
        try:
            check_resale(
                priced,
                self.effective_at,
                parse_price(str(cap), highest_price(priced.currency)) if cap is not None else None,
                purchase.kernel() if purchase else None,
            )
        except TariffError as error:
            raise ValidationError({"tariff": str(error)}) from None


class Correction(models.Model):
    """From `begins` to `ends` `tariff` should have been in force at `property`: the charges are reversed and made
    again.
    """

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="corrections")
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="corrections")
    begins = models.BigIntegerField()
    ends = models.BigIntegerField()
    reason = models.CharField(max_length=150)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.BigIntegerField()

    class Meta:
        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return f"{self.property}: {self.reason}"


class CorrectedCharge(models.Model):
    """The effect of a correction on one meter and tenancy (None: the landlord): the amounts `charged` before and
    `rerated` now, nano. `command` brings the difference to the meter.
    """

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="charges")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, null=True, related_name="corrections")
    charged = models.BigIntegerField()
    rerated = models.BigIntegerField()
    command = models.OneToOneField(Command, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.meter}: {self.charged} to {self.rerated}"
