"""The page for accountants says what the books are, and its worked month sums up."""

import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from prewatt.server.ledger.beancount_names import ACCOUNTS
from prewatt.server.ledger.models import Account, Transfer

PAGE = Path(__file__).parents[3] / "docs" / "landlord" / "books.md"


def rows(heading):
    """The cells of the tables under a heading, without their heads."""
    section = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    tables = re.findall(r"^\|[-|]+\|\n((?:\|.*\n)+)", section, re.MULTILINE)
    return [[[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()] for table in tables]


def test_every_account_is_there_under_its_name_for_accountants():
    (table,) = rows("The accounts")
    assert {kind.strip("`"): name for kind, name, _ in table} == ACCOUNTS
    assert len(table) == len(Account.Kind)


def test_every_kind_of_transfer_is_there():
    (table,) = rows("What a movement books")
    assert {kind for row in table for kind in re.findall(r"`([\w-]+)`", row[0])} == set(Transfer.Kind.values)


def test_the_worked_month_comes_to_its_trial_balance():
    month, printed = rows("A worked month")
    balance = defaultdict(Decimal)
    for _day, _what, debit, credit, amount in month:
        balance[debit] -= Decimal(amount)
        balance[credit] += Decimal(amount)
    assert set(balance) <= set(ACCOUNTS.values())
    assert {account: amount for account, amount in balance.items() if amount} == {
        account: Decimal(amount) for account, amount in printed
    }
    assert sum(balance.values()) == 0
