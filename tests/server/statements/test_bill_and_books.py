"""One law of time: what a tenant's statement says of a day or a month is what the books have of it, to the nano, whenever it
became known.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from django.db.models import Sum

from prewatt.kernel.calendar import day_bounds, next_month, zone
from prewatt.kernel.span import Span
from prewatt.kernel.tariff import Period, Tariff, Tax, Tiers, flat_tariff
from prewatt.kernel.units import HOUR, NANO
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import run
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.core.spans import measured
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.ledger.books import Kind, balance, book_top_up, tenant_account
from prewatt.server.ledger.models import Transfer
from prewatt.server.ledger.rows import rows
from prewatt.server.ledger.trial_balance import trial_balance
from prewatt.server.metering.models import JournalEntry
from prewatt.server.sales.corrections import correct
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.statement import statement
from prewatt.server.tariffs.versions import keep, schedule
from prewatt.server.tenancies.moving import move_in, move_out, settle_what_is_due
from prewatt.server.tenancies.put_right import Change, put_right
from tests.building import PRICE, set_up
from tests.gateway import Edge
from tests.settings import ON_POSTGRESQL

pytestmark = pytest.mark.database
FIRST = date(2025, 10, 1)
MONTHS = [date(2025 + (9 + number) // 12, (9 + number) % 12 + 1, 1) for number in range(12)]
ZONES = {
    "Europe/Berlin": (12, [date(2025, 10, 26), date(2026, 3, 29)]),
    "Asia/Shanghai": (6, []),
    "America/Havana": (6, [date(2025, 11, 2), date(2026, 3, 8)]),  # forward at midnight: this day begins at 01:00
    "Africa/Cairo": (7, [date(2025, 10, 30), date(2026, 4, 24)]),  # both at midnight
}
"""How many months are lived there, and the days on which the clocks change."""
SILENT = {(2025, 10), (2025, 12), (2026, 3), (2026, 6)}
"""Months over whose end the network is gone: what was read is sent on the 4th."""
OFF = {(2026, 2), (2026, 8)}
"""Months over whose end the gateway is off: nothing is read from noon of the last day until noon of the 2nd."""


def tariff(name, where, price):
    """One with everything that can be on a bill."""
    flat = flat_tariff(name, "EUR", where, price)
    rates = (type(flat.rates[0])("flat", (price, 2 * price)),)
    tiers, vat = Tiers(Period.MONTH, (60_000,)), Tax("VAT", 190_000, included=False)
    return Tariff(name, "EUR", where, rates, flat.seasons, (), tiers, NANO // 3, 10_007, vat, 30 * NANO)


class Year:
    """A house and its year, as it is lived."""

    def __init__(self, name, clock, store, person):
        self.where, self.clock, self.store, self.person = zone(name), clock, store, person
        number, self.changes = ZONES[name]
        self.months = MONTHS[:number]
        clock.at = day_bounds(FIRST, self.where)[0]
        flats = [Apartment("Flat 1", "m1", "Anna"), Apartment("Flat 2", "m2", "Ben")]
        made = set_up(clock, zone=name, tariff=tariff("first", name, PRICE), apartments=flats)
        self.edge = Edge(made.code, clock)
        for meter in self.edge.accounts:
            self.edge.read(meter, 1000)
        self.house = Property.objects.select_related("organisation").get()
        self.garden = SharedCost.objects.create(property=self.house, name="Garden")
        self.at_work = {}
        self.used = 0

    def at(self, day, hour=0, minute=0):
        return day_bounds(day, self.where)[0] + hour * HOUR + minute * 60 * 10**6

    def later(self, day, hour, do):
        """Do something on a day, at an hour since its midnight; of the readings, the next one comes after it."""
        self.at_work[day, hour] = do

    def live(self):
        day = FIRST
        while day < next_month(self.months[-1]) + timedelta(days=5):
            for hour in (0, 12):
                self._at(day, hour)
            day += timedelta(days=1)

    def _at(self, day, hour):
        self.clock.at, noon = self.at(day, hour), (day + timedelta(days=1)).day == 1 and hour >= 12
        of = day if noon else day.replace(day=1) - timedelta(days=1)
        off = (of.year, of.month) in OFF and (noon or (day.day, hour) < (2, 12))
        silent = (of.year, of.month) in SILENT and (noon or day.day < 4)
        for number, meter in enumerate(self.edge.accounts):
            if not off:
                self.used += 1
                used = 3001 + self.used * 37 % 911 + 100 * number
                self.edge.read(meter, (self.edge.accounts[meter].register or 0) + used)
                if hour:
                    self.edge.obey(meter)
        if hour and day.day % 8 == 0 and not silent:
            self.edge.deliver(self.store)
            settle_what_is_due()
        if (do := self.at_work.get((day, hour))) is not None:
            do()


# What the zones differ in is reckoned before it comes to a database: on the other one the longest year shows the same.
@pytest.fixture(params=["Europe/Berlin"] if ON_POSTGRESQL else ZONES)
def year(request, db, clock, store, admin_user):
    return Year(request.param, clock, store, admin_user)


def lived(year):
    """Two moves, one typed late and one put right later still, a tariff that was wrong, a cost that is shared each month."""
    anna, ben = (
        Tenancy.objects.select_related("unit__property__organisation").get(tenant=who) for who in ("Anna", "Ben")
    )
    flat = Unit.objects.select_related("property__organisation").get(pk=anna.unit_id)
    for number, month in enumerate(year.months):
        # At the very instant that a month begins, and within it.
        year.later(month, 0, lambda who=ben, number=number: top_up(who, (40 + number) * NANO, f"b{number}"))
        before = month - timedelta(days=1)
        bill = (7 + number) * NANO // 7
        if number:
            year.later(
                month.replace(day=5),
                12,
                lambda last=before, bill=bill: run(year.garden, last.replace(day=1), last, bill=bill),
            )
    year.later(FIRST, 12, lambda: top_up(anna, 90 * NANO, "a"))
    # Out at noon of the 14th, which nobody types before the 20th; the next one is in on the 1st, typed a week after.
    year.later(date(2026, 1, 20), 12, lambda: move_out(anna, year.at(date(2026, 1, 14), 12)))
    year.later(date(2026, 2, 8), 12, lambda: move_in(flat, "Zoe", year.at(date(2026, 2, 1)), deposit=50 * NANO))
    year.later(date(2026, 2, 9), 12, lambda: top_up(Tenancy.objects.get(tenant="Zoe"), 70 * NANO, "z"))
    two_days_less = Change(begins=year.at(date(2026, 1, 30), 12))
    year.later(
        date(2026, 3, 20),
        12,
        lambda: put_right(Tenancy.objects.get(tenant="Zoe"), two_days_less, year.person, "had the keys before"),
    )
    owner, name = year.house.organisation, year.house.zone
    dearer, half = (keep(owner, tariff(*each)) for each in (("second", name, PRICE * 2), ("half", name, PRICE // 2)))
    schedule(year.house, dearer, year.at(date(2026, 3, 1)))
    november = Span.of_month(date(2025, 11, 1), year.where)
    year.later(date(2025, 12, 12), 12, lambda: correct(year.house, half, *november, "wrong list"))
    year.live()
    year.edge.deliver(year.store)
    return owner


def on_accounts(books):
    """What some rows of the books have on each tenancy's account, nano."""
    sums = Counter()
    for row in books:
        sums[row.debit.tenancy_id] -= row.amount
        sums[row.credit.tenancy_id] += row.amount
    return sums


def test_the_bills_of_a_year_are_the_books_month_by_month(year):
    owner = lived(year)
    tenancies = list(Tenancy.objects.select_related("unit__property__organisation"))
    assert len(tenancies) == 3
    charged = defaultdict(int)
    for month in year.months:
        last, span = next_month(month) - timedelta(days=1), Span.of_month(month, year.where)
        books, ends = (
            list(rows(owner, month, last)),
            {each.pk: amount for each, amount in trial_balance(owner, span.ends)},
        )
        moved = on_accounts(books)
        for each in tenancies:
            bill = statement(each, *span)
            assert bill.complete and bill.movements == moved[each.pk], (month, each.tenant)
            assert bill.closing == ends.get(tenant_account(each).pk, 0), (month, each.tenant)
            charged[each.tenant] += bill.energy
        # Whoever bears it, what the meters charged in the month is what was sold in it.
        inside = JournalEntry.objects.filter(measured(span)).aggregate(sum=Sum("charge"))["sum"]
        assert inside == sum(row.amount for row in books if row.kind == "charge"), month
    assert all(energy > 50_000 for energy in charged.values()), charged
    assert Transfer.objects.filter(kind="attribution").count() > 10
    for meter, flat in (("m1", "Zoe"), ("m2", "Ben")):
        tenancy = Tenancy.objects.select_related("unit__property__organisation").get(tenant=flat)
        assert year.edge.accounts[meter].balance == balance(tenant_account(tenancy)), flat
    # Day by day where the clocks change, where months end, and over the outages.
    edges = [*year.changes, *MONTHS[2:4], date(2026, 4, 1), date(2026, 1, 14), date(2026, 1, 30)]
    for day in sorted({each + timedelta(days=more) for each in edges for more in (-1, 0)}):
        books, span = on_accounts(rows(owner, day, day)), Span.of_days(day, day, year.where)
        for each in tenancies:
            assert statement(each, *span).movements == books[each.pk], (day, each.tenant)


def test_what_happens_at_midnight_is_of_the_day_that_begins_and_a_days_charges_of_the_one_that_ends(year):
    """One batch of two days; a payment at the instant between them."""
    anna = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")
    year.edge.obey("m1")
    used, first = [3000, 700, 2000, 900], FIRST + timedelta(days=1)
    for energy, (day, hour) in zip(used, [(FIRST, 9), (first, 0), (first, 9), (first, 14)], strict=True):
        year.clock.at = year.at(day, hour)
        year.edge.read("m1", year.edge.accounts["m1"].register + energy)
        if hour == 0:
            top_up(anna, 5 * NANO, "at midnight")
    year.edge.deliver(year.store)
    owner, own = year.house.organisation, tenant_account(anna)
    days = {day: list(rows(owner, day, day)) for day in (FIRST, first)}
    assert [[row.kind for row in each if row.credit == own] for each in days.values()] == [[], ["top-up"]]
    charges = Transfer.objects.filter(kind="charge", debit_account=own, credit_account__kind=Kind.SERVICE_REVENUE)
    assert [(each.at, each.amount) for each in charges] == [
        (year.at(first) - 1, 3700 * 10_007),
        (year.at(first, 14) - 1, 2900 * 10_007),
    ]
    assert [(each.first_seq, each.last_seq) for each in charges] == [
        tuple(
            JournalEntry.objects.filter(kind="reading", energy__in=some).order_by("seq").values_list("seq", flat=True)
        )
        for some in ((3000, 700), (2000, 900))
    ]
    for day, books in days.items():
        made = statement(anna, *Span.of_days(day, day, year.where))
        assert made.movements == on_accounts(books)[anna.pk] != 0


def test_a_day_of_the_books_is_that_of_each_house(building, tenancy, clock):
    """A landlord's second house lies where the day begins six hours sooner."""
    owner = Organisation.objects.get()
    far = Property.objects.create(organisation=owner, name="Far", zone="Asia/Shanghai", currency="EUR")
    theirs = Tenancy.objects.create(unit=Unit.objects.create(property=far, name="1"), tenant="Li", begins=1)
    day = date(2025, 10, 31)
    evening = day_bounds(day, zone("Europe/Berlin"))[1] - 3 * HOUR
    book_top_up(tenancy, NANO, evening, 1)
    book_top_up(theirs, 2 * NANO, evening, 2)
    assert [row.amount for row in rows(owner, day, day)] == [NANO]
    assert [(row.day, row.amount) for row in rows(owner, date(2025, 11, 1), date(2025, 11, 30))] == [
        (date(2025, 11, 1), 2 * NANO)
    ]
    for who in (tenancy, theirs):
        month = Span.of_month(date(2025, 11, 1), zone(who.unit.property.zone))
        books = on_accounts(rows(owner, date(2025, 11, 1), date(2025, 11, 30)))
        assert statement(who, *month).movements == books[who.pk]
