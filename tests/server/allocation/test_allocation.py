"""Shared costs: the stairs' light of three flats, from its meter to the tenants' balances and back."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from prewatt.kernel.entries import Debit, GrantCredit
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.allocation.costs import end, remove
from prewatt.server.allocation.models import FixedWeight, Run, SharedCost
from prewatt.server.allocation.runs import next_span, preview, reverse, run, run_what_is_due
from prewatt.server.commissioning.archiving import archive_unit
from prewatt.server.commissioning.installing import install
from prewatt.server.estate.models import Organisation, Part, Tenancy, Unit
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.references import Of, Reference, at_meter
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tenancies.moving import move_in, move_out, settle
from tests.building import PRICE
from tests.gateway import Edge, at
from tests.recorded import recorded_once

pytestmark = pytest.mark.database


@pytest.fixture
def stairs(building):
    """A meter of the stairs' light, shared equally."""
    meter = install(None, Gateway.objects.get(), "stairs", role=Meter.Role.COMMON)
    made = SharedCost.objects.create(property=building.property, name="Stairs' light")
    made.meters.add(meter)
    return made


@pytest.fixture
@recorded_once
def edge(building, stairs, clock, store):
    """Begins at midnight of 7 October, with 20 on each tenant's account."""
    clock.at = at(2025, 10, 7)
    edge = Edge(building.code, clock)
    edge.live(store, clock.at, {}, HOUR)
    for meter in edge.accounts:
        edge.read(meter, 1000)
    for tenancy in Tenancy.objects.all():
        top_up(tenancy, 20 * NANO, f"first of {tenancy.tenant}")
    for meter in edge.accounts:
        edge.obey(meter)
    edge.deliver(store)
    return edge


USED = {"m1": 30, "m2": 10, "m3": 5, "stairs": 7}


def level_everywhere(edge):
    """Each tenant's account is what the meter has, and the books sum to zero."""
    for tenancy in Tenancy.objects.filter(settled_at__isnull=True, ends__isnull=True):
        assert balance(tenant_account(tenancy)) == edge.accounts[tenancy.unit.meter.name].balance
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0


def shares(made):
    return {share.unit.name: share.amount for share in made.shares.all()}


def test_the_stairs_light_is_shared_and_taken_off_at_each_meter_once(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    made = run(stairs, date(2025, 10, 7), date(2025, 10, 7))
    cost = 24 * 7 * PRICE
    assert (made.energy, made.cost) == (24 * 7, cost)
    assert shares(made) == {"Flat 1": cost // 3, "Flat 2": cost // 3, "Flat 3": cost // 3}
    # Nobody lives in the third flat: the landlord bears it.
    assert [share.tenancy is None for share in made.shares.all()] == [False, False, True]
    for _ in range(2):
        for meter in edge.accounts:
            edge.obey(meter)
    edge.deliver(store)
    assert edge.accounts["m1"].debited == cost // 3
    assert edge.accounts["m3"].debited == 0
    level_everywhere(edge)
    owner = Organisation.objects.get()
    assert balance(account(owner, Kind.SHARED_COSTS)) == cost


def test_it_is_the_same_after_an_outage_and_a_reversal_gives_all_of_it_back(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    before = {name: one.balance for name, one in edge.accounts.items()}
    made = run(stairs, date(2025, 10, 7), date(2025, 10, 7))
    reverse(made)
    with pytest.raises(ValidationError, match="reversed already"):
        reverse(made)
    # Only now the building is back.
    for meter in edge.accounts:
        edge.obey(meter)
    edge.deliver(store)
    assert {name: one.balance for name, one in edge.accounts.items()} == before
    level_everywhere(edge)
    assert balance(account(Organisation.objects.get(), Kind.SHARED_COSTS)) == 0
    # The days are free again.
    assert run(stairs, date(2025, 10, 7), date(2025, 10, 7)).cost == made.cost


def test_days_are_charged_once_and_only_when_they_are_over_and_reported(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 9), USED, HOUR)
    run(stairs, date(2025, 10, 7), date(2025, 10, 8))
    for days, says in (
        ((8, 8), "charged already: 2025-10-07 – 2025-10-08"),
        ((9, 9), "not over yet"),
        ((8, 7), "before the first"),
    ):
        with pytest.raises(ValidationError, match=says):
            run(stairs, *(date(2025, 10, day) for day in days))
    clock.at = at(2025, 10, 10)
    with pytest.raises(ValidationError, match="Meter stairs has not reported"):
        run(stairs, date(2025, 10, 9), date(2025, 10, 9))
    assert Run.objects.count() == 1


def test_who_moves_out_or_in_bears_the_days_that_are_theirs(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    anna = Tenancy.objects.get(tenant="Anna")
    move_out(anna, at(2025, 10, 8, 12))
    move_in(anna.unit, "Zoe", at(2025, 10, 9, 12))
    made = run(stairs, date(2025, 10, 7), date(2025, 10, 9), bill=9 * NANO)
    mine = [(share.tenancy.tenant if share.tenancy else None, share.days, share.amount) for share in made.shares.all()]
    # Flat 1: a day of Anna's, a vacant one, a day of Zoe's.
    assert mine == [("Anna", 1, NANO), (None, 1, NANO), ("Zoe", 1, NANO), ("Ben", 3, 3 * NANO), (None, 3, 3 * NANO)]


def test_what_is_vacant_is_borne_by_the_others_if_the_rule_says_so(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    stairs.vacancy = SharedCost.Vacancy.OTHERS
    stairs.save()
    made = run(stairs, date(2025, 10, 7), date(2025, 10, 7), bill=10 * NANO + 1)
    assert shares(made) == {"Flat 1": 5 * NANO + 1, "Flat 2": 5 * NANO, "Flat 3": 0}


def test_a_mix_of_all_bases(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    for name, area, weight in (("Flat 1", 50, 2), ("Flat 2", 25, 1), ("Flat 3", 25, 1)):
        unit = Unit.objects.get(name=name)
        unit.area = area
        unit.save()
        FixedWeight.objects.create(shared_cost=stairs, unit=unit, weight=weight)
    Tenancy.objects.filter(tenant="Anna").update(occupants=3)
    for basis in ("equal", "area", "occupants", "consumption", "fixed"):
        setattr(stairs, basis, 20)
    stairs.full_clean()
    stairs.save()
    made = run(stairs, date(2025, 10, 7), date(2025, 10, 7), bill=900 * NANO)
    part = 180 * NANO
    assert shares(made) == {
        "Flat 1": part // 3 + part // 2 + part * 3 // 5 + part * 30 // 45 + part // 2,
        "Flat 2": part // 3 + part // 4 + part // 5 + part * 10 // 45 + part // 4,
        "Flat 3": part // 3 + part // 4 + part // 5 + part * 5 // 45 + part // 4,
    }
    assert made.shares.first().weights == {
        "equal": "1",
        "area": "50",
        "occupants": "3",
        "consumption": "0.720",
        "fixed": "2",
    }


def test_a_part_of_the_building_bears_its_own_costs(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    ground = Part.objects.create(property=stairs.property, name="Ground floor")
    ground.units.add(Unit.objects.get(name="Flat 2"))
    stairs.part = ground
    stairs.save()
    assert shares(run(stairs, date(2025, 10, 7), date(2025, 10, 7))) == {"Flat 2": 24 * 7 * PRICE}


@pytest.mark.parametrize(
    ("changes", "bill", "field", "says"),
    [
        ({"equal": 0, "area": 100}, NANO, "area", "floor area.*all shares are zero"),
        ({"equal": 0, "fixed": 100}, NANO, "fixed", "fixed weight.*all shares are zero"),
        ({}, 0, "amount", "must be more than 0"),
        ({}, -NANO, "amount", "must be more than 0"),
        ({}, 2**62, "amount", "at most 4611686"),
    ],
)
def test_what_cannot_be_divided_is_refused_by_its_field(edge, store, stairs, clock, changes, bill, field, says):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    for name, value in changes.items():
        setattr(stairs, name, value)
    stairs.save()
    with pytest.raises(ValidationError, match=says) as caught:
        run(stairs, date(2025, 10, 7), date(2025, 10, 7), bill=bill)
    assert list(caught.value.error_dict) == [field]
    assert not Run.objects.exists()


def test_a_rule_must_sum_to_a_hundred(stairs):
    stairs.area = 10
    with pytest.raises(ValidationError, match="add up to 110"):
        stairs.full_clean()


def test_a_cost_without_meters_needs_a_bill(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    stairs.meters.clear()
    with pytest.raises(ValidationError, match="enter the amount"):
        preview(stairs, date(2025, 10, 7), date(2025, 10, 7))


def test_a_bill_that_is_sent_twice_is_booked_once(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    day = date(2025, 10, 7)
    booked = run(stairs, day, day, 9 * NANO, "lift")
    for ask in (preview, run):
        with pytest.raises(ValidationError, match="booked for these days already") as caught:
            ask(stairs, day, day, 9 * NANO, "lift")
        assert list(caught.value.error_dict) == ["amount"]
    assert stairs.runs.count() == 1
    # Another bill of the same amount, and the same one once it was given back.
    run(stairs, day, day, 9 * NANO, "roof")
    reverse(booked)
    run(stairs, day, day, 9 * NANO, "lift")
    assert stairs.runs.filter(reversed_at=None).count() == 2


def test_scheduled_costs_run_when_their_days_are_over_and_reported(edge, store, stairs, clock):
    stairs.schedule, stairs.since = SharedCost.Schedule.DAILY, at(2025, 10, 7)
    stairs.save()
    edge.live(store, at(2025, 10, 9, 5), USED, HOUR)
    made, _waiting = run_what_is_due()
    assert [(each.begins, each.ends) for each in made] == [
        (at(2025, 10, 7), at(2025, 10, 8)),
        (at(2025, 10, 8), at(2025, 10, 9)),
    ]
    assert run_what_is_due() == ([], [])
    clock.at += DAY
    assert run_what_is_due()[1] == [
        "Linden 5, Stairs' light: Meter stairs has not reported up to that time yet. Wait, or choose an earlier day."
    ]
    stairs.schedule = SharedCost.Schedule.WEEKLY
    assert next_span(stairs) == (date(2025, 10, 9), date(2025, 10, 12))
    stairs.schedule = SharedCost.Schedule.MONTHLY
    assert next_span(stairs) == (date(2025, 10, 9), date(2025, 10, 31))


def test_a_share_of_who_has_moved_out_and_was_settled_is_a_debt_and_no_debit(edge, store, stairs, clock):
    edge.live(store, at(2025, 10, 9), USED, HOUR)
    anna = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")
    move_out(anna, at(2025, 10, 8))
    settle(anna)
    made = run(stairs, date(2025, 10, 7), date(2025, 10, 7), bill=3 * NANO)
    share = made.shares.get(tenancy=anna)
    assert (share.amount, share.command) == (NANO, None)
    assert balance(tenant_account(anna)) == 0
    assert balance(account(Organisation.objects.get(), Kind.DEBTS)) == -NANO
    reverse(made)
    assert balance(tenant_account(anna)) == 0


def test_the_orders_name_what_they_are_for(edge, store, stairs, clock):
    from tests.server.commissioning.test_setting_up import orders

    edge.live(store, at(2025, 10, 8), USED, HOUR)
    made = run(stairs, date(2025, 10, 7), date(2025, 10, 7), bill=3 * NANO, memo="invoice 12")
    share = made.shares.get(unit__name="Flat 1")
    name, text = (
        at_meter(Reference(Of.SHARE, share.pk), made.made_at),
        "Stairs' light, 2025-10-07 – 2025-10-07, invoice 12",
    )
    assert orders("m1")[-1] == Debit(name, NANO, text)
    name = at_meter(Reference(Of.SHARE, share.pk, "back"), reverse(made).reversed_at)
    assert orders("m1")[-1] == GrantCredit(name, NANO, "Stairs' light given back")


def test_a_cost_of_which_nothing_was_booked_is_removed_and_one_that_was_booked_never(edge, store, stairs, clock):
    garden = SharedCost.objects.create(property=stairs.property, name="Garden")
    FixedWeight.objects.create(shared_cost=garden, unit=Unit.objects.get(name="Flat 1"), weight=2)
    remove(garden)
    assert list(SharedCost.objects.all()) == [stairs]
    with pytest.raises(ValidationError, match="Garden has been removed in the meantime"):
        run(garden, date(2025, 10, 6), date(2025, 10, 6), bill=NANO)
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    made = run(stairs, date(2025, 10, 7), date(2025, 10, 7))
    with pytest.raises(ValidationError, match="can only be ended"):
        remove(stairs)
    # Given back it was booked all the same: the tenants' statements tell of it.
    reverse(made)
    with pytest.raises(ValidationError, match="can only be ended"):
        remove(stairs)


def test_an_ended_cost_divides_its_last_day_and_none_after_it(edge, store, stairs, clock):
    stairs.schedule, stairs.since = SharedCost.Schedule.WEEKLY, at(2025, 10, 6)
    stairs.save()
    edge.live(store, at(2025, 10, 14), USED, HOUR)
    # A Wednesday: the week that it is in is divided up to it.
    end(stairs, date(2025, 10, 8))
    made, waiting = run_what_is_due()
    assert [(each.begins, each.ends) for each in made] == [(at(2025, 10, 6), at(2025, 10, 9))] and waiting == []
    with pytest.raises(ValidationError, match="its last day is 2025-10-08"):
        run(stairs, date(2025, 10, 8), date(2025, 10, 9), bill=NANO)
    run(stairs, date(2025, 10, 8), date(2025, 10, 8), bill=NANO)
    with pytest.raises(ValidationError, match="up to 2025-10-08 are booked"):
        end(stairs, date(2025, 10, 7))
    end(stairs, None)
    stairs.refresh_from_db()
    assert next_span(stairs) == (date(2025, 10, 9), date(2025, 10, 12))


def test_a_flat_that_is_archived_bears_its_share_until_then(edge, store, stairs, clock):
    ben = Tenancy.objects.get(tenant="Ben")
    edge.live(store, at(2025, 10, 9), USED, HOUR)
    move_out(ben, clock.now())
    edge.live(store, at(2025, 10, 9, 1), USED, HOUR)
    settle(ben)
    archive_unit(ben.unit)
    edge.live(store, at(2025, 10, 11), USED, HOUR)
    for basis in ("equal", "consumption"):
        SharedCost.objects.update(**{each: 100 * (each == basis) for each in ("equal", "consumption")})
        stairs.refresh_from_db()
        plan = preview(stairs, date(2025, 10, 8), date(2025, 10, 8))
        assert [part.tenancy for part in plan.parts if part.unit == ben.unit and part.amount] == [ben]
        later = preview(stairs, date(2025, 10, 10), date(2025, 10, 10))
        assert "Flat 2" not in {part.unit.name for part in later.parts}
