from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.entries import MAX_ENTRY, SetTariff, encode_command
from ...kernel.entries import Command as Order
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


class Tariff(models.Model):
    """A tariff in its public form (`docs/landlord/tariff.md`). Once it holds anywhere it can't be changed: make a new one."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="tariffs")
    name = models.CharField(max_length=64)
    document = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organisation", "name"), name="tariff_name_once"),)

    def __str__(self) -> str:
        return self.name

    def kernel(self) -> KernelTariff:
        """As the kernel knows it. TariffError names the field that is wrong."""
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
                {"document": _("This tariff is in use. Make a new one, and let it hold from a later instant.")}
            )


GRACE = MINUTE
"""What is to hold from now on may be a moment old when it is stored."""


LARGEST = MAX_ENTRY - 1024
"""Most bytes of a command that carries a tariff, so that the entry that shows it applied can hold it too."""


class TariffVersionQuerySet(models.QuerySet["TariffVersion"]):
    """Versions of properties, in their order."""

    def in_force(self, since: int) -> Sequence[TariffVersion]:
        """Those that hold at `since` or later, one for each instant: the one that was made last."""
        by_instant = {version.effective_at: version for version in self.select_related("tariff")}
        found = [by_instant[effective] for effective in sorted(by_instant)]
        begun = [version for version in found if version.effective_at <= since]
        return begun[-1:] + [version for version in found if version.effective_at > since]

    def present(self) -> TariffVersion:
        """The one that holds now. ValidationError if none does."""
        begun = [version for version in self.in_force(now()) if version.effective_at <= now()]
        if not begun:
            raise ValidationError({"tariff": _("No tariff holds at this property.")})
        return begun[0]

    def series(self) -> tuple[KernelVersion, ...]:
        """All of them as the kernel rates by them."""
        return tuple(
            KernelVersion(version.effective_at, RateCalendar(version.tariff.kernel())) for version in self.in_force(-1)
        )


class TariffVersion(models.Model):
    """At `property` a tariff holds from an instant (`effective_at`, µs since 1970) until the next version's. Never changed:
    before its instant another one with the same instant takes its place.
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
        if not hasattr(self, "property") or not hasattr(self, "tariff") or self.effective_at is None:
            return
        if self._state.adding and self.effective_at < now() - GRACE:
            when = f"{local(self.effective_at, zone(self.property.zone)):%Y-%m-%d %H:%M}"
            text = _(
                "%(when)s is past: what has taken effect is not changed. Let the tariff hold from now on, and make a correction."
            )
            raise ValidationError({"effective_at": text % {"when": when}})
        priced = self.tariff.kernel()
        if self.tariff.organisation_id != self.property.organisation_id:
            raise ValidationError({"tariff": _("This tariff belongs to another organisation.")})
        for name, priced_in, wanted in (
            ("currency", priced.currency, self.property.currency),
            ("zone", priced.zone, self.property.zone),
        ):
            if priced_in != wanted:
                raise ValidationError(
                    {
                        "tariff": _("The tariff's %(name)s is %(one)s, the property's %(other)s.")
                        % {"name": name, "one": priced_in, "other": wanted}
                    }
                )
        order = Order("m" * 64, 1, 0, SetTariff(self.effective_at, priced))
        if len(encode_command(order)) > LARGEST:
            text = _(
                "This tariff is too long to be sent: it has too many seasons and switches, or names that are too long."
            )
            raise ValidationError({"tariff": text})
        self.check_resale()

    def check_resale(self) -> None:
        """ValidationError, with the sum shown, if the tariff is over what the property may charge."""
        priced = self.tariff.kernel()
        cap, purchase = self.property.price_cap, self.property.purchase_tariff
        try:
            check_resale(
                priced,
                self.effective_at,
                parse_price(str(cap)) if cap is not None else None,
                purchase.kernel() if purchase else None,
            )
        except TariffError as error:
            raise ValidationError({"tariff": str(error)}) from None


class Correction(models.Model):
    """From `begins` to `ends` `tariff` should have held at `property`: what was charged is reversed and charged anew."""

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
    """What a correction came to for one meter and tenancy (None: the landlord): `charged` before and `rerated` now,
    nano. `command` carries the difference to the meter.
    """

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="charges")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, null=True, related_name="corrections")
    charged = models.BigIntegerField()
    rerated = models.BigIntegerField()
    command = models.OneToOneField(Command, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.meter}: {self.charged} to {self.rerated}"
