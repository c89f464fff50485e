"""A year of a building with all that moves money: providers with their fees and payouts, cash, transfers, money that is held,
refunds, shared costs, goodwill. `bean-check` accepts its books, they sum to zero at each midnight, and the meter agrees.
"""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from prewatt.kernel.units import DAY, HOUR, NANO, moment
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import run
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account
from prewatt.server.ledger.exports import rows, to_beancount, trial_balance
from prewatt.server.metering.models import Gateway
from prewatt.server.payments.bank import book_line, book_payout, reference, upload
from prewatt.server.payments.models import BankLine, Payment
from prewatt.server.payments.paying import clearing, confirm
from prewatt.server.payments.providers.interface import State, Told
from prewatt.server.payments.reconciliation import reconcile
from prewatt.server.payments.refunds import send_back, send_held_back
from prewatt.server.payments.settlement import fetch_what_is_due
from prewatt.server.payments.staff import record
from prewatt.server.vending.giving_back import give, refund
from tests.gateway import Edge
from tests.server.paying import ask

pytestmark = pytest.mark.database
PROVIDERS = ("wechat", "alipay", "stripe")


@pytest.fixture
def year(building, tenancy, merchants, providers, store, clock, admin_user):
    """The year, lived; (organisation, tenancy, first and last instant, gateway)."""
    edge, begin = Edge(building.code, clock), clock.at
    Gateway.objects.update(online=True)
    owner = tenancy.unit.property.organisation
    tenancy.unit.property.refresh_from_db()
    cost = SharedCost.objects.create(property=tenancy.unit.property, name="Lift")
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    paid = []

    def pay(who, name, amount, told=None):
        payment = ask(who, merchants[name], amount, f"a{len(paid)}")
        trade = providers.pay(payment, clock.at // 10**6)
        trade.amount = told or trade.amount
        paid.append((payment, trade, clock.at))
        confirm(
            payment.merchant,
            Told(payment.payment_id, State.PAID, trade.transaction, trade.amount, "CNY", clock.at),
            "callback",
        )
        payment.refresh_from_db()
        return payment

    for month in range(12):
        name = PROVIDERS[month % 3]
        pay(tenancy, name, 60 * NANO)
        record(ben, 20 * NANO, f"cash {month}", admin_user, f"R-{month}")
        if month == 3:
            send_held_back(pay(ben, "wechat", 10 * NANO, told=900), admin_user)
        if month == 4:
            text = f"date,amount,payer,text\n2026-02-05,33.00,Anna,{reference(tenancy)}\n2026-02-06,59.64,TENPAY,x\n"
            upload(owner, text.encode(), "CNY", admin_user)
            book_line(BankLine.objects.get(payer="Anna"), tenancy, admin_user)
            book_payout(BankLine.objects.get(payer="TENPAY"), merchants["wechat"], admin_user)
        edge.live(store, begin + (month + 1) * 30 * DAY, {"m1": 4_001, "m2": 2_003, "m3": 77}, DAY)
        last = moment(clock.at).date() - timedelta(days=1)
        run(cost, last, last, bill=7 * NANO + month)
        if month == 7:
            send_back(refund(tenancy, 5 * NANO, admin_user, 'the "manager"'), admin_user)
            give(tenancy, 5 * NANO, "gift", admin_user, "flood")
        # The files of each day on which anything moved.
        for payment, _trade, at in paid:
            day = moment(at + 8 * HOUR).date() if payment.merchant.provider != "stripe" else moment(at).date()
            mine = {key: trade for key, trade in providers.trades.items() if abs(trade.at * 10**6 - at) < HOUR}
            kept, providers.trades = providers.trades, mine
            providers.bill(day, payment.merchant.provider)
            providers.trades = kept
        while fetch_what_is_due():
            pass
    for meter in ("m1", "m2"):
        edge.obey(meter)
    edge.deliver(store)
    return owner, tenancy, begin, clock.at + DAY, edge


def test_a_years_books_with_everything_in_them(year, merchants, tmp_path):
    owner, tenancy, begin, end, edge = year
    assert balance(tenant_account(tenancy)) == edge.accounts["m1"].balance
    for midnight in range(begin, end, DAY):
        assert sum(amount for _, amount in trial_balance(owner, midnight)) == 0
    file = Path(tmp_path) / "books.beancount"
    file.write_text(to_beancount(owner, rows(owner, 0, end)))
    checked = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), file], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    for name in (
        "Expenses:ProviderFees",
        "Assets:Clearing:M",
        "Assets:Bank",
        "Assets:Cash",
        "Liabilities:RefundsPayable",
    ):
        assert name in file.read_text()
    # Fees: 0.6 % of four payments of 60 at WeChat (that of the 9 it gave back) and of four at Alipay; 1.5 % and 0.25 at Stripe.
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == (4 * 36 + 4 * 36 + 4 * 115) * NANO // 100
    lies = -sum(balance(clearing(merchant)) for merchant in merchants.values())
    assert lies == 12 * 60 * NANO - 5 * NANO + balance(account(owner, Kind.PROVIDER_FEES)) - 59_640_000_000
    first, last = date(2025, 10, 1), date(2026, 10, 30)
    found = reconcile(owner, first, last)
    grades = {(each.what, each.verdict) for each in found if each.grade != "matched"}
    assert grades == set(), [each for each in found if each.grade != "matched"]
    assert Payment.objects.filter(state="paid").count() == 12
