"""A move that was typed wrongly is put right, before and after its day: books and meter are equal to the unit afterwards."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from prewatt.kernel.entries import NEVER, ChangeTenancy
from prewatt.kernel.limits import most_paid
from prewatt.kernel.units import HOUR, NANO
from prewatt.server.billing.models import MoveChange
from prewatt.server.billing.open_debts import open_debts
from prewatt.server.billing.owed import owed, pay_out
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Meter
from prewatt.server.payments.staff import record
from prewatt.server.sales.corrections import correct
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.statement import statement
from prewatt.server.tenancies.moving import move_in, move_out, settle, settle_what_is_due
from prewatt.server.tenancies.put_right import Change, preview, put_right
from prewatt.server.vending.models import Command
from tests.building import PRICE
from tests.gateway import at
from tests.server.commissioning.test_setting_up import orders
from tests.server.statements.test_statements import USED, anna, dearer, edge, full  # noqa: F401

pytestmark = pytest.mark.database
DAY_OF_USE = 24 * 321 * 200_000
"""What Flat 1 uses in a day, nano."""


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.fixture
def moved(edge, store, anna):  # noqa: F811
    """Anna left on the 9th, and Zoe came at the same moment, with 30.00 and a deposit of 50.00: typed so. It is the 12th."""
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    move_out(anna, at(2025, 10, 9))
    zoe = move_in(anna.unit, "Zoe", at(2025, 10, 9), deposit=50 * NANO)
    top_up(zoe, 30 * NANO, "zoe")
    edge.obey("m1")
    edge.live(store, at(2025, 10, 12), USED, HOUR)
    assert settle_what_is_due() == [anna]
    return Tenancy.objects.get(pk=anna.pk), zoe


def everything_agrees(edge, store, owner):  # noqa: F811
    """The meter takes up what was sent; then it holds what those who live there have in the books, each statement is the
    books, what is owed either way is the books, and all sums to zero.
    """
    edge.obey("m1")
    edge.deliver(store)
    mine = Tenancy.objects.filter(unit__name="Flat 1").select_related("unit__property__organisation")
    held = sum(balance(tenant_account(each)) for each in mine if each.settled_at is None)
    assert Meter.objects.get(name="m1").balance == edge.accounts["m1"].balance == held
    for each in mine:
        assert statement(each, 0, edge.clock.at + 1).closing == balance(tenant_account(each)), each
    assert balance(account(owner, Kind.REFUNDS)) == sum(each.left for each in owed(owner))
    assert -balance(account(owner, Kind.DEBTS)) == sum(each.left for each in open_debts(owner))
    assert sum(trial_balance(owner).values()) == 0
    return {each.tenant: balance(tenant_account(each)) for each in mine if each.settled_at is None}


def test_a_handover_that_was_a_day_later_moves_the_days_use(edge, store, moved, owner, admin_user):  # noqa: F811
    anna, zoe = moved  # noqa: F811
    change = Change(ends=at(2025, 10, 10), along=True)
    before = trial_balance(owner)
    shown = preview(anna, change, admin_user)
    assert trial_balance(owner) == before and not MoveChange.objects.exists()
    (anna_was, anna_is), (zoe_was, zoe_is) = shown.rows
    assert (anna_was.bill, anna_is.bill) == (2 * DAY_OF_USE, 3 * DAY_OF_USE)
    assert (anna_was.owed, anna_is.owed) == (20 * NANO - 2 * DAY_OF_USE, 20 * NANO - 3 * DAY_OF_USE)
    assert (zoe_was.bill, zoe_is.bill) == (3 * DAY_OF_USE, 2 * DAY_OF_USE)
    assert put_right(anna, change, admin_user, "the keys were handed over later") == shown
    assert everything_agrees(edge, store, owner) == {"Zoe": 30 * NANO - 2 * DAY_OF_USE}
    assert [(each.who, each.left) for each in owed(owner)] == [("Anna", 20 * NANO - 3 * DAY_OF_USE)]
    zoe.refresh_from_db()
    assert zoe.begins == at(2025, 10, 10)
    # And back again: all is as it was.
    put_right(anna, Change(ends=at(2025, 10, 9), along=True), admin_user, "no, it was right")
    assert everything_agrees(edge, store, owner) == {"Zoe": 30 * NANO - 3 * DAY_OF_USE}
    assert [each.left for each in owed(owner)] == [20 * NANO - 2 * DAY_OF_USE]
    made = MoveChange.objects.first()
    assert (made.reason, made.was[str(anna.pk)][1]) == ("no, it was right", at(2025, 10, 10))


def test_a_gap_between_two_is_the_landlords(edge, store, moved, owner, admin_user):  # noqa: F811
    _anna, zoe = moved
    vacant = balance(account(owner, Kind.VACANCY))
    put_right(zoe, Change(begins=at(2025, 10, 10)), admin_user, "she came later")
    assert balance(account(owner, Kind.VACANCY)) == vacant - DAY_OF_USE
    assert everything_agrees(edge, store, owner) == {"Zoe": 30 * NANO - 2 * DAY_OF_USE}


def test_what_was_paid_out_too_much_is_a_debt(edge, store, moved, owner, admin_user):  # noqa: F811
    anna, _zoe = moved  # noqa: F811
    pay_out(owed(owner)[0], "cashier")
    found = put_right(anna, Change(ends=at(2025, 10, 10), along=True), admin_user, "a day later")
    assert found.rows[0][1].owes == DAY_OF_USE and "paid out to Anna already" in " ".join(found.says)
    everything_agrees(edge, store, owner)
    assert [(each.who, each.left) for each in open_debts(owner)] == [("Anna", DAY_OF_USE)]
    # Put right again before she has paid it all: what she has paid is counted.
    record(anna, NANO // 2, "late", admin_user)
    put_right(anna, Change(ends=at(2025, 10, 9), along=True), admin_user, "it was right")
    everything_agrees(edge, store, owner)
    assert not open_debts(owner)
    assert [each.left for each in owed(owner)] == [NANO // 2]


def test_what_was_paid_out_too_little_is_owed(edge, store, moved, owner, admin_user):  # noqa: F811
    anna, _zoe = moved  # noqa: F811
    pay_out(owed(owner)[0], "cashier", 5 * NANO)
    put_right(anna, Change(ends=at(2025, 10, 8), along=True), admin_user, "a day earlier")
    assert everything_agrees(edge, store, owner) == {"Zoe": 30 * NANO - 4 * DAY_OF_USE}
    assert [each.left for each in owed(owner)] == [15 * NANO - DAY_OF_USE]


def test_who_does_not_move_out_after_all_has_the_credit_again(edge, store, anna, owner, admin_user):  # noqa: F811
    move_out(anna, at(2025, 10, 9))
    edge.obey("m1")
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    settle(anna)
    edge.obey("m1")
    edge.live(store, at(2025, 10, 11), USED, HOUR)
    found = put_right(anna, Change(stays=True), admin_user, "she stays")
    assert "Anna is open again" in " ".join(found.says)
    assert everything_agrees(edge, store, owner) == {"Anna": 20 * NANO - 4 * DAY_OF_USE}
    assert not owed(owner)
    # She does move out in the end.
    move_out(Tenancy.objects.get(pk=anna.pk), at(2025, 10, 12))
    edge.obey("m1")
    edge.live(store, at(2025, 10, 13), USED, HOUR)
    assert settle_what_is_due() == [anna]
    assert everything_agrees(edge, store, owner) == {}
    assert [each.left for each in owed(owner)] == [20 * NANO - 5 * DAY_OF_USE]


def test_a_deposit_that_covered_is_held_again_first(edge, store, anna, owner, admin_user):  # noqa: F811
    put_right(anna, Change(deposit=3 * NANO), admin_user, "was forgotten")
    move_out(anna, at(2025, 10, 21))
    edge.obey("m1")
    edge.live(store, at(2025, 10, 22), USED, HOUR)
    settle(anna)
    lacks = 14 * DAY_OF_USE - 23 * NANO
    assert lacks < 0
    assert balance(account(owner, Kind.DEPOSITS)) == 0
    assert sorted(each.left for each in owed(owner)) == [-lacks]
    put_right(anna, Change(deposit=NANO), admin_user, "it was 1.00")
    everything_agrees(edge, store, owner)
    assert [each.left for each in open_debts(owner)] == [14 * DAY_OF_USE - 21 * NANO]
    assert not owed(owner)
    put_right(anna, Change(deposit=50 * NANO), admin_user, "it was 50.00")
    everything_agrees(edge, store, owner)
    assert not open_debts(owner)
    assert [(each.why, each.left) for each in owed(owner)] == [("deposit", 70 * NANO - 14 * DAY_OF_USE)]
    assert balance(account(owner, Kind.CASH)) == -90 * NANO


def test_what_is_yet_to_come_is_changed_at_the_meter(edge, store, anna, owner, admin_user):  # noqa: F811
    first, right = at(2025, 10, 20), at(2025, 10, 18)
    move_out(anna, first)
    move_in(anna.unit, "Zoe", first)
    put_right(anna, Change(ends=right, along=True), admin_user, "two days earlier")
    edge.obey("m1")
    assert edge.accounts["m1"].restarts == (right,)
    zoe = Tenancy.objects.get(tenant="Zoe")
    put_right(zoe, Change(begins=first), admin_user, "she comes later")
    edge.obey("m1")
    assert edge.accounts["m1"].restarts == (right, first)
    put_right(anna, Change(ends=at(2025, 10, 19)), admin_user, "a day later")
    edge.obey("m1")
    assert edge.accounts["m1"].restarts == (at(2025, 10, 19), first)
    with pytest.raises(ValidationError, match=r"Zoe lives there then"):
        put_right(anna, Change(stays=True), admin_user, "she stays")
    assert everything_agrees(edge, store, owner) == {"Anna": 20 * NANO, "Zoe": 0}


def test_a_move_out_that_is_yet_to_come_is_taken_back_at_the_meter(edge, store, anna, owner, admin_user):  # noqa: F811
    move_out(anna, at(2025, 10, 20))
    put_right(anna, Change(stays=True), admin_user, "she stays")
    assert orders("m1")[-1] == ChangeTenancy(NEVER, at(2025, 10, 20))
    edge.obey("m1")
    assert edge.accounts["m1"].restarts == (NEVER,)
    edge.live(store, at(2025, 10, 21), USED, HOUR)
    assert settle_what_is_due() == []
    assert everything_agrees(edge, store, owner) == {"Anna": 20 * NANO - 14 * DAY_OF_USE}


def test_name_and_person(edge, store, anna, owner, admin_user):  # noqa: F811
    before = Transfer.objects.count(), Command.objects.count()
    put_right(anna, Change(tenant=" Anne ", another=True), admin_user, "misheard")
    found = Tenancy.objects.get(pk=anna.pk)
    assert found.tenant == "Anne" and not found.people.exists()
    assert (Transfer.objects.count(), Command.objects.count()) == before


def test_while_the_journal_is_not_here_it_is_settled_later(edge, store, moved, owner, admin_user):  # noqa: F811
    anna, _zoe = moved  # noqa: F811
    edge.clock.at = at(2025, 10, 13)
    found = put_right(anna, Change(ends=at(2025, 10, 12, 12), along=True), admin_user, "still there")
    assert "as soon as the meter has reported" in " ".join(found.says)
    # The gateway has read on meanwhile, and what it has comes now.
    edge.clock.at = at(2025, 10, 12)
    edge.obey("m1")
    edge.live(store, at(2025, 10, 13), USED, HOUR)
    assert [each.pk for each in settle_what_is_due()] == [anna.pk]
    everything_agrees(edge, store, owner)
    assert [each.left for each in owed(owner)] == [20 * NANO - 11 * DAY_OF_USE // 2]


def test_what_the_meter_counted_is_said(edge, store, anna, owner, admin_user):  # noqa: F811
    full(anna.unit.property)
    edge.obey("m1")
    edge.live(store, at(2025, 10, 10), USED, HOUR)
    move_out(anna, at(2025, 10, 9))
    found = preview(Tenancy.objects.get(pk=anna.pk), Change(ends=at(2025, 10, 8)), admin_user)
    assert "has counted tiers" in " ".join(found.says)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(), "This changes nothing"),
        (Change(ends=at(2025, 10, 5)), "can't end before"),
        (Change(ends=at(2027, 10, 5)), "less than a year before or after today"),
        (Change(begins=at(2023, 10, 5)), "less than a year before or after today"),
        (Change(ends=at(2025, 10, 10)), "Zoe lives there then"),
        (Change(stays=True), "Zoe lives there then"),
        (Change(deposit=-1), "A deposit is between"),
        (Change(deposit=most_paid("EUR") + 1), "A deposit is between 0 and 100,000.00"),
        (Change(tenant=""), "blank"),
    ],
)
def test_what_cannot_be_changes_nothing(edge, store, moved, owner, admin_user, change, said):  # noqa: F811
    before, sent = trial_balance(owner), Command.objects.count()
    with pytest.raises(ValidationError, match=said):
        put_right(moved[0], change, admin_user, "x")
    with pytest.raises(ValidationError, match="Say why"):
        put_right(moved[0], Change(tenant="Anne"), admin_user, " ")
    assert (trial_balance(owner), Command.objects.count()) == (before, sent)


def test_the_page_shows_what_it_comes_to_and_then_does_it(edge, store, moved, owner, log_in):  # noqa: F811
    anna, _zoe = moved  # noqa: F811
    manager, path = log_in("manager"), f"/tenancies/{anna.pk}/put-move-right/"
    assert path in manager.get(f"/units/{anna.unit_id}/people/").content.decode()
    form = manager.get(path).content.decode()
    assert 'value="2025-10-09T00:00"' in form
    typed = {"tenant": "Anna", "begins": "2025-10-06T12:00", "ends": "2025-10-10T00:00", "deposit": "0", "along": "on"}
    page = manager.post(path, {**typed, "do": "look"}).content.decode()
    for text in ("3.08", "4.62", "16.92", "15.38", "Correct it"):
        assert text in page, text
    assert page.count('value="2025-10-10T00:00"') == 2 and 'name="along" checked' in page
    wrong = manager.post(path, {**typed, "ends": "2025-10-05T00:00", "deposit": "12", "do": "look"})
    assert wrong.status_code == 400
    page = wrong.content.decode()
    assert '<em class="bad">A tenancy can&#x27;t end before it begins.</em>' in page
    assert all(f'value="{each}"' in page for each in ("2025-10-05T00:00", "12")) and 'name="along" checked' in page
    assert 'value="2025-10-09T00:00"' in manager.get(path).content.decode()
    twice = manager.post(path, {**typed, "ends": "2025-10-26T02:30", "do": "look"}).content.decode()
    assert "This hour comes twice. Which one?" in twice and 'value="2025-10-26T02:30:00+01:00"' in twice
    assert not MoveChange.objects.exists()
    assert "Say why" in manager.post(path, {**typed, "do": "do"}).content.decode()
    said = manager.post(path, {**typed, "do": "do", "reason": "a day later"}, follow=True).content.decode()
    assert "The move is corrected" in said
    assert everything_agrees(edge, store, owner) == {"Zoe": 30 * NANO - 2 * DAY_OF_USE}
    said = manager.post(path, {"tenant": "Anne", "another": "on", "reason": "x", "do": "do"}, follow=True)
    assert "Anne has no login yet" in said.content.decode()
    assert log_in("flat2").get(path).status_code == 404


def test_programs_put_a_move_right(edge, store, moved, owner, client):  # noqa: F811
    anna, _zoe = moved  # noqa: F811
    client.force_login(get_user_model().objects.get(username="manager"))

    def post(**given):
        body = json.dumps({"reason": "a day later", "ends": "2025-10-10T00:00:00+02:00", "along": True, **given})
        return client.post(f"/api/v1/tenancies/{anna.pk}/put-move-right", body, content_type="application/json")

    shown = post(preview=True).json()["tenancies"][0]
    assert (shown["before"]["bill"], shown["after"]["bill"]) == ("3.081600000", "4.622400000")
    assert not MoveChange.objects.exists()
    assert post().json()["tenancies"][0] == shown
    assert post().status_code == 400
    for field in ("begins", "ends", "deposit"):
        assert [each["field"] for each in post(**{field: "tomorrow"}).json()["errors"]] == [field]
    assert everything_agrees(edge, store, owner) == {"Zoe": 30 * NANO - 2 * DAY_OF_USE}
    client.force_login(get_user_model().objects.get(username="flat2"))
    assert post().status_code == 404


def test_it_says_that_what_a_correction_of_prices_charged_does_not_move(edge, store, anna, admin_user):  # noqa: F811
    edge.live(store, at(2025, 10, 8), USED, HOUR)
    move_out(anna, at(2025, 10, 9))
    move_in(anna.unit, "Zoe", at(2025, 10, 9))
    edge.live(store, at(2025, 10, 12), USED, HOUR)
    where = anna.unit.property
    correct(where, dearer(where, 3 * PRICE), at(2025, 10, 9), at(2025, 10, 11), "wrong price list")
    says = preview(anna, Change(ends=at(2025, 10, 10), along=True), admin_user).says
    assert any("The prices of some of these days were corrected (wrong price list)" in each for each in says)
    assert preview(anna, Change(tenant="Anne"), admin_user).says == []


def test_a_late_move_says_what_a_correction_charged_for_its_days(edge, store, anna, manager, program):  # noqa: F811
    said = "The prices of some of these days were corrected (wrong price list)."
    edge.live(store, at(2025, 10, 12), USED, HOUR)
    where = anna.unit.property
    correct(where, dearer(where, 3 * PRICE), at(2025, 10, 9), at(2025, 10, 11), "wrong price list")
    path, before = f"tenancies/{anna.pk}/move-out", Transfer.objects.count()
    wall = {"ends": "2025-10-10T00:00:00+02:00"}
    with transaction.atomic():
        page = manager.post(
            f"/tenancies/{anna.pk}/move-out/", {"ends": "2025-10-10T00:00", "sure": "move-out"}, follow=True
        )
        assert said in page.content.decode()
        transaction.set_rollback(True)
    late = program("post", path, wall)
    assert (late.status_code, late.json()["ends"]) == (200, "2025-10-09T22:00:00Z")
    assert [each[: len(said)] for each in late.json()["says"]] == [said]
    booked = Transfer.objects.count()
    assert booked > before
    # Sent again, it is the same move-out, and says the same.
    assert program("post", path, wall).json() == late.json() and Transfer.objects.count() == booked
    given = {"unit": anna.unit.name, "tenant": "Zoe", "begins": wall["ends"]}
    moved_in = program("post", f"properties/{where.pk}/tenancies", given)
    assert [each[: len(said)] for each in moved_in.json()["says"]] == [said]


def test_a_move_of_the_future_says_nothing_of_what_stays(program, tenancy):
    given = {"ends": "2025-10-10T00:00:00+02:00"}
    assert program("post", f"tenancies/{tenancy.pk}/move-out", given).json()["says"] == []
    assert program("post", f"tenancies/{tenancy.pk}/move-out", {"ends": "soon"}).status_code == 400
