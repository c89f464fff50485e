"""The names of accounts in a journal for beancount."""

from __future__ import annotations

from .models import Account, AccountType

Kind = Account.Kind
ROOTS = {
    AccountType.ASSET: "Assets",
    AccountType.LIABILITY: "Liabilities",
    AccountType.INCOME: "Income",
    AccountType.EXPENSE: "Expenses",
}
"""The root accounts of beancount, by the type of an account."""
NAMES = {
    Kind.TENANT_CREDIT: "TenantCredit",
    Kind.CASH: "Cash",
    Kind.BANK: "Bank",
    Kind.CLEARING: "Clearing",
    Kind.PROVIDER_FEES: "ProviderFees",
    Kind.ENERGY_REVENUE: "EnergySold",
    Kind.SERVICE_REVENUE: "ServiceFees",
    Kind.STANDING_REVENUE: "StandingCharges",
    Kind.MINIMUM_REVENUE: "MinimumCharges",
    Kind.OTHER_REVENUE: "OtherCharges",
    Kind.TAX: "Tax",
    Kind.VACANCY: "Vacancy",
    Kind.SHARED_COSTS: "SharedCosts",
    Kind.DEPOSITS: "Deposits",
    Kind.REFUNDS: "RefundsPayable",
    Kind.DEBTS: "DebtsOfTenants",
    Kind.WRITTEN_OFF: "DebtsWrittenOff",
    Kind.ADJUSTMENTS: "CreditGiven",
    Kind.EMERGENCY: "EmergencyCredit",
    Kind.EMERGENCY_LENT: "EmergencyCredit",
}
"""The name of an account below its root, as an accountant reads it."""
ACCOUNTS = {kind.value: f"{ROOTS[kind.type]}:{name}" for kind, name in NAMES.items()}
"""The beancount name of an account, by its kind."""


def account_name(account: Account) -> str:
    """Return the beancount name of an account."""
    whole = ACCOUNTS[account.kind]
    if account.name:
        return f"{whole}:M{account.name}"
    return f"{whole}:T{account.tenancy_id}" if account.tenancy_id else whole
