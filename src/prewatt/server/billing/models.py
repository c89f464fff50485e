"""The tables of debts, their payments, and bills. Amounts are in nano, instants in µs since 1970."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from ..core.reasons import WithMemo
from ..estate.models import Organisation, Tenancy
from ..ledger.models import Account
from ..ledger.references import Of, Reference
from .paper_models import StatementPaper as StatementPaper


class Debt(WithMemo):
    """What a tenant owes the landlord in addition to what the meter holds. `amount` in nano; `who`: the tenant's name
    at the instant `since`, when the debt began. `of`, `number` and `part`: the reference of its transfer.
    """

    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="debts")
    who = models.CharField(max_length=100)
    amount = models.BigIntegerField()
    of = models.CharField(max_length=12)
    number = models.BigIntegerField()
    part = models.CharField(max_length=32, blank=True, default="")
    since = models.BigIntegerField()

    class Meta:
        ordering = ("since", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="debt_positive"),
            models.UniqueConstraint(fields=("of", "number", "part"), name="debt_of_it_once"),
        )

    def __str__(self) -> str:
        return f"{self.who}: {self.memo_in_words}"

    @property
    def reference(self) -> Reference:
        """Return the reference of the transfer that made the debt."""
        return Reference(Of(self.of), self.number, self.part)

    @property
    def left(self) -> int:
        """Return how much of the debt is still owed, nano."""
        fell = self.parts.filter(payment__undone_at__isnull=True, undone_at__isnull=True).aggregate(sum=Sum("amount"))[
            "sum"
        ]
        return self.amount - int(fell or 0)


class DebtPayment(models.Model):
    """Money (`amount` in nano) from a tenant who owes, received at the instant `at`. Its parts pay debts; the excess is
    owed back as `refund`. `source`: the account where the money lies. `payment_id`: a typed id, or one of the books'
    own; `receipt`: the receipt number of staff. Both are unique in an organisation. `undone_at`: when it was undone.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="debt_payments")
    payment_id = models.CharField(max_length=40)
    amount = models.BigIntegerField()
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    receipt = models.CharField(max_length=100, blank=True, default="")
    refund = models.OneToOneField("vending.Refund", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="debt_payment_positive"),
            models.UniqueConstraint(fields=("organisation", "payment_id"), name="debt_payment_id_once"),
            models.UniqueConstraint(
                fields=("organisation", "receipt"), condition=~models.Q(receipt=""), name="debt_payment_receipt_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.tenancy}: {self.receipt or self.payment_id}"


class WriteOff(models.Model):
    """A proposal to write off `amount` nano of a debt, made at the instant `at`; a second person must agree."""

    class State(models.TextChoices):
        """The states of a proposal."""

        WAITING = "waiting", _("waits for a second person")
        DONE = "done", _("done")
        DECLINED = "declined", _("declined")

    debt = models.ForeignKey(Debt, on_delete=models.PROTECT, related_name="write_offs")
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    decided_at = models.BigIntegerField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="write_off_positive"),
            models.UniqueConstraint(fields=("debt",), condition=models.Q(state="waiting"), name="write_off_waits_once"),
        )

    def __str__(self) -> str:
        return f"{self.debt}: {self.reason}"


class DebtPart(models.Model):
    """A part (nano) by which a debt fell, at the instant `at`: one transfer of the books. `top_up`: the payment of
    which it is a share. `undone_at`: when it was undone.
    """

    class Why(models.TextChoices):
        """The reasons why a debt fell."""

        PAID = "paid", _("paid")
        WRITTEN_OFF = "written-off", _("written off")
        SET_OFF = "set-off", _("set off against a refund")
        WITHDRAWN = "withdrawn", _("the settlement was corrected")
        ROUNDING = "rounding", _("rounded off")
        SHARE = "share", _("a share of a payment")
        SETTLED = "settled", _("settled with the account")

    debt = models.ForeignKey(Debt, on_delete=models.PROTECT, related_name="parts")
    amount = models.BigIntegerField()
    why = models.CharField(max_length=11, choices=Why)
    payment = models.ForeignKey(DebtPayment, on_delete=models.PROTECT, null=True, related_name="parts")
    write_off = models.OneToOneField(WriteOff, on_delete=models.PROTECT, null=True, related_name="part")
    top_up = models.ForeignKey("vending.TopUp", on_delete=models.PROTECT, null=True, related_name="debt_parts")
    undone_at = models.BigIntegerField(null=True)
    at = models.BigIntegerField()
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ("at", "id")
        constraints = (models.CheckConstraint(condition=models.Q(amount__gt=0), name="debt_part_positive"),)

    def __str__(self) -> str:
        return f"{self.debt}: {self.get_why_display()}"


class Spread(models.Model):
    """A debt that was lent to the meter, so that the supply stays on. `share`: the percent of each later payment that
    pays it before the rest goes to the meter. `silence`: the silence in which it ran up, if it did so in one. `at`:
    when it was spread.
    """

    debt = models.OneToOneField(Debt, on_delete=models.PROTECT, related_name="spread")
    silence = models.ForeignKey(
        "metering.Silence", on_delete=models.PROTECT, null=True, blank=True, related_name="spreads"
    )
    share = models.PositiveSmallIntegerField()
    at = models.BigIntegerField()
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(share__gte=1, share__lte=100), name="spread_share_percent"),
        )

    def __str__(self) -> str:
        return f"{self.debt}, {self.share} %"


class MoveChange(models.Model):
    """A correction of a move: who made it, when (`at`) and why. `was`: for each tenancy its first and last instant,
    name and deposit before the correction.
    """

    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="move_changes")
    at = models.BigIntegerField()
    by = models.CharField(max_length=150)
    reason = models.CharField(max_length=200)
    was = models.JSONField()

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.tenancy}: {self.reason}"


class Bill(models.Model):
    """A bill for a span of a tenancy that pays after use. `number` counts in the organisation without a gap. `owed`
    (nano): the exact amount by which the account was below zero at the instant `ends`, negative if there was credit;
    `total`: this amount, rounded once, and 0 if nothing was owed; `amount`: the new part of it, the rest is on earlier
    bills. `due_at`: the end of the last day to pay. `is_complete`: whether the meter had reported the whole span.
    `document`: the statement as it was.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="bills")
    number = models.PositiveIntegerField()
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="bills")
    who = models.CharField(max_length=100)
    begins = models.BigIntegerField()
    ends = models.BigIntegerField()
    made_at = models.BigIntegerField()
    due_at = models.BigIntegerField()
    owed = models.BigIntegerField()
    total = models.BigIntegerField()
    amount = models.BigIntegerField()
    is_complete = models.BooleanField()
    document = models.JSONField()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "number"), name="bill_number_once"),
            models.UniqueConstraint(fields=("tenancy", "ends"), name="bill_of_a_span_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, total__gte=0, ends__gt=models.F("begins")), name="bill_in_bounds"
            ),
        )

    def __str__(self) -> str:
        return f"{self.number}"
