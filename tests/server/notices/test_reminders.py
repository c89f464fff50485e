"""The reminder that credit is running low: the landlord's steps for everybody, the tenant's own beside them, and by reckoning
where a building is silent.
"""

import pytest
from django.http import QueryDict

from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.commissioning.apartments import Apartment
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.metering.models import Gateway
from prewatt.server.notices import watching
from prewatt.server.notices.models import Delivery, Recipient
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipient_settings import keep_settings
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.account_settings import refresh_settings
from prewatt.server.vending.models import Command
from tests.building import set_up
from tests.gateway import Edge
from tests.recorded import recorded_once
from tests.server.notices.test_notices import events, last, live, mail_account, told_by_mail, watch
from tests.server.vending.test_supply import last_order, rules


@pytest.fixture
@recorded_once
def edge(building, clock):
    made = Edge(building.code, clock)
    Gateway.objects.update(is_online=True)
    return made


@pytest.fixture
def anna(tenancy, internet):
    """Anna, who is told by e-mail at any hour, and has chosen nothing."""
    keep_account(tenancy.unit.property.organisation, "email", mail_account(internet))
    return told_by_mail(recipient_of(tenancy))


def low(recipient):
    return [each.title for each in recipient.notices.filter(event="low").order_by("pk")]


# -- for everybody -----------------------------------------------------------------------------------------------------------


def test_nine_tenants_who_never_looked_at_a_page_are_reminded_at_ten_kilowatt_hours(db, clock, store, internet):
    flats = [Apartment(f"Flat {number}", f"m{number}", f"Tenant {number}") for number in range(1, 10)]
    building = set_up(clock, apartments=flats)
    keep_account(building.property.organisation, "email", mail_account(internet))
    edge = Edge(building.code, clock)
    Gateway.objects.update(is_online=True)
    watching.watch()
    assert Recipient.objects.filter(tenancy__isnull=False).count() == 9
    for number, recipient in enumerate(Recipient.objects.order_by("pk")):
        # The landlord put it in.
        add_channel(recipient, "email", f"tenant{number}@example.com")
    for tenancy in Tenancy.objects.all():
        top_up(tenancy, 3 * NANO, f"c{tenancy.pk}")  # 15 kWh
    edge.live(store, clock.at + MINUTE, {}, MINUTE)
    edge.live(store, clock.at + HOUR, dict.fromkeys(edge.accounts, 1000), 15 * MINUTE)
    watch()
    assert not Recipient.objects.filter(notices__event="low").exists()
    edge.live(store, clock.at + 15 * MINUTE, dict.fromkeys(edge.accounts, 1010), 15 * MINUTE)
    watch()
    for recipient in Recipient.objects.filter(tenancy__isnull=False):
        assert low(recipient) == ["Your electricity credit is running low: 2.00 EUR"]
        assert "about 10 kWh" in last(recipient).text
    assert send_what_is_due() >= 9
    assert len({each.notice.recipient_id for each in Delivery.objects.filter(state="sent", notice__event="low")}) == 9


def test_who_has_just_moved_in_and_paid_nothing_is_not_warned_of_it(edge, store, anna, tenancy):
    live(edge, store, 0)
    watch()
    live(edge, store, 0)
    watch()
    assert events(anna) == []
    top_up(tenancy, NANO, "c1")  # 5 kWh
    live(edge, store, 0)
    watch()
    watch()
    assert low(anna) == ["Your electricity credit is running low: 1.00 EUR"]


# -- the steps -------------------------------------------------------------------------------------------------------------


def test_the_landlord_sets_the_steps_and_the_meters_watch_them(edge, log_in, building, tenancy):
    page = f"/properties/{building.property.pk}/supply/"
    manager = log_in("manager")
    given = rules(low_credit="5 20,50", low_credit_kwh="20,10,5", low_credit_days="1; 7, 3")
    assert "being sent to the meter" in manager.post(page, given, follow=True).content.decode()
    where = Property.objects.get(pk=building.property.pk)
    assert (where.low_credit, where.low_credit_kwh, where.low_credit_days) == ("20.5, 5", "20, 10, 5", "7, 3, 1")
    for meter in ("m1", "m2", "m3"):
        sent = last_order(meter).settings
        assert (sent.low_credit, sent.low_steps) == (20_500_000_000, (5 * NANO,))
        assert (sent.low_credit_energy, sent.low_energy_steps) == (20_000, (5_000, 10_000))
    assert 'value="20, 10, 5"' in manager.get(page).content.decode()
    before = Command.objects.count()
    again = {**given, "low_credit": "20.5, 5", "low_credit_kwh": "20 10 5", "low_credit_days": "2"}
    manager.post(page, again)
    assert Command.objects.count() == before, "days are the server's, and all else is as it was"
    assert Property.objects.get(pk=where.pk).low_credit_days == "2"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"low_credit": "-1"}, "A step must be more than 0."),
        ({"low_credit_kwh": "ten"}, "is not a number such as"),
        ({"low_credit_days": "1 2 3 4 5 6"}, "There are too many steps: at most 5 are possible."),
        ({"low_credit_days": "1.5"}, "is not a whole number"),
    ],
)
def test_a_step_that_can_not_be_is_named(log_in, building, changes, said):
    before = Command.objects.count()
    answer = log_in("manager").post(f"/properties/{building.property.pk}/supply/", rules(**changes))
    assert said in answer.content.decode()
    assert Command.objects.count() == before


def test_a_tenants_own_steps_are_watched_too_and_open_no_emergency_credit(edge, store, anna, tenancy):
    Property.objects.update(emergency_credit=5, low_credit_days="")
    refresh_settings()
    base = "language=en&quiet_from=0&quiet_until=0&tell=low"
    keep_settings(anna, QueryDict(f"{base}&low_energy=30+10&low_money=1"))
    sent = last_order("m1").settings
    assert (sent.low_credit, sent.low_credit_energy) == (0, 10_000)
    assert (sent.low_steps, sent.low_energy_steps) == ((NANO,), (30_000,))
    top_up(tenancy, 7 * NANO, "c1")  # 35 kWh
    live(edge, store, 0)
    assert not edge.accounts["m1"].to_warn(edge.clock.at, edge.accounts["m1"].balance)
    live(edge, store, 8_000)
    watch()
    assert low(anna) == ["Your electricity credit is running low: 5.40 EUR"]
    assert not edge.accounts["m1"].is_low()
    live(edge, store, 9_000, 2)
    watch()
    assert low(anna)[1:] == ["Your electricity credit is running low: 1.80 EUR"], (
        "the landlord's and the own one are one"
    )
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=edge.clock.at)
    assert [meter.name for meter in refresh_settings()] == ["m1"], "who comes next has not chosen them"
    assert last_order("m1").settings.low_energy_steps == ()
    assert refresh_settings() == []


def test_who_does_not_want_to_hear_of_it_does_not(edge, store, anna, tenancy):
    keep_settings(anna, QueryDict("language=en&quiet_from=0&quiet_until=0&tell=cut-off"))
    top_up(tenancy, NANO, "c1")
    live(edge, store, 1000)
    watch()
    assert low(anna) == []


# -- a silent building -----------------------------------------------------------------------------------------------------


@pytest.fixture
def silent(edge, store, anna, tenancy, clock):
    """Five days at 500 W, 2.40 a day, then nothing is heard of the building any more; 4.00 are left, 20 kWh."""
    Property.objects.update(low_credit_days="")
    top_up(tenancy, 16 * NANO, "c1")
    live(edge, store, 0)
    for _day in range(5):
        live(edge, store, 500, 24)
    watch()
    assert low(anna) == [] and edge.accounts["m1"].balance == 4 * NANO
    Gateway.objects.update(is_online=False, since=clock.at)
    return edge


def test_in_an_outage_the_usual_use_says_when_a_step_is_reached(silent, store, anna, clock):
    clock.at += 19 * HOUR
    watch()
    assert low(anna) == [], "9.5 of 20 kWh"
    clock.at += 2 * HOUR
    watch()
    watch()
    assert low(anna) == ["We estimate that your electricity credit is running low: about 1.90 EUR"]
    assert (
        "no data from the meter of Linden 5 Flat 1 since 2025-10-11 13:00" in last(anna).text
        and "about 9.5 kWh" in last(anna).text
    )
    # The building returns, and less was used: it is taken back without a word.
    silent.read("m1", silent.accounts["m1"].register + 9_000)
    silent.deliver(store)
    Gateway.objects.update(is_online=True)
    watch()
    assert len(low(anna)) == 1 and not anna.crossings.filter(is_raised=True).exists()
    live(silent, store, 600, 2)
    watch()
    assert low(anna)[1:] == ["Your electricity credit is running low: 1.96 EUR"], "and the true one is told"


def test_what_was_reckoned_and_is_so_is_not_told_twice(silent, store, anna, clock):
    clock.at += 21 * HOUR
    watch()
    silent.read("m1", silent.accounts["m1"].register + 11_000)
    silent.deliver(store)
    Gateway.objects.update(is_online=True)
    watch()
    live(silent, store, 400, 2)
    watch()
    assert len(low(anna)) == 1


def test_in_an_outage_who_has_paid_is_told_in_time_to_type_the_code(silent, anna, tenancy, clock):
    made = top_up(tenancy, 20 * NANO, "c2")
    clock.at += 42 * HOUR
    watch()
    watch()
    assert low(anna) == [], "there is enough, but it is not at the meter"
    (told,) = anna.notices.filter(event="exhausted")
    assert told.title == "We estimate that your electricity credit is used up"
    assert str(made.command.code) in told.text and "20.00 EUR cannot reach the meter by itself" in told.text


def test_by_reckoning_it_is_used_up_once_and_taken_back_where_it_is_not(silent, store, anna, clock):
    clock.at += 2 * DAY
    watch()
    clock.at += DAY
    watch()
    (told,) = anna.notices.filter(event="exhausted")
    assert "you get a code" in told.text
    silent.read("m1", silent.accounts["m1"].register + 1_000)
    silent.deliver(store)
    Gateway.objects.update(is_online=True)
    watch()
    assert events(anna).count("exhausted") == 1
    assert not anna.crossings.filter(is_raised=True).exists()
