from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from ...kernel.tariff import Tariff as KernelTariff
from ...kernel.tariff import TariffError
from ...kernel.tariff_document import tariff_from_document
from ..estate.models import Organisation, Property


class Tariff(models.Model):
    """A tariff in its public form (`docs/tariff.md`). Once it holds anywhere it can't be changed: make a new one."""

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
        return tariff_from_document({**self.document, "name": self.name})

    def clean(self) -> None:
        try:
            self.kernel()
        except TariffError as error:
            raise ValidationError({"document": str(error)}) from None
        if self.pk and self.versions.exists() and Tariff.objects.get(pk=self.pk).document != self.document:
            raise ValidationError(
                {"document": _("This tariff is in use. Make a new one, and let it hold from a later instant.")}
            )


class TariffVersion(models.Model):
    """At `property` a tariff holds from an instant (`effective`, µs since 1970) until the next version's."""

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="tariff_versions")
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    effective = models.BigIntegerField()

    class Meta:
        ordering = ("effective", "id")

    def __str__(self) -> str:
        return f"{self.tariff} at {self.property}"

    def clean(self) -> None:
        if not hasattr(self, "property") or not hasattr(self, "tariff"):
            return
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
