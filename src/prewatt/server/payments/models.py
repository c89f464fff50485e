from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..estate.models import Organisation, Tenancy
from ..vending.models import Refund, TopUp


def _public_id() -> str:
    return secrets.token_hex(12)


class Merchant(models.Model):
    """An organisation's own account at a payment provider: where its tenants' money goes, straight. `settings` can be
    seen; `sealed` holds the secrets. `public_id` stands in the address that the provider calls back.

    `refused`: callbacks that were not the provider's; `refusal`: what was wrong with the last one.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="merchants")
    provider = models.CharField(max_length=16)
    name = models.CharField(max_length=40)
    public_id = models.CharField(max_length=24, unique=True, default=_public_id)
    settings = models.JSONField(default=dict)
    sealed = models.BinaryField()
    enabled = models.BooleanField(default=True)
    made = models.BigIntegerField()
    refused = models.BigIntegerField(default=0)
    refusal = models.CharField(max_length=200, blank=True)
    refused_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("organisation", "name")
        constraints = (models.UniqueConstraint(fields=("organisation", "name"), name="merchant_name_once"),)

    def __str__(self) -> str:
        return self.name


class Payment(models.Model):
    """A payment that a tenant was asked to make at a provider. `amount` in nano; instants in µs since 1970.

    `asked`: whoever asks names the payment, so that asking twice is one. `payment_id` is its name at the provider, and
    the credit id of the top-up that comes of it. `provider_id`: of the transaction that paid it. `looks`, `next_look`:
    how often the provider was asked, and when it is again. `reason`: why it is held, for a person.
    """

    class State(models.TextChoices):
        OPEN = "open", _("not paid yet")
        PAID = "paid", _("paid")
        HELD = "held", _("paid, and waits for a person")
        CLOSED = "closed", _("not paid")
        RETURNED = "returned", _("paid back")
        DEBT = "debt", _("paid a debt")

    payment_id = models.CharField(max_length=32, unique=True)
    asked = models.CharField(max_length=40)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="payments")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="payments")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=12)
    payer = models.CharField(max_length=128, blank=True)
    payer_address = models.CharField(max_length=45, blank=True)
    link = models.TextField(blank=True)
    params = models.JSONField(default=dict)
    reference = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    made = models.BigIntegerField()
    expires = models.BigIntegerField()
    looks = models.PositiveIntegerField(default=0)
    next_look = models.BigIntegerField(null=True)
    provider_id = models.CharField(max_length=255, blank=True)
    paid = models.BigIntegerField(null=True)
    confirmed = models.BigIntegerField(null=True)
    seen_by = models.CharField(max_length=12, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    top_up = models.OneToOneField(TopUp, on_delete=models.PROTECT, null=True, related_name="payment")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-made", "-id")
        constraints = (
            models.UniqueConstraint(fields=("tenancy", "asked"), name="payment_asked_once"),
            models.UniqueConstraint(
                fields=("merchant", "provider_id"), condition=~models.Q(provider_id=""), name="payment_transaction_once"
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=~models.Q(state="paid") | models.Q(top_up__isnull=False), name="payment_paid_is_credited"
            ),
        )
        indexes = (models.Index(fields=("next_look",), condition=models.Q(state="open"), name="payment_to_look_at"),)

    def __str__(self) -> str:
        return self.payment_id


class Unexpected(models.Model):
    """Money that a provider says was paid and that no payment here can take: it lies at the provider until a person has
    seen to it. `amount` in nano.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="unexpected")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="unexpected")
    provider_id = models.CharField(max_length=255)
    amount = models.BigIntegerField()
    at = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    settled = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("merchant", "provider_id"), name="unexpected_once"),)

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.reason}"


class RefundPart(models.Model):
    """What of a refund goes back through the provider, to whoever made one payment. `amount` in nano; `sent`: when the
    provider took it on.
    """

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="parts")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refund_parts")
    amount = models.BigIntegerField()
    sent = models.BigIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("refund", "payment")
        constraints = (
            models.UniqueConstraint(fields=("refund", "payment"), name="refund_part_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_part_positive"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """Its name at the provider."""
        return f"{self.payment.payment_id}R{self.refund_id}"


class SettlementFile(models.Model):
    """A day's settlement file of a provider, as it was fetched."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="settlement_files")
    day = models.DateField()
    fetched = models.BigIntegerField()

    class Meta:
        ordering = ("-day",)
        constraints = (models.UniqueConstraint(fields=("merchant", "day"), name="settlement_file_once"),)

    def __str__(self) -> str:
        return f"{self.merchant} {self.day}"


class SettlementLine(models.Model):
    """A line of a settlement file. `amount` and `fee` in nano."""

    file = models.ForeignKey(SettlementFile, on_delete=models.PROTECT, related_name="lines")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="settlement_lines")
    line_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=8)
    payment_id = models.CharField(max_length=64, blank=True, db_index=True)
    provider_id = models.CharField(max_length=255, blank=True)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.BigIntegerField()

    class Meta:
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("merchant", "kind", "line_id"), name="settlement_line_once"),)

    def __str__(self) -> str:
        return self.line_id


class BankLine(models.Model):
    """A line of an uploaded bank statement: money in (`amount` in nano, over zero), until it is booked or set aside.
    `fingerprint` keeps a line from being taken twice.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be booked")
        BOOKED = "booked", _("booked")
        ASIDE = "aside", _("set aside")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="bank_lines")
    fingerprint = models.CharField(max_length=64)
    day = models.DateField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    payer = models.CharField(max_length=100, blank=True)
    text = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    top_up = models.OneToOneField(TopUp, on_delete=models.PROTECT, null=True, related_name="bank_line")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True, related_name="payouts")
    uploaded = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("day", "id")
        constraints = (
            models.UniqueConstraint(fields=("organisation", "fingerprint"), name="bank_line_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="bank_line_positive"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.payer}"
