"""The tables of gifts: links by which people without a login pay for a flat, and what was paid by them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ..estate.models import Tenancy

LONGEST_NAME = 60
"""The most characters of a name or note of a link, and of a giver's name."""


class GiftLink(models.Model):
    """A link by which people without a login can pay for a tenancy. `hash`: of its token; `sealed`: the token, for whoever
    made the link. `flat_name`, `shown_name`: all that the page says of flat and tenant. `note`: for whom it is; only
    whoever made the link sees it. Instants are µs since 1970.
    """

    tenancy = models.ForeignKey(Tenancy, on_delete=models.CASCADE, related_name="gift_links")
    hash = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    flat_name = models.CharField(max_length=LONGEST_NAME)
    shown_name = models.CharField(max_length=LONGEST_NAME, blank=True)
    note = models.CharField(max_length=LONGEST_NAME, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.BigIntegerField()
    ends = models.BigIntegerField()
    revoked_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return f"{self.tenancy_id} {self.pk}"


class Gift(models.Model):
    """A payment that was asked for by a gift link. `giver`: the name that the payer left, if they left one."""

    payment = models.OneToOneField("payments.Payment", on_delete=models.PROTECT, related_name="gift")
    link = models.ForeignKey(GiftLink, on_delete=models.PROTECT, related_name="gifts")
    giver = models.CharField(max_length=LONGEST_NAME, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.link_id} {self.pk}"
