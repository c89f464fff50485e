"""A year of a building with what comes after: moves that were typed wrongly and put right, credit and deposits paid out in
parts, payments for the wrong flat, debts paid in parts, set off and written off. `bean-check` accepts its books, they sum to
zero at each midnight, what is owed either way is the books, and the meters agree.
"""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from prewatt.kernel.units import DAY, NANO
from prewatt.server.billing.debt_set_off import set_off
from prewatt.server.billing.open_debts import open_debts
from prewatt.server.billing.owed import owed, pay_out
from prewatt.server.billing.write_offs import decide_write_off, write_off
from prewatt.server.estate.models import Tenancy, Unit
from prewatt.server.ledger.beancount import to_beancount
from prewatt.server.ledger.books import Kind, account, balance, tenant_account
from prewatt.server.ledger.rows import rows
from prewatt.server.ledger.trial_balance import trial_balance
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.payments.reconciliation import reconcile
from prewatt.server.payments.staff import record
from prewatt.server.payments.wrong_flat import move_payment
from prewatt.server.statements.statement import statement
from prewatt.server.tenancies.moving import move_in, move_out, settle_what_is_due
from prewatt.server.tenancies.put_right import Change, put_right
from tests.gateway import Edge

pytestmark = pytest.mark.database
USED = {"m1": 4_001, "m2": 3_003, "m3": 2_007}
METERS = dict(zip(("Flat 1", "Flat 2", "Flat 3"), USED, strict=True))


@pytest.fixture
def year(building, store, clock, admin_user, django_user_model):
    """The year, lived: each month somebody moves, was typed a day wrong, and is put right."""
    edge, begin = Edge(building.code, clock), clock.at
    Gateway.objects.update(is_online=True)
    second = django_user_model.objects.get(username="manager")
    owner = Unit.objects.select_related("property__organisation").first().property.organisation

    def live(days):
        for meter in USED:
            edge.obey(meter)
        edge.live(store, clock.at + days * DAY, USED, DAY)
        settle_what_is_due()

    for month in range(12):
        unit = Unit.objects.select_related("property__organisation").get(name=f"Flat {month % 3 + 1}")
        lives = Tenancy.objects.filter(unit=unit, ends=None).select_related("unit__property__organisation").first()
        other = (
            Tenancy.objects.filter(ends=None).exclude(unit=unit).select_related("unit__property__organisation").first()
        )
        if lives is not None:
            record(lives, (5 + month) * NANO, f"m{month}", admin_user, f"R-{month}")
            wrong = record(lives, 6 * NANO, f"w{month}", admin_user, f"W-{month}", "transfer")
            live(5)
            move_payment(wrong, other, admin_user, "read the wrong line", gift=month % 4 == 0)
            move_out(lives, clock.at - DAY)
        comes = move_in(unit, f"Tenant {month}", clock.at - DAY, deposit=20 * NANO)
        record(comes, 15 * NANO, f"c{month}", admin_user, f"C-{month}")
        live(10)
        change = Change(begins=clock.at - (9, 10, 12, 13, 14)[month % 5] * DAY, along=True, deposit=(18 + month) * NANO)
        put_right(comes, change, admin_user, "the keys were handed over on another day")
        for due in owed(owner)[: month % 3]:
            half = due.left // 2 // 10**7 * 10**7
            pay_out(due, admin_user, half or None, "transfer" if month % 2 else "cash")
        for debt in open_debts(owner)[:2]:
            credit = next((each for each in owed(owner) if each.tenancy_id == debt.tenancy_id), None)
            if credit is not None:
                set_off(debt, credit, admin_user)
            elif waiting := debt.write_offs.filter(state="waiting").first():
                decide_write_off(waiting, second, agreed=True)
            elif debt.left > NANO and debt.tenancy.ends is not None:
                record(debt.tenancy, debt.left // NANO * NANO // 2 // 10**7 * 10**7, f"d{month}-{debt.pk}", admin_user)
            else:
                write_off(debt, admin_user, "too little to ask for")
        live(15)
    for meter in USED:
        edge.obey(meter)
    edge.deliver(store)
    return owner, begin, clock.at, edge


def test_a_years_books_with_all_that_comes_after(year, tmp_path):
    owner, begin, end, edge = year
    for midnight in range(begin, end + DAY, DAY):
        assert sum(amount for _, amount in trial_balance(owner, midnight)) == 0
    assert balance(account(owner, Kind.REFUNDS)) == sum(each.left for each in owed(owner)) > 0
    assert -balance(account(owner, Kind.DEBTS)) == sum(each.left for each in open_debts(owner)) > 0
    for name, meter in METERS.items():
        tenancies = Tenancy.objects.filter(unit__name=name).select_related("unit__property__organisation")
        held = sum(balance(tenant_account(each)) for each in tenancies if each.settled_at is None)
        vacant_since_levelled = Meter.objects.get(name=meter).balance - held
        assert edge.accounts[meter].balance == Meter.objects.get(name=meter).balance
        assert vacant_since_levelled == 0, name
        for each in tenancies:
            assert statement(each, 0, end).closing == balance(tenant_account(each)), each
    file = Path(tmp_path) / "books.beancount"
    file.write_text(to_beancount(owner, rows(owner, date(2025, 1, 1), date(2027, 1, 1))))
    checked = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), file], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    for name in (
        "Assets:DebtsOfTenants",
        "Expenses:DebtsWrittenOff",
        "Liabilities:RefundsPayable",
        "Liabilities:Deposits",
    ):
        assert name in file.read_text(), name
    found = reconcile(owner, date(2025, 10, 1), date(2026, 10, 30))
    assert {each.verdict for each in found} == {"matched"}, [each for each in found if each.verdict != "matched"]
