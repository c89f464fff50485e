"""The tables of vending keys, and of the meters that take codes."""

from __future__ import annotations

from django.db import models

from ...tokens import Algorithm, BaseDate, Dkga, KeyType, MeterKey
from ..estate.models import Organisation, Unit
from ..metering.models import Meter


class SupplyGroup(models.Model):
    """A supply group (IEC 62055-41, 6.1.6) whose vending key a landlord holds; each revision has a row.

    `sealed`: the key as the security module stores it. `is_own`: it was made here, for the meters of our own gateways.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="supply_groups")
    code = models.CharField(max_length=6)
    revision = models.PositiveSmallIntegerField(default=1)
    expiry = models.PositiveSmallIntegerField(default=255)
    key_type = models.PositiveSmallIntegerField(default=KeyType.UNIQUE)
    base = models.PositiveSmallIntegerField(default=BaseDate.D2014)
    dkga = models.PositiveSmallIntegerField(default=Dkga.KDF)
    algorithm = models.PositiveSmallIntegerField(default=Algorithm.MISTY1)
    is_own = models.BooleanField(default=False)
    sealed = models.BinaryField()

    class Meta:
        ordering = ("organisation", "code", "revision")
        constraints = (
            models.UniqueConstraint(fields=("organisation", "code", "revision"), name="supply_group_revision_once"),
        )

    def __str__(self) -> str:
        return f"{self.code}/{self.revision}"

    def key_for(self, pan: str, tariff_index: int = 1) -> MeterKey:
        """Return the key of a meter of this group. `pan`: its number. Raises NumberError if a value is not possible."""
        return MeterKey(
            pan,
            self.code,
            tariff_index,
            self.revision,
            KeyType(self.key_type),
            self.expiry,
            BaseDate(self.base),
            Dkga(self.dkga),
            Algorithm(self.algorithm),
        )


class TokenMeter(models.Model):
    """A meter that takes codes: one of our own gateways (`meter`), or a keypad meter of another maker, which hangs at
    `unit` if that was said, since the instant `placed_at` (µs). `counts_money`: its credit is money and not kWh.
    `last_tid`: the token identifier of the last code that was made for it. `archived_at`: since when (µs) it stands in no list
    any more; null: it is in use.
    """

    meter = models.OneToOneField(Meter, on_delete=models.PROTECT, null=True, related_name="token_meter")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="token_meters")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="keypad_meters")
    name = models.CharField(max_length=64)
    pan = models.CharField(max_length=18)
    group = models.ForeignKey(SupplyGroup, on_delete=models.PROTECT, related_name="meters")
    tariff_index = models.PositiveSmallIntegerField(default=1)
    last_tid = models.IntegerField(default=-1)
    counts_money = models.BooleanField(default=False)
    placed_at = models.BigIntegerField(null=True)
    archived_at = models.BigIntegerField(null=True, editable=False)

    class Meta:
        ordering = ("organisation", "name")
        constraints = (models.UniqueConstraint(fields=("organisation", "pan"), name="pan_once"),)

    def __str__(self) -> str:
        return self.name

    def key(self) -> MeterKey:
        """Return the key that the meter holds."""
        key_: MeterKey = self.group.key_for(self.pan, self.tariff_index)
        return key_
