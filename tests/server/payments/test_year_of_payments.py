"""A year of a building with all that moves money: providers with their fees and payouts, cash, transfers, money that is held,
refunds, disputes that are lost and won, what goes back in the providers' own pages, also of who has moved out, shared costs,
goodwill. `bean-check` accepts its books, they sum to zero at each midnight, and the meter agrees.
"""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from prewatt.kernel.units import DAY, HOUR, NANO, SECOND, moment
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import run
from prewatt.server.billing.open_debts import open_debts
from prewatt.server.billing.owed import owed_to, pay_out
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.beancount import to_beancount
from prewatt.server.ledger.books import Kind, account, balance, tenant_account
from prewatt.server.ledger.rows import rows
from prewatt.server.ledger.trial_balance import trial_balance
from prewatt.server.metering.models import Gateway
from prewatt.server.payments.bank import book_line, book_payout, reference, upload
from prewatt.server.payments.books import clearing
from prewatt.server.payments.models import BankLine, Payment, SettlementLine
from prewatt.server.payments.paying import confirm
from prewatt.server.payments.providers.interface import Cause, PaymentReport, State, Step, TakenBackReport
from prewatt.server.payments.reconciliation import reconcile
from prewatt.server.payments.refunds import send_back, send_held_back
from prewatt.server.payments.settlement import fetch_what_is_due
from prewatt.server.payments.staff import record
from prewatt.server.payments.taken_back import hear
from prewatt.server.sales.giving_back import give, refund
from prewatt.server.tenancies.moving import move_out, settle
from tests.comparing import assert_row
from tests.gateway import Edge
from tests.server.payments.paying import start_payment

pytestmark = pytest.mark.database
PROVIDERS = ("wechat", "alipay", "stripe")


@pytest.fixture
def year(building, tenancy, merchants, providers, store, clock, admin_user):  # noqa: C901 (a month after another)
    """The year, lived; (organisation, tenancy, first and last instant, gateway)."""
    edge, begin = Edge(building.code, clock), clock.at
    Gateway.objects.update(is_online=True)
    owner = tenancy.unit.property.organisation
    tenancy.unit.property.refresh_from_db()
    cost = SharedCost.objects.create(property=tenancy.unit.property, name="Lift")
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    paid = []

    def say(step, trade, number, minor, cause=Cause.DISPUTE):
        """A provider says something of money taken back, as by a callback."""
        told = TakenBackReport(number, cause, step, "", trade.transaction, minor, "CNY", clock.at)
        hear(merchants[trade.provider], told, "callback")

    def take_back(trade, number, step=Step.TAKEN, sign=-1, fee=0):
        """A dispute: an event, and a line of Stripe's."""
        say(step, trade, number, trade.amount)
        source = providers.stripe_dispute(trade, number)
        providers.stripe_row("adjustment", sign * trade.amount, clock.at // SECOND, source, fee)

    def pay(who, name, amount, told=None, heard=True):
        payment = start_payment(who, merchants[name], amount, f"a{len(paid)}")
        trade = providers.pay(payment, clock.at // 10**6)
        trade.amount = told or trade.amount
        paid.append((payment, trade, clock.at))
        if heard:
            confirm(
                payment.merchant,
                PaymentReport(payment.payment_id, State.PAID, trade.transaction, trade.amount, "CNY", clock.at),
                "callback",
            )
        payment.refresh_from_db()
        return payment

    for month in range(12):
        name = PROVIDERS[month % 3]
        pay(tenancy, name, 60 * NANO)
        if month < 10:
            record(ben, 20 * NANO, f"cash {month}", admin_user, f"R-{month}")
        if month == 3:
            send_held_back(pay(ben, "wechat", 10 * NANO, told=900), admin_user)
        if month == 2:
            # Lost months later, after a settlement.
            pay(ben, "stripe", 20 * NANO)
            late = paid[-1][1]
        if month == 5:
            pay(tenancy, "stripe", 30 * NANO)
            lost = paid[-1][1]
        if month == 6:
            # Sent back in WeChat's pages before anybody here had heard of it.
            pay(tenancy, "wechat", 12 * NANO, heard=False)
            paid[-1][1].refunds["W-1"] = 1200
        if month == 7:
            pay(tenancy, "stripe", 25 * NANO)
            won = paid[-1][1]
            take_back(won, "dp_won", fee=1500)
            # Sent back in part in Alipay's pages, after.
            pay(tenancy, "alipay", 10 * NANO)
            paid[-1][1].refunds["A-1"] = 400
        if month == 8:
            take_back(lost, "dp_lost", fee=1500)
            take_back(won, "dp_won", Step.WON, 1)
        if month == 9:
            say(Step.LOST, lost, "dp_lost", lost.amount)
            move_out(ben, clock.at + DAY)
        if month == 10:
            edge.obey("m2")
            settle(Tenancy.objects.get(pk=ben.pk))
            # Most of what was left is paid out before the bank takes a payment back.
            left = owed_to(ben).get()
            pay_out(left, admin_user, (left.left // NANO - 5) * NANO)
            take_back(late, "dp_late", fee=1500)
            say(Step.LOST, late, "dp_late", late.amount)
            providers.stripe_row("stripe_fee", -50, clock.at // SECOND)
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
    file.write_text(to_beancount(owner, rows(owner, date(2025, 1, 1), date(2027, 1, 1))))
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
    # Fees: 0.6 % of four payments of 60 at WeChat (that of the 9 it gave back), of four and one of 10 at Alipay; 1.5 % and 0.25 at
    # Stripe, 15 for each dispute, 0.50 for nothing in particular.
    wechat, alipay, stripe = 4 * 36, 4 * 36 + 6, 4 * 115 + 55 + 70 + 62 + 3 * 1500 + 50
    assert -balance(account(owner, Kind.PROVIDER_FEES)) == (wechat + alipay + stripe) * NANO // 100
    lies = -sum(balance(clearing(merchant)) for merchant in merchants.values())
    came_in, went_back = 12 * 60 + 20 + 30 + 10 + 25, 5 + 4 + 30 + 20
    assert lies == (came_in - went_back) * NANO + balance(account(owner, Kind.PROVIDER_FEES)) - 59_640_000_000
    # Each provider says the same of what lies with it.
    for name, merchant in merchants.items():
        lines = SettlementLine.objects.filter(merchant=merchant)
        theirs = sum(line.amount - line.fee for line in lines) - (59_640_000_000 if name == "wechat" else 0)
        assert -balance(clearing(merchant)) == theirs, name
    first, last = date(2025, 10, 1), date(2026, 10, 30)
    found = reconcile(owner, first, last)
    grades = {(each.what, each.verdict) for each in found if each.grade != "matched"}
    assert grades == set(), [each for each in found if each.grade != "matched"]
    assert Payment.objects.filter(state="paid").count() == 16
    # Ben has moved out, and owes what his bank took back, less the last of what was owed to him.
    (debt,) = open_debts(owner)
    assert_row(debt, who="Ben", amount=20 * NANO, left=-balance(account(owner, Kind.DEBTS)))
    assert 14 * NANO < debt.left <= 15 * NANO
    assert balance(account(owner, Kind.REFUNDS)) == 0
