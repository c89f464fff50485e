"""The rows of the counter: receipts, and cash that a person has handed over."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from ..billing.models import DebtPayment
from ..estate.models import Organisation
from ..vending.models import TopUp


class Receipt(models.Model):
    """The receipt for one payment that staff received. `number` counts in the organisation without a gap: if the payment is
    undone, the number stays, and the receipt says that it is undone.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="receipts")
    number = models.PositiveIntegerField()
    top_up = models.OneToOneField(TopUp, on_delete=models.PROTECT, null=True, related_name="given_receipt")
    debt_payment = models.OneToOneField(DebtPayment, on_delete=models.PROTECT, null=True, related_name="given_receipt")
    made_at = models.BigIntegerField()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "number"), name="receipt_number_once"),
            models.CheckConstraint(
                condition=models.Q(top_up__isnull=False, debt_payment__isnull=True)
                | models.Q(top_up__isnull=True, debt_payment__isnull=False),
                name="receipt_of_one",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number:06d}"


class Handover(models.Model):
    """Cash (`amount`, nano) that a person gave out of their till, to the office or the bank, at the instant `at`. It is no
    booking: the money stays the organisation's cash until a bank shows it.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="handovers")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    at = models.BigIntegerField()
    note = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        ordering = ("-at", "-id")
        constraints = (models.CheckConstraint(condition=models.Q(amount__gt=0), name="handover_positive"),)

    def __str__(self) -> str:
        return f"{self.by}: {self.amount}"
