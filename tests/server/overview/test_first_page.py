"""The first page: what is to be done, how the month goes, and how each unit stands, worked out once and kept."""

import re
from datetime import date

import pytest
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.headend.store import Store
from prewatt.kernel.forecast import days_until
from prewatt.kernel.names import natural, natural_bytes
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.billing.models import Debt
from prewatt.server.console.overview.words import why_in_words
from prewatt.server.correspondence.models import Report
from prewatt.server.estate.floors import floor_of, guessed_floor
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter
from prewatt.server.metering.outlook import days_left
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.contacts import keep_contact
from prewatt.server.overview.keeping import Keeper
from prewatt.server.overview.models import DayFigures, Keeping, Place, Summary
from prewatt.server.overview.money import keep_money
from prewatt.server.overview.places import keep_places
from prewatt.server.overview.to_do import keep_to_do
from prewatt.server.payments.models import BankLine
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.payments.wrong_flat import move_payment
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import TokenMeter
from prewatt.wire.topics import SHARDS
from tests.building import PASSWORD, ZONE
from tests.gateway import at
from tests.server.keypads import keypad_flat

pytestmark = pytest.mark.database


def words(answer):
    return " ".join(re.sub("<[^>]*>", " ", answer.content.decode()).split())


def keep():
    changed, is_done = keep_places(list(Property.objects.values_list("pk", flat=True)))
    assert is_done
    return changed


# -- what is kept ----------------------------------------------------------------------------------------------------------


def test_days_are_counted_as_the_journals_grow_and_each_entry_once(lived, building, clock):
    keep()
    for _twice in range(2):
        lived.live(Store(range(SHARDS)), clock.at + 6 * HOUR, {"m1": 200, "m2": 10, "main": 250}, HOUR)
        assert keep() == {building.property.pk}
        assert keep() == set(), "nothing moves where nothing has happened"
    for role, column in (("unit", "units"), ("common", "common"), ("main", "main")):
        counted = JournalEntry.objects.filter(meter__role=role).aggregate(sum=Sum("energy"))["sum"]
        assert DayFigures.objects.aggregate(sum=Sum(column))["sum"] == counted > 0
    kept = list(DayFigures.objects.order_by("day").values_list("day", "units", "main"))
    Place.objects.all().delete()
    DayFigures.objects.all().delete()
    keep()
    assert list(DayFigures.objects.order_by("day").values_list("day", "units", "main")) == kept, (
        "nor does it if it is made anew"
    )


def test_a_credit_lasts_as_long_as_the_units_page_says(lived, clock):
    lived.live(Store(range(SHARDS)), at(2025, 10, 12), {"m1": 300, "m2": 20}, HOUR)
    top_up(Tenancy.objects.get(tenant="Ben"), 9 * NANO, "b")
    lived.obey("m2")
    lived.append("m2", lived.accounts["m2"].relay(clock.at, True, "credit"))
    lived.deliver(Store(range(SHARDS)))
    keep()
    place, tenancy = Place.objects.get(name="Flat 2"), Tenancy.objects.get(tenant="Ben")
    meter = place.meter
    days = days_left(meter, tenancy, meter.balance, clock.at)
    assert days is not None and days_until(place.lasts_until, clock.at) == days > 3
    assert place.state == "ok" and keep() == set()
    # Only time passes: half an hour before it is fewer than three days, and half an hour after.
    clock.at = place.lasts_until - 2 * DAY - 12 * HOUR - 30 * MINUTE
    assert days_left(meter, tenancy, meter.balance, clock.at) == 3 and keep() == set()
    clock.at += HOUR
    assert days_left(meter, tenancy, meter.balance, clock.at) == 2
    assert keep() and Place.objects.get(name="Flat 2").state == "soon"


def test_the_worker_keeps_it_and_pages_then_look_at_nothing_themselves(building, log_in, monkeypatch):
    manager = log_in("manager")
    Keeper().keep()
    monkeypatch.setattr("prewatt.server.overview.keeping.keep_places", None)
    assert "Flat 1" in words(manager.get("/properties/"))
    Keeping.objects.update(at=1)
    with pytest.raises(TypeError):
        manager.get("/properties/")


def test_who_keeps_it_rests_after_it_has_worked(building, monkeypatch):
    looks = []
    keeper = Keeper()
    monkeypatch.setattr(keeper, "_look", lambda began: looks.append(began) or True)
    used = iter((0.0, 5.0, 5.0, 5.0))
    monkeypatch.setattr("prewatt.server.overview.keeping.time.thread_time", lambda: next(used))
    keeper.keep()
    keeper.keep()
    assert len(looks) == 1


def test_an_archived_unit_stands_in_no_list_and_its_use_stays_counted(lived, building, log_in, clock):
    keep()
    kept = DayFigures.objects.aggregate(sum=Sum("units"))["sum"]
    Unit.objects.filter(name="Flat 3").update(archived_at=clock.at)
    manager = log_in("manager")
    assert "Flat 3" not in words(manager.get("/properties/")) and Summary.objects.get().units == 2
    Unit.objects.update(archived_at=None)
    assert "Flat 3" in words(manager.get("/properties/"))
    assert DayFigures.objects.aggregate(sum=Sum("units"))["sum"] == kept


# -- now to do -------------------------------------------------------------------------------------------------------------


def test_it_says_who_is_off_since_when_and_why_and_leads_to_what_mends_it(lived, log_in, clock):
    lived.append("m1", lived.accounts["m1"].relay(clock.at, False, "exhausted"))
    lived.deliver(Store(range(SHARDS)))
    page = log_in("manager").get("/properties/")
    said, tenancy = words(page), Tenancy.objects.get(tenant="Anna")
    assert re.search(
        r"Now to do off Flat 1 Anna the credit is used up since 9 Oct, 00:00 -[\d.]+ EUR Take a payment", said
    )
    assert f'href="/tenancies/{tenancy.pk}/take-cash/"' in page.content.decode()
    top_up(Tenancy.objects.get(tenant="Anna"), 50 * NANO, "a")
    assert "off though paid Flat 1" in words(log_in("manager").get("/properties/")), "who has paid stands first"


def test_who_sees_no_money_sees_no_amount_and_gets_no_button_to_it(lived, building, log_in, client, clock):
    from django.contrib.auth import get_user_model

    lived.append("m1", lived.accounts["m1"].relay(clock.at, False, "exhausted"))
    lived.deliver(Store(range(SHARDS)))
    user = get_user_model().objects.create_user("site", password=PASSWORD)
    put_member(building.property.organisation, user, Role.SITE_STAFF)
    for query in ("", "?order=balance", "?show=off"):
        said = words(log_in("site").get(f"/properties/{query}"))
        assert "off Flat 1 Anna" in said and "EUR" not in said and "Balance" not in said and "payment" not in said
    assert "not reached" not in said, "nor what somebody else is to do"
    # Nor does a choice tell who has paid, here or where one sees some money but not all.
    top_up(Tenancy.objects.get(tenant="Anna"), NANO, "a")
    keep()
    assert shown(log_in("manager"), "?show=waiting") == ["Flat 1"]
    assert shown(log_in("site"), "?show=waiting") == ["Flat 1", "Flat 2", "Flat 3"]
    other = Property.objects.create(
        organisation=Organisation.objects.create(name="Tal"), name="Elm", zone=ZONE, currency="EUR"
    )
    put_member(other.organisation, user, Role.OWNER)
    assert len(shown(log_in("site"), "?show=waiting")) == 3


def test_of_many_five_are_named_and_the_rest_is_one_tap_away(building, log_in, clock):
    home = building.property
    units = Unit.objects.bulk_create(Unit(property=home, name=f"{number}") for number in range(1, 9))
    Tenancy.objects.bulk_create(Tenancy(unit=unit, tenant=f"T{unit.name}", begins=1) for unit in units)
    Meter.objects.bulk_create(
        Meter(name=f"x{unit.name}", unit=unit, gateway=Gateway.objects.get(), closed=False, seq=1, balance=-NANO)
        for unit in units
    )
    manager = log_in("manager")
    page = manager.get("/properties/")
    assert words(page).count("the credit is used up") == 5 + 8 and "and 3 more" in words(page)
    assert 'href="?show=off"' in page.content.decode()
    rows = re.findall(r'href="/units/\d+/">([^<]+)</a>', manager.get("/properties/?show=off").content.decode())
    assert rows[-8:] == [f"{number}" for number in range(1, 9)]


def test_gateways_alarms_and_what_waits_in_other_rooms_stand_there_too(building, log_in, clock):
    Gateway.objects.update(is_online=False, since=clock.at - HOUR)
    alarm = Alarm.objects.create(
        meter=Meter.objects.get(name="m2"), kind="switch-failed", at=clock.at, text="It sticks."
    )
    Report.objects.create(
        tenancy=Tenancy.objects.get(tenant="Anna"), category="other", made_at=clock.at, changed_at=clock.at
    )
    page = log_in("manager").get("/properties/")
    said = words(page)
    assert "gateway offline g1 3 meters of this gateway since 6 Oct, 11:00 What to do" in said
    assert "alarm Flat 2 It sticks. since 6 Oct, 12:00 What to do" in said
    assert f'href="/alarms/{alarm.pk}/"' in page.content.decode()
    assert "1 report is open" in said and "2 tenants get no notices" in said
    Gateway.objects.update(is_online=True)
    alarm.is_resolved = True
    alarm.save()
    Report.objects.update(state=Report.State.DONE)
    said = words(log_in("manager").get("/properties/"))
    assert not re.search("gateway offline|It sticks|report is open", said)


def test_money_that_waits_and_debts_stand_there_for_whoever_may_decide(building, log_in, client, clock):
    from django.contrib.auth import get_user_model

    owner, anna = building.property.organisation, Tenancy.objects.get(tenant="Anna")
    BankLine.objects.create(
        organisation=owner,
        fingerprint="f",
        day=date(2025, 10, 6),
        amount=5 * NANO,
        currency="EUR",
        uploaded_at=clock.at,
    )
    Debt.objects.create(tenancy=anna, who="Anna", amount=7 * NANO, of="top-up", number=1, since=clock.at - DAY)
    keep_to_do([owner], slow=True)
    said = words(log_in("manager").get("/properties/"))
    assert "to be booked 1 line of a bank statement since 6 Oct, 12:00 5.00 EUR Book" in said
    assert "owed to you 1 debt since 5 Oct, 12:00 7.00 EUR Debts" in said
    assert "finding of the reconciliation" not in said, "the line is to be booked: it is said once"
    put_member(owner, get_user_model().objects.create_user("till", password=PASSWORD), Role.CASHIER)
    said = words(log_in("till").get("/properties/"))
    assert "to be booked" not in said and "owed to you" not in said


# -- the month -------------------------------------------------------------------------------------------------------------


def test_the_month_stands_beside_the_same_whole_days_of_the_month_before(building, log_in, clock):
    home = building.property
    keep()
    for day, energy, money in (
        (date(2025, 9, 3), 100_000, 10),
        (date(2025, 9, 20), 900_000, 900),
        (date(2025, 10, 3), 150_000, 5),
        (date(2025, 10, 6), 7_000, 2),
    ):
        DayFigures.objects.create(property=home, day=day, units=energy, money=money * NANO)
    Keeping.objects.create(pk=1, at=10**18)
    manager = log_in("manager")
    keeping = Keeping.objects.get()
    from prewatt.server.core.time import system_now

    keeping.at = system_now()
    keeping.save()
    said = words(manager.get("/properties/"))
    assert "2.00 EUR received today 7.00 EUR received this month 50 % less than in the same days of last month" in said
    assert "157 kWh used this month 50 % more than in the same days of last month" in said


def test_money_of_today_is_what_came_in_and_a_payment_that_is_moved_is_counted_once(building, log_in, clock):
    anna = Tenancy.objects.get(tenant="Anna")
    top_up(anna, 5 * NANO, "a")
    clock.at += 13 * HOUR
    top_up(anna, 7 * NANO, "b")
    said = words(log_in("manager").get("/properties/"))
    assert "7.00 EUR received today 12.00 EUR received this month" in said


def test_money_that_never_came_is_not_counted_and_what_moves_counts_where_it_was_paid(building, tenancy, admin_user):
    Gateway.objects.update(is_online=True)
    typed_twice, wrong_flat = top_up(tenancy, 5 * NANO, "a"), top_up(tenancy, 7 * NANO, "b")
    reverse_top_up(typed_twice, admin_user, "typed twice")
    move_payment(wrong_flat, Tenancy.objects.get(tenant="Ben"), admin_user, "wrong flat")
    keep_money([building.property.pk], None)
    assert [each.money for each in DayFigures.objects.all()] == [7 * NANO]


def test_what_is_not_accounted_for_is_said_where_there_is_a_main_meter(lived, log_in):
    # 550 Wh an hour by the main meter, 500 by all others.
    assert re.search(r"9\.1 % not accounted for this month, \d+ kWh", words(log_in("manager").get("/properties/")))


# -- units -----------------------------------------------------------------------------------------------------------------


def shown(client, query):
    page = client.get(f"/properties/{query}").content.decode()
    return [name.strip() for name in re.findall(r"<tr>\s*<td>\s*(?:<a[^>]*>)?([^<]+)", page)]


def test_a_unit_is_found_by_its_name_its_tenant_its_meter_and_a_phone_number(building, log_in, clock):
    ben = Tenancy.objects.get(tenant="Ben")
    keep_contact(ben, Contact(phone="+4915112345678"))
    Tenancy.objects.create(unit=Unit.objects.get(name="Flat 3"), tenant="Dora", begins=clock.at + DAY)
    manager = log_in("manager")
    for text, found in (
        ("flat 2", ["Flat 2"]),
        ("ann", ["Flat 1"]),
        ("dora", ["Flat 3"]),
        ("m3", ["Flat 3"]),
        ("0151 12345678", ["Flat 2"]),
        ("+49 151 1234-5678", ["Flat 2"]),
        ("12345678", []),
        ("%", []),
        ("nobody", []),
    ):
        assert shown(manager, f"?q={text.replace('+', '%2B')}") == found, text


def test_where_nobody_lives_no_credit_was_used_up():
    lacks = "nobody lives here, so there is no credit"
    for why, vacant, lived_in in (
        ("exhausted", lacks, "the credit is used up"),
        ("credit-limit", lacks, "the limit of what may be owed is reached"),
        ("ordered", "switched off by the manager", "switched off by the manager"),
        ("", "", ""),
    ):
        assert [why_in_words(Place(why=why, tenancy_id=each)) for each in (None, 1)] == [vacant, lived_in]


def test_places_are_chosen_put_in_order_and_turned_over_and_nothing_of_it_is_lost(building, log_in):
    home = building.property
    Unit.objects.bulk_create(Unit(property=home, name=f"N{number}") for number in range(1, 121))
    Meter.objects.filter(name="m1").update(seq=5, balance=-NANO, closed=True)
    Meter.objects.filter(name="m2").update(seq=5, balance=3 * NANO, closed=True, read_at=1)
    manager = log_in("manager")
    first = shown(manager, "")
    assert first == ["Flat 1", "Flat 2", "Flat 3", *(f"N{number}" for number in range(1, 98))]
    assert shown(manager, "?page=2") == [f"N{number}" for number in range(98, 121)]
    assert shown(manager, "?order=balance")[:2] == ["Flat 1", "Flat 3"]
    assert len(shown(manager, "?show=vacant&page=2")) == 21
    page = manager.get("/properties/?show=vacant&order=need&page=2")
    part = manager.get(
        f"/properties/?show=vacant&order=need&page=2&seen={page.context['seen']}", headers={"HX-Request": "true"}
    )
    assert part["HX-Retarget"] == "#ticket", "asked again, it is the same"
    assert 'hx-get="?show=vacant&amp;order=need&amp;page=2&amp;seen=' in page.content.decode()
    assert shown(manager, "?page=nine&order=x&show=y&property=z") == first


@pytest.mark.parametrize("text", ["%00", "'", "%25", "9" * 300, "😀", "-1", "+49", "０１５１ １２３４５６７８", "<b>"])
def test_whatever_is_looked_for_is_answered(building, log_in, text):
    manager = log_in("manager")
    for field in ("q", "page", "order", "show", "property"):
        answer = manager.get(f"/properties/?{field}={text}")
        assert answer.status_code == 200 and "<b></" not in answer.content.decode()


def test_a_page_that_is_kept_is_worked_out_again_when_somebody_is_called_otherwise(
    building, log_in, django_capture_on_commit_callbacks, tenancy
):
    Keeper().keep()
    manager = log_in("manager")
    assert "Anna" in words(manager.get("/properties/"))
    tenancy.tenant = "Annabel"
    with django_capture_on_commit_callbacks(execute=True):
        tenancy.save()
    assert "Annabel" in words(manager.get("/properties/"))


def test_the_page_costs_the_same_whatever_the_number_of_units(building, log_in, django_assert_max_num_queries):
    from prewatt.server.commissioning.setup import Apartment
    from tests.building import set_up

    set_up(None, name="Elm 1", gateway="g2", apartments=[Apartment(f"{n}", f"y{n}", f"T{n}") for n in range(40)])
    for meter in Meter.objects.filter(unit__isnull=False)[:5]:
        Alarm.objects.create(meter=meter, kind="switch-failed", at=1, text="It sticks.")
    Keeper().keep()
    manager = log_in("manager")
    with django_assert_max_num_queries(11):
        assert "T39" in words(manager.get("/properties/"))
    with django_assert_max_num_queries(5):
        assert "T39" in words(manager.get("/properties/")), "nothing is worked out where nothing has changed"


# -- the plan --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "floor"),
    [
        ("302", 3),
        ("A-1204", 12),
        ("2-301", 3),
        ("2.OG links", 2),
        ("3. Stock", 3),
        ("EG rechts", 0),
        ("UG 1", -1),
        ("5楼12室", 5),
        ("３０２", 3),
        ("3rd floor left", 3),
        ("Flat 12", None),
        ("Attic", None),
        ("12345", None),
    ],
)
def test_a_floor_is_what_the_name_says_unless_somebody_has_typed_it(name, floor):
    assert guessed_floor(name) == floor and floor_of(name, None) == floor
    assert floor_of(name, 7) == 7 and floor_of(name, 0) == 0


def test_the_plan_has_the_highest_floor_on_top_and_neither_names_nor_money(building, log_in):
    home = building.property
    for name in ("101", "110", "102", "201"):
        Unit.objects.create(property=home, name=name)
    Unit.objects.filter(name="Flat 1").update(floor=3)
    Meter.objects.filter(name="m1").update(seq=5, balance=-NANO, closed=False)
    said = words(log_in("manager").get(f"/properties/{home.pk}/plan/"))
    assert re.search(
        r"Floor 3 Flat 1 off Floor 2 201 no meter Floor 1 101 no meter 102 no meter 110 no meter Flat 2", said
    )
    assert "Anna" not in said and "EUR" not in said and "1.00" not in said


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(alphabet="aB 09-1ä楼２", max_size=8), min_size=2))
def test_bytes_of_names_sort_as_people_count(names):
    assert sorted(names, key=natural_bytes) == sorted(names, key=natural)


def test_a_keypad_meter_that_hangs_in_a_flat_or_is_taken_away_is_seen(building):
    unit = keypad_flat(building.property, "Attic").unit
    meter = TokenMeter.objects.get(unit=unit)
    for hangs, why in ((None, "no-meter"), (unit, "keypad"), (None, "no-meter")):
        TokenMeter.objects.filter(pk=meter.pk).update(unit=hangs)
        keep()
        assert Place.objects.get(unit=unit).why == why
