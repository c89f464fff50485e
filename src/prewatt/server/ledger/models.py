"""The tables of the ledger: accounts, transfers, and the sums of old transfers. Amounts are in nano, instants in µs
since 1970.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from ...kernel.units import NANO
from ..core.reasons import WithMemo
from ..estate.models import Organisation, Tenancy
from ..metering.models import Meter
from .references import Of, Reference


class AccountType(StrEnum):
    """The type of an account in double entry: what is owned, owed, earned or spent. Accounts of what is owned or spent
    grow by debits, accounts of what is owed or earned by credits.
    """

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


class Account(models.Model):
    """An account of an organisation's books. Each tenancy has one account for its credit. Of each other kind there is
    one account; only the money at payment providers has one for each merchant account (`name`).
    """

    class Kind(models.TextChoices):
        """The kinds of accounts. The value is the name in small letters; `type` is the account's type in
        double entry.
        """

        TENANT_CREDIT = "tenant-credit", AccountType.LIABILITY, _("Tenant's credit")
        CASH = "cash", AccountType.ASSET, _("Cash received")
        BANK = "bank", AccountType.ASSET, _("Bank")
        CLEARING = "clearing", AccountType.ASSET, _("With the payment provider")
        PROVIDER_FEES = "provider-fees", AccountType.EXPENSE, _("Fees of payment providers")
        ENERGY_REVENUE = "energy-revenue", AccountType.INCOME, _("Energy sold")
        SERVICE_REVENUE = "service-revenue", AccountType.INCOME, _("Service fees per kWh")
        STANDING_REVENUE = "standing-revenue", AccountType.INCOME, _("Standing charges")
        MINIMUM_REVENUE = "minimum-revenue", AccountType.INCOME, _("Minimum charges")
        OTHER_REVENUE = "other-revenue", AccountType.INCOME, _("Other charges")
        TAX = "tax", AccountType.LIABILITY, _("Tax owed")
        VACANCY = "vacancy", AccountType.EXPENSE, _("Energy used while vacant")
        SHARED_COSTS = "shared-costs", AccountType.INCOME, _("Shared costs recovered")
        DEPOSITS = "deposits", AccountType.LIABILITY, _("Deposits held")
        REFUNDS = "refunds", AccountType.LIABILITY, _("Refunds payable")
        DEBTS = "debts", AccountType.ASSET, _("Debts of tenants")
        WRITTEN_OFF = "written-off", AccountType.EXPENSE, _("Debts written off")
        ADJUSTMENTS = "adjustments", AccountType.EXPENSE, _("Credit given freely")
        EMERGENCY = "emergency", AccountType.ASSET, _("Emergency credit given")
        EMERGENCY_LENT = "emergency-lent", AccountType.LIABILITY, _("Emergency credit that tenants hold")

        type: AccountType

        def __new__(cls, value: str, type_: AccountType) -> Self:
            member = str.__new__(cls, value)
            member._value_ = value
            member.type = type_
            return member

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=50, blank=True, default="")
    tenancy = models.OneToOneField(Tenancy, on_delete=models.PROTECT, null=True, related_name="account")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "kind", "name"), condition=models.Q(tenancy__isnull=True), name="account_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="tenant-credit", tenancy__isnull=False)
                | ~models.Q(kind="tenant-credit") & models.Q(tenancy__isnull=True),
                name="account_of_tenancy",
            ),
        )

    def __str__(self) -> str:
        detail = self.tenancy or self.name
        return f"{self.get_kind_display()} ({detail})" if detail else str(self.get_kind_display())


class Transfer(WithMemo):
    """A transfer debits `amount` (nano, positive) to one account and credits it to another: two entries in one row,
    which always sum to zero. `at`: the instant at which it counts.

    It is never changed or deleted; the database refuses that (`append_only`). Only the name of an erased tenant is
    taken out of its memo. A charge has its `meter` and the first and the last of the journal's readings that it sums,
    all of one local day. Any other transfer has a reference, which can be booked once, and a `memo` for people.
    `tenancy`: the tenancy whose deposit is moved.
    """

    class Kind(models.TextChoices):
        """The kinds of transfers."""

        TOP_UP = "top-up", _("top-up")
        CHARGE = "charge", _("charge")
        SHARED_COST = "shared-cost", _("shared cost")
        REVERSAL = "reversal", _("reversal")
        RERATING = "re-rating", _("charged anew")
        ATTRIBUTION = "attribution", _("charged to another tenancy")
        DEPOSIT = "deposit", _("deposit")
        SETTLEMENT = "settlement", _("settlement")
        REFUND = "refund", _("refund")
        REFUND_PAID = "refund-paid", _("refund paid out")
        ADJUSTMENT = "adjustment", _("adjustment")
        EMERGENCY = "emergency", _("emergency credit")
        RESTORED = "restored", _("emergency credit of the landlord")
        FEE = "fee", _("fee of a payment provider")
        PAYOUT = "payout", _("paid out by a payment provider")
        UNCREDITED = "uncredited", _("payment that could not be credited")
        DEBT = "debt", _("debt")
        DEBT_PAID = "debt-paid", _("debt paid")
        WRITTEN_OFF = "written-off", _("debt written off")
        KEYPAD = "keypad", _("charged at a keypad meter")

    kind = models.CharField(max_length=12, choices=Kind)
    debit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    amount = models.BigIntegerField()
    at = models.BigIntegerField()
    of = models.CharField(max_length=12, choices=Of, blank=True, default="")
    number = models.BigIntegerField(null=True)
    part = models.CharField(max_length=32, blank=True, default="")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, null=True, related_name="+")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, related_name="transfers", db_index=False)
    first_seq = models.BigIntegerField(null=True)
    last_seq = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="transfer_positive"),
            models.CheckConstraint(
                condition=~models.Q(debit_account=models.F("credit_account")), name="transfer_two_accounts"
            ),
            models.UniqueConstraint(
                fields=("of", "number", "part"), condition=~models.Q(of=""), name="transfer_booked_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="charge", of="") | ~models.Q(kind="charge") & ~models.Q(of=""),
                name="transfer_of_something",
            ),
        )

    @property
    def reference(self) -> Reference | None:
        """Return the transfer's reference; None for a charge."""
        return Reference(Of(self.of), self.number or 0, self.part) if self.of else None

    def __str__(self) -> str:
        return f"{self.amount} from {self.debit_account} to {self.credit_account}"


class Closing(models.Model):
    """The last transfer that the sums of `ClosedSum` include. The table has at most one row, with the key 1."""

    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"up to transfer {self.last}"


class ClosedSum(models.Model):
    """Credits less debits of an account of all transfers up to the closing: `whole` currency units, and `nano` beside them. What
    many landlords' tenants pay in a year, in a currency of small units, is more nano than one column holds.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="closed")
    nano = models.BigIntegerField()
    whole = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.whole * NANO + self.nano} on {self.account}"
