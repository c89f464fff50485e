"""The people of a flat who have logins."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ..core.time import now


class Resident(models.Model):
    """A login that belongs to a tenancy: it sees the flat's page, pays and gets notices. `since`: µs since 1970."""

    tenancy = models.ForeignKey("estate.Tenancy", on_delete=models.CASCADE, related_name="residents")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="residences")
    since = models.BigIntegerField(default=now)

    class Meta:
        ordering = ("since", "pk")
        constraints = (models.UniqueConstraint(fields=("tenancy", "user"), name="resident_once"),)

    def __str__(self) -> str:
        return f"{self.user}, {self.tenancy}"
