"""The tables of payments: merchant accounts, payments, refunds by a provider, settlement files, bank lines, and money
that was taken back. Amounts are in nano, instants in µs since 1970.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..billing.models import DebtPayment
from ..core.reasons import WithReason
from ..estate.models import Organisation, Tenancy
from ..vending.models import Command, Refund, TopUp
from .gift_models import Gift as Gift
from .gift_models import GiftLink as GiftLink
from .till_models import Handover as Handover
from .till_models import Receipt as Receipt


def _public_id() -> str:
    return secrets.token_hex(12)


class Merchant(models.Model):
    """A landlord's own account at a payment provider; the tenants' money goes there directly. `settings` are visible,
    `sealed` holds the secrets. `public_id` is part of the address that the provider calls back.

    `refused`: the number of callbacks that did not come from the provider; `refusal`: what was wrong with the last of
    them.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="merchants")
    provider = models.CharField(max_length=16)
    name = models.CharField(max_length=40)
    public_id = models.CharField(max_length=24, unique=True, default=_public_id)
    settings = models.JSONField(default=dict)
    sealed = models.BinaryField()
    is_enabled = models.BooleanField(default=True)
    made_at = models.BigIntegerField()
    refused = models.BigIntegerField(default=0)
    refusal = models.CharField(max_length=200, blank=True)
    refused_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("organisation", "name")
        constraints = (models.UniqueConstraint(fields=("organisation", "name"), name="merchant_name_once"),)

    def __str__(self) -> str:
        return self.name


class Payment(WithReason):
    """A payment that a tenant was asked to make at a provider. `amount` in nano; instants in µs since 1970.

    `asked`: the name that the person or program who asks gives to the payment, so that a repeated request is the same
    payment. `payment_id`: its name at the provider, and the credit id of its top-up. `provider_id`: the id of the
    transaction that paid it. `payer`: the payer's id at the provider; `payer_app`: the app (a mini program) that this id
    belongs to, empty for the merchant account's own. `looks`: how often the provider was asked; `next_look_at`: when it is
    asked next. `reason`: why the payment is held, closed or paid back, for a person. `back_asked_at`: when the provider
    was last asked to send a held payment back, which it may have done; null if nobody has asked it to, or it has refused.
    """

    class State(models.TextChoices):
        """The states of a payment."""

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
    payer_app = models.CharField(max_length=64, blank=True, default="")
    link = models.TextField(blank=True)
    params = models.JSONField(default=dict)
    reference = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    made_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()
    looks = models.PositiveIntegerField(default=0)
    next_look_at = models.BigIntegerField(null=True)
    provider_id = models.CharField(max_length=255, blank=True)
    paid_at = models.BigIntegerField(null=True)
    confirmed_at = models.BigIntegerField(null=True)
    seen_by = models.CharField(max_length=12, blank=True)
    back_asked_at = models.BigIntegerField(null=True)
    top_up = models.OneToOneField(TopUp, on_delete=models.PROTECT, null=True, related_name="payment")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-made_at", "-id")
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
        indexes = (models.Index(fields=("next_look_at",), condition=models.Q(state="open"), name="payment_to_look_at"),)

    def __str__(self) -> str:
        return self.payment_id


class Unexpected(WithReason):
    """Money that a provider reports as paid and that no payment here can take. It lies at the provider until a person
    has dealt with it. `amount` in nano; `at`: the instant of the transaction.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="unexpected")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="unexpected")
    provider_id = models.CharField(max_length=255)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.BigIntegerField()
    is_resolved = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("merchant", "provider_id"), name="unexpected_once"),)

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.reason}"


def refund_number() -> str:
    """Return a new random name for a refund at a provider. A counter would repeat after the server was restored from a
    copy, and a provider takes a known name for the refund that it made before.
    """
    return f"R{secrets.token_hex(12)}"


class RefundPart(models.Model):
    """The part of a refund that goes back through the provider to the payer of one payment. `amount` in nano; `number`:
    its name at the provider; `sent_at`: when the provider accepted it. `has_failed`: it did not arrive, so that it is owed
    again.
    """

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="parts")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refund_parts")
    amount = models.BigIntegerField()
    number = models.CharField(max_length=64, unique=True, default=refund_number)
    sent_at = models.BigIntegerField(null=True)
    has_failed = models.BooleanField(default=False)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("refund", "payment")
        constraints = (
            models.UniqueConstraint(fields=("refund", "payment"), name="refund_part_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_part_positive"),
        )

    def __str__(self) -> str:
        return self.number


class SettlementFile(models.Model):
    """A provider's settlement file of one day, with the instant at which it was fetched."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="settlement_files")
    day = models.DateField()
    fetched_at = models.BigIntegerField()

    class Meta:
        ordering = ("-day",)
        constraints = (models.UniqueConstraint(fields=("merchant", "day"), name="settlement_file_once"),)

    def __str__(self) -> str:
        return f"{self.merchant} {self.day}"


class SettlementLine(models.Model):
    """A line of a settlement file, with the fields of `providers.interface.Line`; `amount` and `fee` in nano, `at`: the
    instant of the movement. `means`: what a person says that the line is, if the books cannot know it.
    """

    class Means(models.TextChoices):
        """What a person can say of a line that the books cannot explain."""

        COST = "cost", _("a cost or a fee of the provider")
        BANK = "bank", _("moved between the provider and our bank")
        ASIDE = "aside", _("not ours")

    file = models.ForeignKey(SettlementFile, on_delete=models.PROTECT, related_name="lines")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="settlement_lines")
    line_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=12)
    payment_id = models.CharField(max_length=64, blank=True, db_index=True)
    provider_id = models.CharField(max_length=255, blank=True)
    back_id = models.CharField(max_length=255, blank=True, default="")
    text = models.CharField(max_length=200, blank=True, default="")
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.BigIntegerField()
    means = models.CharField(max_length=5, choices=Means, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("merchant", "kind", "line_id"), name="settlement_line_once"),)

    def __str__(self) -> str:
        return self.line_id


class BankLine(models.Model):
    """A line of an uploaded bank statement: money in, or money out that may take back a payment. `amount` in nano,
    negative for money out. `account`: the payer's account; `bank_id`: the bank's own name for the booking; both are
    empty if the bank gives none. `says_returned`: its own text says that it takes an earlier booking back.
    `fingerprint` keeps a line from being stored twice.

    `like`: a line that may be the same payment, or is it if the state is `same`. `is_separate`: a person has said that the line
    is a payment of its own. `takes_back`: the line whose money went back by this one. `bookings`: how often the line
    was booked; each booking has a name of its own.
    """

    class State(models.TextChoices):
        """The states of a bank line."""

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
    is_separate = models.BooleanField(default=False)
    takes_back = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="taken_back_by")
    bookings = models.PositiveSmallIntegerField(default=0)
    uploaded_at = models.BigIntegerField()
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
    """A person's description of a bank's tables: the role of each column (`columns`, empty for none), whether day or
    month comes first (`order`), and how money out is shown (`direction`, `words_in`), and which states are booked
    (`words_booked`). `fingerprint`: of the row that names the columns, or, if `has_names` is False, of the number of
    columns.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="bank_layouts")
    fingerprint = models.CharField(max_length=64)
    has_names = models.BooleanField(default=True)
    columns = models.JSONField()
    order = models.CharField(max_length=3, blank=True)
    direction = models.CharField(max_length=8, blank=True)
    words_in = models.JSONField(default=list)
    words_booked = models.JSONField(default=list)
    made_at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organisation", "fingerprint"), name="bank_layout_once"),)

    def __str__(self) -> str:
        return f"{self.organisation} {self.fingerprint[:8]}"


class WaitingStatement(models.Model):
    """A file that cannot be read until a person says what its columns are. Each person has at most one. `at`: when it
    was uploaded.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    content = models.BinaryField()
    at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organisation", "by"), name="waiting_statement_once"),)

    def __str__(self) -> str:
        return f"{self.organisation} {self.at}"


class TakenBack(models.Model):
    """Money that was received and that the payer, the bank or the provider takes back. It is stored once, however many
    messages report it. Amounts in nano, instants in µs since 1970.

    `payment_name`, `provider_id`: the payment, as the message names it. `back_id`: the name at the merchant account; if
    only a sum is known (`is_sum`), the payment's name and that sum. `within`: the sum that this row is part of and was
    booked with. `amount`: what is taken; `returned`: how much of it came back to us (a dispute that was won, a refund
    that failed). `fee`: as reported; fees are booked from the settlement files.

    `debited`: what was taken off the tenant's credit, by `command` at the meter; the rest is a debt. `refund`: the
    refund that it paid. `grace_until`: until when the supply stays on, whatever the credit is. `closed_at`: since when
    nothing more is expected, or when a person dealt with it.
    """

    class State(models.TextChoices):
        """The states of money that is taken back."""

        WAITING = "waiting", _("its payment is not known yet")
        ASKED = "asked", _("asked about; nothing is taken yet")
        DECIDE = "decide", _("waits for a person")
        BOOKED = "booked", _("taken back from the tenant")
        COST = "cost", _("a cost of the landlord")
        EXPLAINED = "explained", _("nothing to book")

    BOOKED = (State.BOOKED, State.COST)
    """The states of rows that are in the books."""
    FROM_HELD = models.Q(top_up=None, refund=None, state=State.BOOKED)
    """The rows that took money of a held payment."""

    class Cause(models.TextChoices):
        """Who took the money back, and how."""

        REFUND = "refund", _("refunded in the provider's own pages")
        DISPUTE = "dispute", _("disputed by the payer")
        RETURN = "return", _("returned by the bank")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="taken_back")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True, related_name="taken_back")
    bank_line = models.OneToOneField("BankLine", on_delete=models.PROTECT, null=True, related_name="taken_back")
    back_id = models.CharField(max_length=255)
    cause = models.CharField(max_length=8, choices=Cause)
    reason = models.CharField(max_length=200, blank=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="taken_back")
    payment_name = models.CharField(max_length=64, blank=True)
    provider_id = models.CharField(max_length=255, blank=True)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, null=True, related_name="taken_back")
    amount = models.BigIntegerField()
    returned = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    at = models.BigIntegerField()
    heard_at = models.BigIntegerField()
    seen_by = models.CharField(max_length=12)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="+")
    within = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    is_sum = models.BooleanField(default=False)
    booked_at = models.BigIntegerField(null=True)
    debited = models.BigIntegerField(default=0)
    command = models.ForeignKey(Command, on_delete=models.PROTECT, null=True, related_name="+")
    grace_until = models.BigIntegerField(null=True)
    closed_at = models.BigIntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("merchant", "back_id"), name="taken_back_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, returned__gte=0, returned__lte=models.F("amount")),
                name="taken_back_amounts",
            ),
            models.CheckConstraint(
                condition=models.Q(merchant__isnull=False, bank_line__isnull=True)
                | models.Q(merchant__isnull=True, bank_line__isnull=False),
                name="taken_back_by_one",
            ),
        )
        indexes = (models.Index(fields=("merchant", "provider_id"), name="taken_back_of"),)

    @property
    def who(self) -> str:
        """Return the tenancy whose payment it takes back, or the payment's name if the tenancy is unknown."""
        whose = self.top_up or self.payment
        return str(whose.tenancy) if whose is not None else self.payment_name or self.provider_id

    def __str__(self) -> str:
        return self.back_id
