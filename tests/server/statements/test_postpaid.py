"""Paid after use: bills, what is open of them, what follows when one is overdue, and from one way of paying to the other."""

import itertools
from dataclasses import replace

import pytest

from prewatt.kernel.entries import decode_command
from prewatt.kernel.orders import Restore
from prewatt.kernel.units import DAY, HOUR, NANO, SECOND
from prewatt.server.billing.debt_payments import pay
from prewatt.server.billing.models import Bill
from prewatt.server.billing.open_debts import debts_of, open_debts
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.estate.terms import Lowering, Terms
from prewatt.server.estate.terms_in_force import terms_of
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.bills import make_bills, open_bills, standings
from prewatt.server.statements.overdue import follow_up
from prewatt.server.statements.statement import statement
from prewatt.server.statements.terms import TermsError, TermsRequest, agree, preview, take_what_is_due
from prewatt.server.tenancies.moving import move_in, move_out, settle_what_is_due
from prewatt.server.vending.adjustments import missing
from prewatt.server.vending.models import Command
from tests.gateway import Edge, at

pytestmark = pytest.mark.database
AFTER = TermsRequest(True, limit=200 * NANO, due_days=14)
RULE = replace(AFTER, overdue="cut", overdue_days=7)


class Site(Edge):
    """The building's side, whose switches follow the rules, and on whose word the server's jobs run."""

    def __init__(self, code, clock, store):
        super().__init__(code, clock)
        self.store = store
        Gateway.objects.update(is_online=True)
        self.go(clock.at)

    def go(self, until, kwh=0):
        """Until an instant all obey, and Anna's meter uses so many kWh evenly by the day."""
        days = max(-(-(until - self.clock.at) // DAY), 1)
        for number in range(days):
            self.clock.at = min(self.clock.at + DAY, until) if number < days - 1 else until
            for name, account_ in self.accounts.items():
                used = (number + 1) * kwh * 1000 // days - number * kwh * 1000 // days
                used = used if name == "m1" and account_.closed is not False else 0
                self.use(name, used)
        self.clock.at += SECOND
        self.settle()

    def use(self, name, used):
        """A meter is read that has used so many Wh more; so much at once is believed when two readings have agreed."""
        account_ = self.accounts[name]
        register = (account_.register or 0) + used
        while account_.register != register:
            self.append(name, account_.read(self.clock.at, register, confirmed=True))
        self.append(name, account_.read(self.clock.at, register))

    def settle(self):
        """What is ordered is done, the switches move, and the server hears of it."""
        for name, account_ in self.accounts.items():
            self.obey(name)
            wanted = account_.wants_closed(self.clock.at)
            if wanted is not None and wanted != account_.closed:
                why = "credit" if wanted else account_.why_open(self.clock.at)
                self.append(name, account_.relay(self.clock.at, wanted, why))
        self.deliver(self.store)

    def jobs(self):
        """What the worker does."""
        settle_what_is_due()
        take_what_is_due()
        make_bills()
        follow_up()
        self.settle()

    @property
    def anna(self):
        return self.accounts["m1"]


@pytest.fixture
def site(building, store, clock):
    return Site(building.code, clock, store)


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


def whole(owner):
    """All books sum to zero, debts are the sum of what is open, and each meter has what its tenant has in the books."""
    assert sum(trial_balance(owner).values()) == 0
    assert -balance(account(owner, Kind.DEBTS)) == sum(each.left for each in open_debts(owner))
    for meter in Meter.objects.filter(unit__isnull=False):
        assert missing(meter) == 0


def settings_of(name="m1"):
    row = Command.objects.filter(meter__name=name, kind="settings").order_by("number").last()
    return decode_command(bytes(row.body)).order.settings


def bills(tenancy):
    return [(each.bill.number, each.bill.amount, each.left, each.state) for each in standings(tenancy)[::-1]]


def test_power_goes_on_under_zero_and_a_month_is_billed_once(site, tenancy, owner, clock):
    top_up(tenancy, 5 * NANO, "before")
    agree(tenancy, AFTER, "manager")
    told = settings_of()
    assert (told.credit_limit, told.credit_limit_cuts, told.emergency_credit) == (200 * NANO, True, 0)
    assert settings_of("m2").credit_limit == 0
    site.settle()
    site.go(at(2025, 11, 1), kwh=200)
    assert site.anna.closed and site.anna.balance == -35 * NANO
    assert [each.number for each in make_bills()] == [1] and make_bills() == []
    (bill,) = Bill.objects.all()
    # The credit of before was used first: 40.00 less 5.00.
    assert (bill.total, bill.amount, bill.owed, bill.is_complete) == (35 * NANO, 35 * NANO, 35 * NANO, True)
    assert (bill.begins, bill.ends) == (terms_of(tenancy.pk).begins, at(2025, 11, 1))
    assert bill.due_at == at(2025, 11, 16) and bill.document["closing"] == "-35.000000000"
    assert bills(tenancy) == [(1, 35 * NANO, 35 * NANO, "open")]
    whole(owner)


def test_payments_pay_the_oldest_bill_first_and_are_credit_at_the_meter(site, tenancy, owner, clock):
    agree(tenancy, AFTER, "manager")
    site.settle()
    site.go(at(2025, 11, 1), kwh=200)
    site.jobs()
    top_up(tenancy, 15 * NANO, "part")
    assert bills(tenancy) == [(1, 40 * NANO, 25 * NANO, "part")]
    site.go(at(2025, 12, 1), kwh=100)
    site.jobs()
    assert site.anna.balance == -45 * NANO
    assert bills(tenancy) == [(1, 40 * NANO, 25 * NANO, "overdue"), (2, 20 * NANO, 20 * NANO, "open")]
    assert [each.bill.number for each in open_bills(owner)] == [1, 2]
    late = top_up(tenancy, 30 * NANO, "more")
    assert bills(tenancy) == [(1, 40 * NANO, 0, "paid"), (2, 20 * NANO, 15 * NANO, "part")]
    # One that never was is owed again.
    from django.contrib.auth import get_user_model

    reverse_top_up(late, get_user_model().objects.get(username="manager"), "typing error")
    assert bills(tenancy) == [(1, 40 * NANO, 25 * NANO, "overdue"), (2, 20 * NANO, 20 * NANO, "open")]
    top_up(tenancy, 70 * NANO, "all")
    assert [each[2:] for each in bills(tenancy)] == [(0, "paid")] * 2 and open_bills(owner) == []
    site.go(at(2026, 1, 1), kwh=100)
    site.jobs()
    # What was paid too much is credit: 20.00 were used, and 25.00 were there.
    assert bills(tenancy)[-1] == (3, 0, 0, "paid") and site.anna.balance == 5 * NANO
    whole(owner)


def test_numbers_have_no_gap_and_each_month_that_was_missed_has_its_bill(site, tenancy, owner, clock):
    for each in Tenancy.objects.all():
        agree(each, AFTER, "manager")
    site.settle()
    site.go(at(2026, 1, 1, 0, 20), kwh=300)
    site.jobs()
    # Nobody made any for three months: two months of Anna's stand in the readings of their days.
    assert list(Bill.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    mine = list(tenancy.bills.order_by("ends"))
    assert [each.ends for each in mine] == [at(2025, 11, 1), at(2025, 12, 1), at(2026, 1, 1)]
    assert [each.begins for each in mine[1:]] == [each.ends for each in mine[:-1]]
    assert sum(each.amount for each in mine) == mine[-1].total


def test_what_rounding_leaves_is_carried(site, tenancy, owner, clock):
    agree(tenancy, AFTER, "manager")
    site.settle()
    site.use("m1", 17)
    site.go(at(2025, 11, 1))
    # 17 Wh at 0.20 are 0.0034, for which nothing is asked; twice that with more is.
    site.jobs()
    assert bills(tenancy) == [(1, 0, 0, "paid")] and tenancy.bills.get().owed == 3_400_000
    site.use("m1", 17)
    site.go(at(2025, 12, 1))
    site.jobs()
    assert bills(tenancy)[-1] == (2, NANO // 100, NANO // 100, "open") and tenancy.bills.last().owed == 6_800_000


def test_a_bill_waits_for_its_meter_and_at_last_is_made_of_what_is_known(site, tenancy, owner, clock):
    agree(tenancy, AFTER, "manager")
    site.settle()
    site.go(at(2025, 10, 20), kwh=100)
    clock.at = at(2025, 11, 10)
    assert make_bills() == []
    clock.at = at(2025, 11, 11)
    (bill,) = make_bills()
    assert (bill.amount, bill.is_complete) == (20 * NANO, False)
    # What is heard of later stands on the next one.
    site.go(at(2025, 11, 12), kwh=50)
    site.go(at(2025, 12, 1), kwh=10)
    (second,) = make_bills()
    assert (second.amount, second.total) == (12 * NANO, 32 * NANO)


def test_the_supply_ends_by_the_rule_that_was_told_and_any_payment_is_light_at_once(site, tenancy, owner, clock):
    agree(tenancy, RULE, "manager")
    site.settle()
    site.go(at(2025, 11, 1), kwh=200)
    site.jobs()
    site.go(at(2025, 11, 22, 23), kwh=50)
    site.jobs()
    assert site.anna.closed and not Lowering.objects.exists()
    site.go(at(2025, 11, 23, 0, 5))
    site.jobs()
    lowered = Lowering.objects.get()
    assert (lowered.limit, lowered.why) == (50 * NANO, "overdue: bill 1") and site.anna.closed is False
    # Five are paid while there is no network: they are light for as long as they last.
    paid = top_up(tenancy, 5 * NANO, "five")
    account_ = site.anna
    site.append("m1", account_.by_code(clock.at, paid.command.code.tid, paid.command.code.amount, "page"))
    assert account_.wants_closed(clock.at) and account_.left(clock.at, account_.balance) == 5 * NANO
    site.settle()
    site.jobs()
    assert settings_of().credit_limit == 50 * NANO
    # All of the bill is paid: as before.
    top_up(tenancy, 35 * NANO, "rest")
    site.jobs()
    lowered.refresh_from_db()
    assert lowered.ended_at == clock.at and settings_of().credit_limit == 200 * NANO and site.anna.closed
    assert follow_up() == []
    whole(owner)


@pytest.mark.parametrize("how", ["silent", "old", "remind", "ask"])
def test_nobody_is_cut_off_by_what_is_old_or_where_the_terms_do_not_say_so(site, tenancy, clock, how):
    agree(tenancy, replace(RULE, overdue=how if how in ("remind", "ask") else "cut"), "manager")
    site.settle()
    site.go(at(2025, 11, 1), kwh=200)
    site.jobs()
    site.go(at(2025, 12, 1))
    if how == "silent":
        Gateway.objects.update(is_online=False)
    elif how == "old":
        clock.at += 2 * HOUR
    assert follow_up() == [] and site.anna.closed
    assert bills(tenancy)[0][3] == "overdue"


def test_back_to_paying_before_use_what_is_owed_stays_as_a_debt_and_nobody_is_dark(site, tenancy, owner, clock):
    agree(tenancy, AFTER, "manager")
    site.settle()
    site.go(at(2025, 11, 1), kwh=200)
    site.jobs()
    later = agree(tenancy, TermsRequest(False, begins=at(2025, 11, 10, 12)), "manager")
    assert later.applied_at is None and take_what_is_due() == []
    site.go(at(2025, 11, 10, 12), kwh=50)
    site.jobs()
    later.refresh_from_db()
    assert later.applied_at == clock.at
    (debt,) = debts_of(tenancy)
    assert debt.left == 50 * NANO and site.anna.balance == 0 and balance(tenant_account(tenancy)) == 0
    assert site.anna.closed and site.anna.settings.credit_limit == 0
    # What was used since the month's bill has one of its own; all of it is owed as the debt, and nothing twice.
    assert bills(tenancy) == [(1, 40 * NANO, 0, "debt"), (2, 10 * NANO, 0, "debt")]
    site.go(clock.at + 3 * DAY - HOUR, kwh=1)
    assert site.anna.closed
    site.go(clock.at + 2 * HOUR)
    assert site.anna.closed is False
    top_up(tenancy, 10 * NANO, "before use")
    site.settle()
    assert site.anna.closed and debt.left == 50 * NANO
    site.go(at(2026, 1, 1))
    site.jobs()
    assert len(bills(tenancy)) == 2
    whole(owner)


def test_back_with_what_is_owed_spread_over_payments(site, tenancy, owner, clock):
    agree(tenancy, AFTER, "manager")
    site.settle()
    site.go(at(2025, 10, 20), kwh=100)
    assert any("25 % of each payment" in each for each in preview(tenancy, TermsRequest(False, owed="spread")))
    agree(tenancy, TermsRequest(False, owed="spread"), "manager")
    site.settle()
    assert site.anna.closed and site.anna.balance == 0
    assert top_up(tenancy, 20 * NANO, "later").shared == 5 * NANO
    site.settle()
    assert site.anna.balance == 15 * NANO and debts_of(tenancy)[0].left == 15 * NANO
    whole(owner)


def test_the_change_back_waits_for_a_building_that_is_silent(site, tenancy, owner, clock):
    agree(tenancy, AFTER, "manager")
    site.settle()
    site.go(at(2025, 10, 20), kwh=100)
    Gateway.objects.update(is_online=False)
    assert any("waits" in each for each in preview(tenancy, TermsRequest(False)))
    waits = agree(tenancy, TermsRequest(False), "manager")
    assert waits.applied_at is None and take_what_is_due() == [] and settings_of().credit_limit == 200 * NANO
    site.go(clock.at + 3 * DAY, kwh=100)
    Gateway.objects.update(is_online=True)
    assert take_what_is_due() == [waits]
    site.settle()
    assert debts_of(tenancy)[0].left == 40 * NANO and site.anna.balance == 0 and site.anna.closed
    lit, told = (
        decode_command(bytes(row.body)).order
        for row in Command.objects.filter(meter__name="m1").order_by("number").reverse()[:2][::-1]
    )
    assert lit.action == Restore(until=clock.at + 3 * DAY) and told.settings.credit_limit == 0
    whole(owner)


def test_who_moves_out_has_a_last_bill_and_the_next_one_pays_before_use(site, tenancy, owner, clock, admin_user):
    agree(tenancy, AFTER, "manager")
    site.settle()
    move_out(tenancy, at(2025, 11, 5, 12))
    after = move_in(tenancy.unit, "Zoe", at(2025, 11, 5, 12))
    site.settle()
    site.go(at(2025, 11, 1), kwh=200)
    site.jobs()
    site.go(at(2025, 11, 5, 12), kwh=20)
    # Until the account before is settled its limit holds: who comes is not dark for what another owes.
    assert site.anna.closed and site.anna.settings.credit_limit == 200 * NANO
    clock.at += HOUR
    site.go(clock.at)
    site.jobs()
    tenancy.refresh_from_db()
    assert tenancy.settled_at is not None and site.anna.settings.credit_limit == 0 and site.anna.balance == 0
    assert bills(tenancy) == [(1, 40 * NANO, 0, "debt"), (2, 4 * NANO, 0, "debt")]
    assert tenancy.bills.last().ends == tenancy.ends and debts_of(tenancy)[0].left == 44 * NANO
    assert balance(tenant_account(after)) == 0
    pay(tenancy, 44 * NANO, "counter", admin_user, account(owner, Kind.CASH))
    assert not list(debts_of(tenancy))
    whole(owner)


def test_a_deposit_pays_the_last_bills(site, tenancy, owner, clock):
    from prewatt.server.tenancies.put_right import Change, put_right

    agree(tenancy, AFTER, "manager")
    put_right(tenancy, Change(deposit=100 * NANO), "manager", "was paid")
    site.settle()
    site.go(at(2025, 11, 1), kwh=200)
    site.jobs()
    move_out(tenancy, clock.at + HOUR)
    site.go(clock.at + 2 * HOUR)
    site.jobs()
    assert [each[2:] for each in bills(tenancy)] == [(0, "paid")] * 2 and not list(debts_of(tenancy))


def test_a_limit_that_would_darken_at_once_is_refused_or_waits(site, tenancy, clock):
    agree(tenancy, AFTER, "manager")
    site.settle()
    site.go(at(2025, 10, 20), kwh=400)
    with pytest.raises(TermsError, match=r"80\.00 is owed now"):
        agree(tenancy, replace(AFTER, limit=50 * NANO), "manager")
    later = agree(tenancy, replace(AFTER, limit=50 * NANO, begins=clock.at + DAY), "manager")
    site.go(clock.at + DAY)
    assert take_what_is_due() == [] and "the change would end the supply" in Alarm.objects.get(kind="job-failed").text
    top_up(tenancy, 60 * NANO, "paid")
    assert take_what_is_due() == [later] and not Alarm.objects.filter(kind="job-failed", is_resolved=False).exists()


def test_of_what_is_to_come_the_last_holds_and_it_can_be_withdrawn(site, tenancy, clock):
    first = agree(tenancy, replace(AFTER, begins=clock.at + DAY), "manager")
    second = agree(tenancy, replace(AFTER, limit=NANO, begins=clock.at + 2 * DAY), "manager")
    first.refresh_from_db()
    assert first.ended_at == clock.at and take_what_is_due() == []
    agree(tenancy, TermsRequest(False), "manager")
    second.refresh_from_db()
    assert second.ended_at == clock.at and terms_of(tenancy.pk) is None
    with pytest.raises(TermsError, match="already"):
        agree(tenancy, TermsRequest(False), "manager")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (TermsRequest(True), "limit"),
        (replace(AFTER, limit=-1), "limit"),
        (replace(AFTER, due_days=0), "due_days"),
        (replace(RULE, overdue_days=2), "overdue_days"),
        (replace(AFTER, overdue="shout"), "overdue"),
        (TermsRequest(False, owed="gone"), "owed"),
        (replace(AFTER, begins=1), "begins"),
        (replace(AFTER, begins=at(2030, 1, 1)), "begins"),
    ],
)
def test_terms_that_cannot_be_are_refused_by_their_field(tenancy, wanted, field):
    with pytest.raises(TermsError) as refused:
        agree(tenancy, wanted, "manager")
    assert refused.value.field == field and not Terms.objects.exists()


def test_a_year_with_a_change_in_the_middle_is_one_account_and_one_statement(site, tenancy, owner, clock):
    """Six months paid after use, each bill paid late by a part, six months paid before use."""
    begin = clock.at
    agree(tenancy, RULE, "manager")
    site.settle()
    for month in range(6):
        year, number = divmod(10 + month, 12)
        site.go(at(2025 + year, number + 1, 1), kwh=100 + 7 * month)
        site.jobs()
        owed = sum(each.left for each in standings(tenancy))
        top_up(tenancy, owed - NANO if month % 2 else owed, f"m{month}")
        site.jobs()
    agree(tenancy, TermsRequest(False), "manager")
    site.settle()
    for month in range(6, 12):
        year, number = divmod(10 + month, 12)
        top_up(tenancy, 20 * NANO, f"m{month}")
        site.go(at(2025 + year, number + 1, 1), kwh=95)
        site.jobs()
    made = list(tenancy.bills.order_by("ends"))
    assert [each.number for each in made] == list(range(1, len(made) + 1))
    # The spans tile the time after use; the statement of it is what the bills ask, to the rounding of each.
    assert all(one.ends == other.begins for one, other in itertools.pairwise(made))
    after = statement(tenancy, made[0].begins, made[-1].ends)
    assert -after.closing == made[-1].owed
    assert {each.state for each in standings(tenancy)} <= {"paid", "debt"}
    assert statement(tenancy, 0, clock.at + 1).closing == balance(tenant_account(tenancy)) == site.anna.balance
    for midnight in range(begin, clock.at + DAY, 30 * DAY):
        assert sum(amount for _account, amount in _trial(owner, midnight)) == 0
    assert Property.objects.get().units.count() == 3
    whole(owner)


def _trial(owner, until):
    from prewatt.server.ledger.trial_balance import trial_balance as at_an_instant

    return at_an_instant(owner, until)
