from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..billing.models import DebtPayment
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
    """A line of an uploaded bank statement, until it is booked or set aside: money in, or money out that may take back what
    was credited (`amount` in nano, below zero then). `account` and `bank_id`: the payer's, and the bank's own name for the
    booking, where it told them. `says_returned`: it says of itself that it takes an earlier booking back. `fingerprint` keeps
    a line from being taken twice.

    `like`: a line that may be the same payment; of a line that is `same` it is that payment. `own`: a person has said that it
    is one of its own, whatever it looks like. `takes_back`: the line whose money went back by this one. `bookings`: how often
    it was booked, for the names of its bookings.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be booked")
        BOOKED = "booked", _("booked")
        ASIDE = "aside", _("set aside")
        SAME = "same", _("the same payment")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="bank_lines")
    fingerprint = models.CharField(max_length=64)
    day = models.DateField()
    value_day = models.DateField(null=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    payer = models.CharField(max_length=100, blank=True)
    account = models.CharField(max_length=34, blank=True, default="")
    text = models.CharField(max_length=300, blank=True)
    bank_id = models.CharField(max_length=80, blank=True, default="")
    says_returned = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    top_up = models.OneToOneField(TopUp, on_delete=models.PROTECT, null=True, related_name="bank_line")
    debt_payment = models.OneToOneField(DebtPayment, on_delete=models.PROTECT, null=True, related_name="bank_line")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True, related_name="payouts")
    like = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="alike")
    own = models.BooleanField(default=False)
    takes_back = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="taken_back_by")
    bookings = models.PositiveSmallIntegerField(default=0)
    uploaded = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("day", "id")
        constraints = (
            models.UniqueConstraint(fields=("organisation", "fingerprint"), name="bank_line_once"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="bank_line_of_something"),
        )
        indexes = (models.Index(fields=("organisation", "day"), name="bank_line_by_day"),)

    def __str__(self) -> str:
        return f"{self.day} {self.payer}"


class BankLayout(models.Model):
    """What a person has said of a bank's tables: which column is what (`columns`: a role for each, empty for none), which
    comes first in a day (`order`), how money out is told (`direction`, `words_in`). `fingerprint`: of the row that names the
    columns, or (`named` is False) of how many there are.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="bank_layouts")
    fingerprint = models.CharField(max_length=64)
    named = models.BooleanField(default=True)
    columns = models.JSONField()
    order = models.CharField(max_length=3, blank=True)
    direction = models.CharField(max_length=8, blank=True)
    words_in = models.JSONField(default=list)
    made = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organisation", "fingerprint"), name="bank_layout_once"),)

    def __str__(self) -> str:
        return f"{self.organisation} {self.fingerprint[:8]}"


class WaitingStatement(models.Model):
    """A file that can't be read before a person has said what its columns are; the last one of each person."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    content = models.BinaryField()
    at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organisation", "by"), name="waiting_statement_once"),)

    def __str__(self) -> str:
        return f"{self.organisation} {self.at}"
