from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..estate.models import Tenancy
from ..metering.models import Meter


class Command(models.Model):
    """An entry of a meter's credit log, signed when it is made. States: queued, sent, applied, rejected.

    `applied_seq` and `applied_at` name the journal entry that shows it taken up; `coded_seq` and `coded_at` the one by
    which the code `tid`, typed on site, brought it before.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        SENT = "sent", _("sent")
        APPLIED = "applied", _("applied")
        REJECTED = "rejected", _("refused")

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="credit_log")
    number = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    body = models.BinaryField()
    signature = models.BinaryField()
    issued = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    applied_seq = models.BigIntegerField(null=True)
    applied_at = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    tid = models.IntegerField(null=True)
    coded_seq = models.BigIntegerField(null=True)
    coded_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("meter", "number")
        constraints = (
            models.UniqueConstraint(fields=("meter", "number"), name="command_number_once"),
            models.UniqueConstraint(
                fields=("meter", "tid"), condition=models.Q(tid__isnull=False), name="command_tid_once"
            ),
        )
        indexes = (
            models.Index(
                fields=("meter", "number"), condition=models.Q(state__in=("queued", "sent")), name="command_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.meter} {self.number}: {self.kind}"


OPEN = (Command.State.QUEUED, Command.State.SENT)
"""States of a command that no journal entry shows yet."""


class TopUp(models.Model):
    """Money for a tenancy's meter: one credit id, one transfer in the ledger, one command. `amount` in nano."""

    credit_id = models.CharField(max_length=40, unique=True)
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="top_ups")
    command = models.OneToOneField(Command, on_delete=models.PROTECT, related_name="top_up")
    amount = models.BigIntegerField()
    paid = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("-paid", "-id")
        constraints = (models.CheckConstraint(condition=models.Q(amount__gt=0), name="top_up_positive"),)

    def __str__(self) -> str:
        return self.credit_id
