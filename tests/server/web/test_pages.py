"""The pages' rules: who sees what, what a figure means, what is sent when."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model

from prewatt.kernel.account import Account
from prewatt.kernel.entries import SetTariff, encode_entry
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, instant
from prewatt.server.estate.models import Organisation, Tenancy, Unit
from prewatt.server.metering.models import Gateway, JournalEntry, Meter
from prewatt.server.vending.models import TopUp
from prewatt.server.web.figures import tenancy_panel
from tests.building import FLAT, PASSWORD, PRICE, ZONE, set_up

BERLIN = ZoneInfo(ZONE)


@pytest.fixture
def log_in(client, building):
    def log_in(name):
        assert client.login(username=name, password=PASSWORD)
        return client

    return log_in


def readings(meter, *points):
    """Journal rows of a meter: (wall clock, register)."""
    account = Account.load(bytes(meter.account))
    command = meter.credit_log.get(kind="tariff")
    account.command = command.number - 1
    account.apply(account.read(0, 0))
    from prewatt.kernel.entries import Command

    account.apply(account.follow(0, Command(meter.name, command.number, 0, SetTariff(0, FLAT))))
    for wall, register in points:
        entry = account.read(instant(datetime(*wall, tzinfo=BERLIN)), register)
        account.apply(entry)
        JournalEntry.objects.create(
            meter=meter,
            seq=entry.seq,
            at=entry.at,
            kind="reading",
            balance=entry.balance,
            register=entry.register,
            energy=entry.energy,
            charge=entry.charge,
            body=encode_entry(entry),
            hash=b"",
        )
    meter.seq, meter.balance, meter.register, meter.read_at = (
        account.seq,
        account.balance,
        account.register,
        account.read_at,
    )
    meter.account = account.dump()
    meter.save()


def test_a_day_is_from_midnight_to_midnight_on_the_propertys_clock(tenancy, clock):
    tenancy.begins = 0
    tenancy.save()
    meter = Meter.objects.get(name="m1")
    readings(
        meter,
        ((2025, 9, 30, 23, 45), 100),
        ((2025, 10, 1, 0, 0), 150),
        ((2025, 10, 1, 0, 15), 157),
        ((2025, 10, 26, 2, 0), 1157),
        ((2025, 10, 27, 0, 0), 1257),
        ((2025, 10, 27, 0, 15), 1260),
    )
    clock.at = instant(datetime(2025, 10, 27, 9, tzinfo=BERLIN))
    panel = tenancy_panel(tenancy, clock.now(), Meter.objects.get(unit=tenancy.unit_id))
    used = {day.day.day: day.energy for day in panel.days if day.energy}
    assert len(panel.days) == 31
    # The last reading of September closes September; the day on which the clocks go back has all of its 25 hours.
    assert used == {1: 7, 26: 1000 + 100, 27: 3}
    assert panel.today.day.day == 27
    assert (panel.month_energy, panel.month_charge) == (1110, 1110 * PRICE)


def test_a_tenant_sees_only_what_was_used_since_the_move_in(tenancy, clock):
    tenancy.begins = instant(datetime(2025, 10, 3, 12, tzinfo=BERLIN))
    tenancy.save()
    readings(
        Meter.objects.get(name="m1"),
        ((2025, 10, 3, 11, 0), 500),
        ((2025, 10, 3, 12, 0), 800),
        ((2025, 10, 3, 13, 0), 801),
    )
    assert tenancy_panel(tenancy, clock.now(), Meter.objects.get(unit=tenancy.unit_id)).month_energy == 1


def test_each_sees_their_own_page_and_no_other(log_in):
    unit = Unit.objects.get(name="Flat 1")
    tenant = log_in("flat1")
    assert tenant.get("/", follow=True).redirect_chain[-1][0] == "/me/"
    assert b"Anna" in tenant.get("/me/").content
    assert b"Ben" not in tenant.get("/me/").content
    for path in ("/properties/", f"/units/{unit.pk}/"):
        assert tenant.get(path).status_code == 404
    assert tenant.post(f"/units/{unit.pk}/top-up/", {"amount": "5", "credit_id": "x"}).status_code == 404
    manager = log_in("manager")
    assert manager.get("/", follow=True).redirect_chain[-1][0] == "/properties/"
    assert manager.get("/me/").status_code == 404
    assert not TopUp.objects.exists()


def test_a_manager_sees_nothing_of_another_organisation(log_in, clock):
    other = set_up(
        clock,
        organisation="Other Homes",
        name="Elm 1",
        gateway="g2",
        manager="rival",
        apartments=[_flat("Flat 1", "x1")],
    )
    theirs = other.property.units.get()
    manager = log_in("manager")
    assert b"Elm 1" not in manager.get("/properties/").content
    assert manager.get(f"/units/{theirs.pk}/").status_code == 404
    assert manager.post(f"/units/{theirs.pk}/top-up/", {"amount": "5", "credit_id": "x"}).status_code == 404


def _flat(unit, meter):
    from prewatt.server.commissioning.setup import Apartment

    return Apartment(unit, meter, "Zoe")


def test_who_owns_nothing_and_lives_nowhere_is_told_so(log_in):
    get_user_model().objects.create_user("guest", password=PASSWORD)
    assert b"Nothing here yet" in log_in("guest").get("/").content


def test_the_live_part_is_sent_only_when_it_has_changed(log_in):
    manager = log_in("manager")
    page = manager.get("/properties/")
    seen = page.context["seen"]
    same = manager.get(f"/properties/?seen={seen}", headers={"HX-Request": "true"})
    assert same["HX-Retarget"] == "#ticket" and b"Flat 1" not in same.content
    Meter.objects.filter(name="m1").update(balance=5 * NANO)
    part = manager.get(f"/properties/?seen={seen}", headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert b"5.00" in part.content


def test_an_offline_building_is_shown_with_what_was_known_last_and_since_when(log_in, clock):
    meter = Meter.objects.get(name="m1")
    readings(meter, ((2025, 10, 6, 11, 45), 1000))
    Meter.objects.filter(pk=meter.pk).update(closed=True)
    Gateway.objects.update(is_online=False, since=clock.now() - 5 * MINUTE)
    content = log_in("manager").get("/properties/").content.decode()
    assert "offline since 6 Oct, 11:55" in content
    assert "last known" in content
    assert "6 Oct, 11:45" in content


def test_what_a_meter_says_of_itself_is_shown_before_its_journal_is_here(log_in):
    Meter.objects.filter(name="m1").update(told_seq=9, told_balance=-NANO, told_closed=False, told_at=0)
    assert "-1.00" in log_in("flat1").get("/me/").content.decode()


@pytest.mark.parametrize(
    ("switch", "tenant", "manager", "dark"),
    [
        ("", "The power is on.", ">on<", 0),
        ("verified", "The power is on.", ">on<", 0),
        ("asked", "is told to switch on. It has not answered yet.", "told to switch on", 0),
        ("confirmed", "and has confirmed it. It has not shown yet that the power is on.", "told to switch on", 0),
        ("waits-for-button", "Press the button at the meter: the power is back at once.", "press the button", 1),
        ("failed", "was told to switch on, but has not done it", "the switch does not obey", 1),
        ("of-tomorrow", "The power is on.", ">on<", 0),
    ],
)
def test_who_was_told_to_be_on_is_shown_as_served_only_when_that_was_seen(log_in, switch, tenant, manager, dark):
    told = {"told_seq": 9, "told_balance": 9 * NANO, "told_closed": True, "told_at": 0, "told_switch": switch}
    Meter.objects.filter(name="m1").update(seq=9, balance=9 * NANO, closed=True)
    Meter.objects.filter(name="m1").update(**told)
    page = log_in("flat1").get("/me/").content.decode()
    assert tenant in re.sub(r"\s+", " ", page) and ("The power is on." in page) == (manager == ">on<")
    page = log_in("manager").get("/properties/").content.decode()
    assert manager in page and f"<b>{dark}</b>without power" in page


def test_an_order_that_the_journal_shows_first_is_not_taken_for_done(log_in):
    """Its gateway has said of the order before that it was seen: to be off."""
    Meter.objects.filter(name="m1").update(seq=9, balance=9 * NANO, closed=True)
    Meter.objects.filter(name="m1").update(told_seq=8, told_closed=False, told_switch="verified")
    assert "The power is on." not in log_in("flat1").get("/me/").content.decode()


def test_who_was_told_to_be_off_and_is_not_is_named_to_the_manager(log_in):
    Meter.objects.filter(name="m1").update(seq=9, balance=-NANO, closed=False)
    Meter.objects.filter(name="m1").update(told_seq=9, told_balance=-NANO, told_closed=False, told_switch="failed")
    assert "the switch does not obey" in log_in("manager").get("/properties/").content.decode()


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("", "This field is required"),
        ("twelve", "not a number"),
        ("NaN", "not a number"),
        ("Infinity", "not a number"),
        ("1e30", "not a number"),
        ("1.0000000001", "not a number"),
        ("0", "more than 0"),
        ("-5", "more than 0"),
        ("100000.01", "at most 100,000.00"),
        ("10,000.50", "Is this the amount?"),
        ("\x00", "Null characters are not allowed"),
        ("1" * 31, "at most 30 characters"),
    ],
)
def test_nonsense_in_the_amount_is_named_and_nothing_is_paid(log_in, amount, says):
    unit = Unit.objects.get(name="Flat 1")
    answer = log_in("manager").post(f"/units/{unit.pk}/top-up/", {"amount": amount, "credit_id": "x"}, follow=True)
    assert says in answer.content.decode()
    assert not TopUp.objects.exists()


def test_a_form_that_is_sent_twice_is_one_payment(log_in):
    unit = Unit.objects.get(name="Flat 1")
    manager = log_in("manager")
    for _ in range(2):
        answer = manager.post(
            f"/units/{unit.pk}/top-up/", {"amount": "12,50", "credit_id": "x", "note": "n" * 100}, follow=True
        )
        assert "on its way to the meter" in answer.content.decode()
    made = TopUp.objects.get()
    assert (made.amount, made.by.username, made.note) == (12_500_000_000, "manager", "n" * 100)
    assert manager.post(f"/units/{unit.pk}/top-up/", {"amount": "5", "credit_id": "x"}, follow=True).status_code == 200
    assert TopUp.objects.count() == 1


@pytest.mark.parametrize("credit_id", ["", "c" * 41, "\x00" * 3])
def test_a_credit_id_that_is_none_is_refused(log_in, credit_id):
    unit = Unit.objects.get(name="Flat 1")
    answer = log_in("manager").post(f"/units/{unit.pk}/top-up/", {"amount": "5", "credit_id": credit_id}, follow=True)
    assert answer.status_code == 200
    assert not TopUp.objects.exists()


def test_a_vacant_unit_has_a_page_and_takes_no_payment(log_in):
    unit = Unit.objects.get(name="Flat 3")
    manager = log_in("manager")
    page = manager.get(f"/units/{unit.pk}/").content.decode()
    assert "Nobody lives here now" in page and "The meter has not reported yet" in page
    assert manager.post(f"/units/{unit.pk}/top-up/", {"amount": "5", "credit_id": "x"}).status_code == 404


def test_a_vacant_unit_is_switched_on_for_a_time_and_with_a_limit(log_in):
    unit = Unit.objects.get(name="Flat 3")
    manager = log_in("manager")
    assert f'action="/units/{unit.pk}/order/"' in manager.get(f"/units/{unit.pk}/switch/").content.decode()
    for fields in ({"do": "limit", "watts": "1000"}, {"do": "restore", "hours": "4", "sure": "restore"}):
        manager.post(f"/units/{unit.pk}/order/", {**fields, "reason": "painters"})
    page = manager.get(f"/units/{unit.pk}/switch/").content.decode()
    assert page.count("painters") == 2
    assert Meter.objects.get(name="m3").credit_log.filter(kind="control").count() == 2


def test_who_goes_and_who_comes_is_shown_as_such(log_in, tenancy, clock):
    tenancy.ends = clock.now() + 3 * DAY
    tenancy.save()
    Tenancy.objects.create(unit=tenancy.unit, tenant="Carla", begins=clock.now() + 5 * DAY)
    Tenancy.objects.create(unit=Unit.objects.get(name="Flat 3"), tenant="Dora", begins=clock.now() + 2 * DAY)
    manager = log_in("manager")
    page = " ".join(re.sub("<[^>]*>", " ", manager.get("/properties/").content.decode()).split())
    assert "Anna until 9 Oct 2025, Carla moves in on 11 Oct 2025" in page
    assert "Flat 3 Dora moves in on 8 Oct 2025" in page and "Dora until" not in page
    page = " ".join(re.sub("<[^>]*>", " ", manager.get(f"/units/{tenancy.unit_id}/").content.decode()).split())
    assert "Anna until 9 Oct 2025" in page
    clock.at += 4 * DAY
    page = " ".join(re.sub("<[^>]*>", " ", manager.get("/properties/").content.decode()).split())
    assert "Anna" not in page and "Flat 1 Carla moves in on 11 Oct 2025" in page


def test_units_are_in_the_order_in_which_people_count(log_in):
    where = Organisation.objects.get().properties.get()
    for name in ("10", "2", "1"):
        Unit.objects.create(property=where, name=name)
    page = log_in("manager").get("/properties/").content.decode()
    places = [page.index(f">{name}</a>") for name in ("1", "2", "10", "Flat 1")]
    assert places == sorted(places)


def test_the_page_says_when_the_head_end_is_not_running(log_in):
    assert "The head-end is not running" in log_in("manager").get("/properties/").content.decode()


def test_a_unit_without_a_meter_and_a_tenancy_without_one(log_in):
    owner = Organisation.objects.get()
    unit = Unit.objects.create(property=owner.properties.get(), name="Attic")
    user = get_user_model().objects.create_user("attic", password=PASSWORD)
    Tenancy.objects.create(unit=unit, tenant="Eve", begins=HOUR).people.add(user)
    assert "no meter" in log_in("manager").get("/properties/").content.decode()
    assert log_in("attic").get("/me/").status_code == 200
