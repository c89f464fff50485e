"""Statements and moves: opening + movements = closing, spans that tile a year sum to the year, and nobody sees another."""

import csv
import io
import itertools
from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prewatt.kernel.entries import ChangeTenancy, Debit, GrantCredit
from prewatt.kernel.tariff import DayType, Period, Rate, Season, Switch, Tariff, Tax, Tiers
from prewatt.kernel.units import DAY, HOUR, NANO, exact_money
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import run
from prewatt.server.estate.models import Organisation, Tenancy, Unit
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.references import Of, Reference, at_meter
from prewatt.server.sales.corrections import correct
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.formats import COLUMNS, to_csv, to_document
from prewatt.server.statements.statement import month, statement
from prewatt.server.tariffs.models import Correction
from prewatt.server.tariffs.versions import keep, schedule
from prewatt.server.tenancies.moving import move_in, move_out, settle, settle_what_is_due
from prewatt.server.vending.models import Command
from tests.building import FLAT, PRICE, ZONE
from tests.gateway import Edge, at
from tests.recorded import recorded_once
from tests.server.commissioning.test_setting_up import orders

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """Begins at midnight of 7 October, with 20 on each tenant's account."""
    clock.at = at(2025, 10, 7)
    edge = Edge(building.code, clock)
    for meter in edge.accounts:
        edge.read(meter, 1000)
    for tenancy in Tenancy.objects.all():
        top_up(tenancy, 20 * NANO, f"first of {tenancy.tenant}")
    for meter in edge.accounts:
        edge.obey(meter)
    edge.deliver(store)
    return edge


@pytest.fixture
def anna(edge):
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")


USED = {"m1": 321, "m2": 100, "m3": 5}


def full(where):
    """A tariff with everything, from the 8th on."""
    rates = (type(FLAT.rates[0])("flat", (PRICE, 2 * PRICE)),)
    tariff = Tariff(
        "everything",
        "EUR",
        ZONE,
        rates,
        FLAT.seasons,
        (),
        Tiers(Period.DAY, (5000,)),
        NANO // 3,
        10_007,
        Tax("VAT", 190_000, included=False),
        30 * NANO,
    )
    return schedule(where, keep(where.organisation, tariff), at(2025, 10, 8))


def test_a_statement_says_every_movement_and_is_the_books(edge, store, anna, clock):
    where = anna.unit.property
    full(where)
    edge.obey("m1")
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    cost = SharedCost.objects.create(property=where, name="Garden")
    run(cost, date(2025, 10, 9), date(2025, 10, 9), bill=3 * NANO)
    # The first payment came at the instant that opens the span, the share of the cost at the one before it is over.
    made = statement(anna, at(2025, 10, 7), clock.at + 1)
    assert (made.opening, made.closing) == (0, balance(tenant_account(anna)))
    assert made.opening + made.movements == made.closing
    assert [line.section for line in made.lines] == ["top-ups", *["electricity"] * 3, "standing", "tax", "shared"]
    # A day at the first tariff and two at the second: the first tier is one line, for its price is the same.
    assert [(line.text, line.energy, line.price) for line in made.section("electricity")] == [
        ("flat, tier 1", 24 * 321 + 10_000, PRICE),
        ("flat, tier 2", 48 * 321 - 10_000, 2 * PRICE),
        ("Service fee", 48 * 321, 10_007),
    ]


def two_rates(name, day, night):
    """A tariff with a rate for the day and one for the night."""
    switches = (Switch(0, "night"), Switch(8 * 60, "day"), Switch(20 * 60, "night"))
    season = Season("year", 1, 1, (DayType("every day", tuple(range(8)), switches),))
    return Tariff(name, "EUR", ZONE, (Rate("day", (day,)), Rate("night", (night,))), (season,))


def test_a_later_tariff_leaves_a_statement_as_it_was(edge, store, anna, clock):
    where = anna.unit.property
    schedule(where, keep(where.organisation, two_rates("two", 2 * PRICE, PRICE)), at(2025, 10, 8))
    schedule(where, keep(where.organisation, FLAT), at(2025, 10, 9))
    edge.obey("m1")
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    made = statement(anna, at(2025, 10, 7), clock.at + 1)
    assert [line.text for line in made.section("electricity")] == ["flat", "night", "day"]
    schedule(where, keep(where.organisation, two_rates("two others", PRICE // 2, PRICE)), at(2025, 11, 1))
    assert statement(anna, at(2025, 10, 7), clock.at + 1) == made


def test_a_line_says_energy_price_tier_and_registers(edge, store, anna, clock):
    where = anna.unit.property
    full(where)
    edge.obey("m1")
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    made = statement(anna, at(2025, 10, 8), at(2025, 10, 10))
    lines = [(line.text, line.energy, line.price, line.amount) for line in made.lines]
    energy = 48 * 321
    net = 10_000 * PRICE + (energy - 10_000) * 2 * PRICE + energy * 10_007 + 2 * (NANO // 3)
    assert lines == [
        ("flat, tier 1", 10_000, PRICE, -10_000 * PRICE),
        ("flat, tier 2", energy - 10_000, 2 * PRICE, -(energy - 10_000) * 2 * PRICE),
        ("Service fee", energy, 10_007, -energy * 10_007),
        ("Standing charge, 2 days", None, None, -2 * (NANO // 3)),
        ("VAT 19 %", None, None, -(net * 19 // 100)),
    ]
    assert (made.first.register, made.last.register) == (1000 + 24 * 321, 1000 + 72 * 321)
    assert made.last.register - made.first.register == made.energy
    assert made.complete
    assert made.rounded_sum + made.remainder == made.closing


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(cuts=st.sets(st.integers(1, 365 * 24 - 1), max_size=13))
def test_spans_that_tile_a_year_sum_to_it(lived, cuts):
    tenancy, begin, end = lived
    edges = [begin, *(begin + cut * HOUR for cut in sorted(cuts)), end]
    parts = [statement(tenancy, first, second) for first, second in itertools.pairwise(edges)]
    whole = statement(tenancy, begin, end)
    for one, following in itertools.pairwise(parts):
        assert one.closing == following.opening
        assert one.last == following.first
    assert (parts[0].opening, parts[-1].closing) == (whole.opening, whole.closing)
    assert sum(part.movements for part in parts) == whole.movements
    assert sum(part.energy for part in parts) == whole.energy
    for section in ("electricity", "standing", "tax", "shared", "top-ups"):
        assert sum(line.amount for part in parts for line in part.section(section)) == sum(
            line.amount for line in whole.section(section)
        )


@pytest.fixture
def lived(edge, store, anna, clock):
    """A year with all that can be on a bill."""
    where = anna.unit.property
    full(where)
    edge.obey("m1")
    cost = SharedCost.objects.create(property=where, name="Garden")
    for number in range(1, 13):
        year, month_number = divmod(2025 * 12 + 9 + number, 12)
        edge.live(store, at(year, month_number + 1, 7), USED, 8 * HOUR)
        last = date(year, month_number + 1, 6)
        run(cost, last, last, bill=number * NANO + number)
        top_up(anna, 20 * NANO + number * NANO // 100, f"of month {number}")
    for meter in edge.accounts:
        edge.obey(meter)
    edge.deliver(store)
    assert edge.accounts["m1"].balance == balance(tenant_account(anna))
    assert statement(anna, 0, clock.at + 1).closing == balance(tenant_account(anna))
    # The last of it was booked at this very instant.
    return anna, at(2025, 10, 7), clock.at + 1


def test_a_statement_as_json_and_csv_is_exact_and_adds_up(lived):
    made = statement(*lived)
    document = to_document(made)
    in_nano = [round(float(line["amount"]) * 1e9) for line in document["lines"] if not line["included"]]
    assert abs(sum(in_nano) - made.movements) < 100
    assert (document["opening"], document["closing"]) == (exact_money(made.opening), exact_money(made.closing))
    shared = [line for line in document["lines"] if line["section"] == "shared"]
    assert len(shared) == 12
    derived = shared[0]["derivation"]
    assert derived["rule_percent"] == {"equal": "100"}
    assert [each["weights"] for each in derived["everybody"]] == [{"equal": "1"}] * 3
    assert "Ben" not in str(document)
    rows = list(csv.DictReader(io.StringIO(to_csv(made))))
    assert (rows[0]["section"], rows[-1]["section"]) == ("opening", "closing")
    assert [row["amount"] for row in rows[1:-1]] == [line["amount"] for line in document["lines"]]


def test_a_month_is_read():
    assert month("2024-02") == (date(2024, 2, 1), date(2024, 2, 29))
    with pytest.raises(ValueError, match="not a month"):
        month("2024-13")


# -- moves ---------------------------------------------------------------------------------------------------------------


def books():
    owner = Organisation.objects.get()
    assert sum(trial_balance(owner).values()) == 0
    return {kind: balance(account(owner, kind)) for kind in (Kind.REFUNDS, Kind.DEBTS, Kind.DEPOSITS, Kind.VACANCY)}


def test_a_move_out_and_in_settles_to_the_unit(edge, store, anna, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    moved = at(2025, 10, 8, 10) + 17 * 60 * 10**6
    move_out(anna, moved)
    zoe = move_in(anna.unit, "Zoe", moved + 3 * HOUR, deposit=50 * NANO)
    assert orders("m1")[-2:] == [ChangeTenancy(moved), ChangeTenancy(moved + 3 * HOUR)]
    edge.obey("m1")
    # The gateway reads at each boundary; the helper by the hour, so it is told when.
    for instant_read in (moved, moved + 3 * HOUR):
        edge.live(store, instant_read, USED, HOUR)
    top_up(zoe, 7 * NANO, "zoe")
    edge.live(store, at(2025, 10, 9), USED, HOUR)
    assert settle_what_is_due() == [anna]
    edge.obey("m1")
    edge.deliver(store)
    anna.refresh_from_db()
    assert balance(tenant_account(anna)) == 0
    assert edge.accounts["m1"].balance == balance(tenant_account(zoe))
    refund = books()[Kind.REFUNDS]
    assert refund == statement(anna, 0, moved).closing > 0
    assert books()[Kind.DEPOSITS] == 50 * NANO
    assert statement(anna, 0, clock.at + 1).closing == 0
    # Zoe's statement knows nothing of Anna's use, nor Anna's of Zoe's.
    hers = statement(zoe, 0, clock.at + 1)
    assert (hers.opening, hers.closing) == (0, balance(tenant_account(zoe)))
    assert hers.first.at == zoe.begins
    assert statement(anna, moved, clock.at).energy == 0


def test_a_move_out_that_is_yet_to_come_is_put_right_and_the_meter_counts_anew_once(edge, store, anna, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    first, right = at(2025, 10, 20), at(2025, 10, 10)
    for ends in (first, right, right):
        move_out(anna, ends)
    assert orders("m1")[-2:] == [ChangeTenancy(first), ChangeTenancy(right, instead=first)]
    edge.obey("m1")
    assert edge.accounts["m1"].restarts == (right,)
    edge.live(store, at(2025, 10, 11), USED, HOUR)
    assert settle_what_is_due() == [anna]
    with pytest.raises(ValidationError, match="ended already"):
        move_out(anna, at(2025, 10, 25))


def test_a_move_out_that_is_put_right_leaves_the_next_tenants_day_alone(edge, store, anna, clock):
    move_out(anna, at(2025, 10, 20))
    move_in(anna.unit, "Zoe", at(2025, 10, 20))
    move_out(anna, at(2025, 10, 18))
    edge.obey("m1")
    assert edge.accounts["m1"].restarts == (at(2025, 10, 18), at(2025, 10, 20))


def test_a_move_that_is_told_late_during_an_outage_ends_the_same(edge, store, anna, clock):
    """The building is offline from the 8th; the move is of the 9th; what was used comes on the 11th."""
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    for _ in range(72):
        clock.at += HOUR
        edge.read("m1", edge.accounts["m1"].register + 321)
        if clock.at == at(2025, 10, 9, 12):
            move_out(anna, at(2025, 10, 9, 6))
            zoe = move_in(anna.unit, "Zoe", at(2025, 10, 10))
            top_up(zoe, 30 * NANO, "zoe")
            assert settle_what_is_due() == []
    edge.obey("m1")
    edge.deliver(store)
    assert settle_what_is_due() == [anna]
    edge.obey("m1")
    edge.deliver(store)
    assert edge.accounts["m1"].balance == balance(tenant_account(zoe)) == 30 * NANO - 24 * 321 * PRICE
    found = books()
    assert found[Kind.REFUNDS] == 20 * NANO - (24 + 30) * 321 * PRICE
    # Flat 1 between the tenants, and the third flat's on the 7th.
    assert found[Kind.VACANCY] == -(18 * 321 + 24 * 5) * PRICE


def test_what_was_charged_after_a_move_that_is_recorded_late_goes_to_whom_it_falls(edge, store, anna, clock):
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    move_out(anna, at(2025, 10, 8))
    zoe = move_in(anna.unit, "Zoe", at(2025, 10, 9))
    day = 24 * 321 * PRICE
    assert balance(tenant_account(anna)) == 20 * NANO - day == statement(anna, 0, clock.at + 1).closing
    assert balance(tenant_account(zoe)) == -day == statement(zoe, 0, clock.at + 1).closing
    assert books()[Kind.VACANCY] == -day - 3 * 24 * 5 * PRICE


def test_a_debt_takes_the_deposit_first(edge, store, anna, clock):
    ben = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ben")
    ben.deposit = 3 * NANO
    ben.save()
    from prewatt.server.ledger.books import book
    from prewatt.server.ledger.models import Transfer

    owner = Organisation.objects.get()
    book(
        Transfer.Kind.DEPOSIT,
        account(owner, Kind.CASH),
        account(owner, Kind.DEPOSITS),
        3 * NANO,
        0,
        Reference(Of.DEPOSIT, ben.pk),
        deposit_of=ben,
    )
    edge.live(store, at(2025, 10, 8), {"m2": 5000}, HOUR)
    owed = 24 * 5000 * PRICE - 20 * NANO
    move_out(ben, at(2025, 10, 8))
    settle(ben)
    assert books() == {Kind.REFUNDS: 0, Kind.DEBTS: -(owed - 3 * NANO), Kind.DEPOSITS: 0, Kind.VACANCY: 0}
    assert orders("m2")[-1] == GrantCredit(
        at_meter(Reference(Of.SETTLEMENT, ben.pk), clock.at), owed, "settlement of the tenancy before"
    )


def test_what_is_left_of_a_deposit_is_to_be_paid_back(edge, store, anna, clock):
    third = move_in(Unit.objects.get(name="Flat 3"), "Cleo", clock.at, deposit=50 * NANO)
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    move_out(third, at(2025, 10, 8))
    settle(third)
    owed = 24 * 5 * PRICE
    assert books() == {Kind.REFUNDS: 50 * NANO - owed, Kind.DEBTS: 0, Kind.DEPOSITS: 0, Kind.VACANCY: 0}


def test_a_balance_can_be_carried_to_the_new_flat(edge, store, anna, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    third = move_in(Unit.objects.get(name="Flat 3"), "Anna", at(2025, 10, 8))
    move_out(anna, at(2025, 10, 8))
    left = balance(tenant_account(anna))
    settle(anna, carry_to=third)
    for meter in edge.accounts:
        edge.obey(meter)
    edge.deliver(store)
    assert balance(tenant_account(third)) == left
    assert edge.accounts["m1"].balance == 0
    assert orders("m1")[-1] == Debit(
        at_meter(Reference(Of.SETTLEMENT, anna.pk), clock.at), left, "settlement of the tenancy before"
    )
    # What the vacant flat used before is the landlord's still; it is levelled when the next one moves out or in.
    assert books()[Kind.REFUNDS] == 0


@pytest.mark.parametrize("wrong", ["before it begins", "twice", "too far", "not ended", "settled twice"])
def test_a_move_that_cannot_be_changes_nothing(edge, store, anna, clock, wrong):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    if wrong == "before it begins":
        with pytest.raises(ValidationError, match="can't end before"):
            move_out(anna, anna.begins)
    elif wrong == "twice":
        move_out(anna, clock.at)
        commands = Command.objects.count()
        move_out(anna, clock.at)
        assert Command.objects.count() == commands
        with pytest.raises(ValidationError, match="ended already"):
            move_out(anna, clock.at - HOUR)
    elif wrong == "too far":
        with pytest.raises(ValidationError, match="less than a year before"):
            move_out(anna, clock.at + 400 * DAY)
        with pytest.raises(ValidationError, match="overlaps"):
            move_in(anna.unit, "Zoe", clock.at)
        with pytest.raises(ValidationError, match="deposit"):
            move_in(Unit.objects.get(name="Flat 3"), "Zoe", clock.at, deposit=-1)
    elif wrong == "not ended":
        move_out(anna, clock.at + DAY)
        with pytest.raises(ValidationError, match="not ended"):
            settle(anna)
    else:
        move_out(anna, clock.at)
        settle(anna)
        with pytest.raises(ValidationError, match="settled already"):
            settle(anna)


def test_a_tariff_that_changes_at_midnight_in_an_outage_is_charged_right_on_both_sides(edge, store, anna, clock):
    """Told ahead; the building is offline from the afternoon before until two days later; read every seven hours."""
    where = anna.unit.property
    full(where)
    edge.live(store, at(2025, 10, 7, 15), USED, HOUR)
    online = edge.accounts["m1"].register
    while clock.at < at(2025, 10, 9, 15):
        clock.at += 7 * HOUR
        edge.read("m1", edge.accounts["m1"].register + 700)
    edge.deliver(store)
    assert edge.accounts["m1"].balance == balance(tenant_account(anna))
    # Nine hours at the old price, then everything of the new tariff; tiers of 5 kWh a day are not reached.
    old, new = 900, edge.accounts["m1"].register - online - 900
    net = (new * (PRICE + 10_007)) + NANO // 3
    first = (online - 1000 + old) * PRICE
    assert edge.accounts["m1"].charged == first + net + net * 19 // 100


# -- corrections ---------------------------------------------------------------------------------------------------------


def dearer(where, price):
    from prewatt.kernel.tariff import flat_tariff

    return keep(where.organisation, flat_tariff(f"at {price}", "EUR", ZONE, price))


def test_a_correction_reverses_and_charges_anew_and_the_meter_follows(edge, store, anna, clock):
    where = anna.unit.property
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    correct(where, dearer(where, PRICE // 2), at(2025, 10, 8), at(2025, 10, 9), "wrong price list")
    for meter in edge.accounts:
        edge.obey(meter)
    edge.deliver(store)
    day = 24 * 321
    assert balance(tenant_account(anna)) == 20 * NANO - 2 * day * PRICE - day * PRICE // 2
    assert edge.accounts["m1"].balance == balance(tenant_account(anna))
    made = statement(anna, at(2025, 10, 9), clock.at + 1)
    assert [(line.text, line.amount) for line in made.section("adjustments")] == [
        ("Reversed: wrong price list (2025-10-08 – 2025-10-08)", day * PRICE),
        ("Charged anew: wrong price list (2025-10-08 – 2025-10-08)", -day * PRICE // 2),
    ]
    assert made.closing == balance(tenant_account(anna))
    assert books()[Kind.VACANCY] == -5 * 24 * PRICE * 5 // 2


@pytest.mark.parametrize(
    ("begins", "ends", "price", "says"),
    [
        (8, 12, PRICE // 2, "must end in the past"),
        (9, 9, PRICE // 2, "must end in the past"),
        (8, 9, PRICE, "every charge stays the same"),
        (7, 8, PRICE // 2, "corrected already"),
    ],
)
def test_a_correction_that_cannot_be_changes_nothing(edge, store, anna, clock, begins, ends, price, says):
    where = anna.unit.property
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    correct(where, dearer(where, PRICE * 2), at(2025, 10, 7), at(2025, 10, 8), "first")
    before = balance(tenant_account(anna))
    with pytest.raises(ValidationError, match=says):
        correct(where, dearer(where, price), at(2025, 10, begins), at(2025, 10, ends), "second")
    assert Correction.objects.count() == 1
    assert balance(tenant_account(anna)) == before


def test_a_correction_waits_for_the_meters(edge, store, anna, clock):
    where = anna.unit.property
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    clock.at += DAY
    with pytest.raises(ValidationError, match="has not reported"):
        correct(where, dearer(where, PRICE * 2), at(2025, 10, 8), clock.at, "early")


def test_a_version_that_has_taken_effect_is_not_changed(edge, anna, clock):
    where = anna.unit.property
    with pytest.raises(ValidationError, match="2025-10-06 00:00 is in the past"):
        schedule(where, dearer(where, PRICE * 2), at(2025, 10, 6))


def test_the_columns_of_the_csv_stand_in_the_document():
    page = Path(__file__).parents[3] / "docs" / "landlord" / "statement.md"
    assert f"`{','.join(COLUMNS)}`" in page.read_text()
