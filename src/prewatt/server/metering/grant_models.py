"""The rows of staff grants: what phones may do on site, which grants were taken back, and what a property allows."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ...kernel.units import NANO
from ...wire.on_site import ALLOWED
from ..estate.models import Property


class StaffGrant(models.Model):
    """What a person on site may do at a property's gateways without the server. It is signed in advance, and can be
    shown again. `key` is the key of the holder's phone; `text` is the signed grant.

    `user` is the login that asked for it by a phone, within the property's `OnSiteRules` (`metering.phones`); null:
    somebody signed it for a holder. `revoked_at`: when it was taken back; null if it was not. `revoked_by`: who took it
    back; empty if a role ended.
    """

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="staff_grants")
    holder = models.CharField(max_length=100)
    key = models.CharField(max_length=64)
    actions = models.CharField(max_length=200)
    begins = models.BigIntegerField()
    ends = models.BigIntegerField()
    made_at = models.BigIntegerField()
    by = models.CharField(max_length=150)
    text = models.TextField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="staff_grants"
    )
    revoked_at = models.BigIntegerField(null=True)
    revoked_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return f"{self.holder}, {self.property}"


class RevocationList(models.Model):
    """The newest list of a property's revoked grants, as it goes to each of its gateways: its number, and the signed bytes
    (`wire.on_site.Revocations`).
    """

    property = models.OneToOneField(
        Property, on_delete=models.PROTECT, primary_key=True, related_name="revocation_list"
    )
    number = models.BigIntegerField()
    made_at = models.BigIntegerField()
    body = models.BinaryField(default=bytes)
    signature = models.BinaryField(default=bytes)

    def __str__(self) -> str:
        return f"{self.property}, {self.number}"


USUAL_RESTORE_AMOUNT = 5 * NANO
"""What a phone may restore where nobody has said it, nano, in a currency of magnitude 1."""


class OnSiteRules(models.Model):
    """What a phone of a property's staff may do on site, by a grant that it asks for itself. A property without a row has
    the values that a new one has.

    `actions`: what the phones may do, names of `wire.on_site.ALLOWED`; empty: nothing, and no phone gets a grant. `days`: how
    long a grant holds. `restore_amount` (nano) and `restore_hours` limit a restoration. `staff_restore`: whether people who
    may switch, but may not give credit, may restore.
    """

    property = models.OneToOneField(Property, on_delete=models.PROTECT, primary_key=True, related_name="on_site_rules")
    actions = models.CharField(max_length=200, blank=True, default=" ".join(ALLOWED))
    days = models.PositiveSmallIntegerField(default=7)
    restore_amount = models.BigIntegerField(default=USUAL_RESTORE_AMOUNT)
    restore_hours = models.PositiveSmallIntegerField(default=12)
    staff_restore = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.property)
