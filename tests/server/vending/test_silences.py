"""A gateway or a meter is silent: managers are told within minutes, with what it may cost, and when it is back."""

import pytest

from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.billing.lendings import lendings
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter, Silence
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.silences import tell_of_silences
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.silences import BACK_FOR, look, usual_day
from tests.gateway import Edge
from tests.recorded import recorded_once
from tests.server.notices.test_notices import events, last, office, watch  # noqa: F401

pytestmark = pytest.mark.database
USED = {"m1": 100, "m2": 250}
"""Wh a quarter of an hour: 9.6 and 24 kWh, 1.92 and 4.80 a day."""


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """A gateway that has served for three days: Anna has 50.00 less 5.76, Ben 20.00 less 14.40."""
    made = Edge(building.code, clock)
    top_up(Tenancy.objects.get(tenant="Anna"), 50 * NANO, "anna-1")
    top_up(Tenancy.objects.get(tenant="Ben"), 20 * NANO, "ben-1")
    for name in made.accounts:
        made.obey(name)
    made.live(store, clock.at + 3 * DAY, USED, 15 * MINUTE)
    Gateway.objects.update(is_online=True, since=clock.at - 3 * DAY)
    return made


@pytest.fixture
def gateway(edge):
    return Gateway.objects.get()


def gone(at):
    Gateway.objects.update(is_online=False, since=at)


def back(at):
    Gateway.objects.update(is_online=True, since=at)


def tick():
    look()
    tell_of_silences()


def test_a_gateway_is_told_of_within_minutes_and_daily_with_what_it_may_cost(gateway, office, clock):  # noqa: F811
    gone(clock.at)
    clock.at += 9 * MINUTE
    tick()
    assert events(office) == [] and not Silence.objects.exists()
    clock.at += MINUTE
    tick()
    tick()
    watch()
    assert events(office) == ["offline"]
    told = last(office)
    assert told.title == "Gateway g1 has been silent for 10 minutes"
    assert "this may cost 33.6 kWh, 6.72 EUR a day" in told.text
    assert "Linden 5 Flat 1: 9.6 kWh, 1.92 EUR a day, its credit lasts about 23 days" in told.text
    assert "Linden 5 Flat 2: 24.0 kWh, 4.80 EUR a day, its credit lasts about 1 day\n" in told.text
    assert "beyond" not in told.text and "/silences/" in told.text
    assert Alarm.objects.get(is_resolved=False).kind == "silent"
    for hours, number in ((23, 1), (1, 2), (23, 2), (1, 3)):
        clock.at += hours * HOUR
        tick()
        assert events(office).count("offline") == number
    # Two days: Ben had 5.65, and may have used 9.60 and ten minutes'.
    assert "about 3.98 EUR beyond its credit" in last(office).text
    assert "about 3.98 EUR may have been used by now beyond what was paid" in last(office).text


def test_who_is_told_when_is_a_rule_of_the_property(gateway, office, clock):  # noqa: F811
    Property.objects.update(silence_minutes=3, silence_again=0)
    gone(clock.at)
    clock.at += 3 * MINUTE
    tick()
    assert last(office).title == "Gateway g1 has been silent for 3 minutes"
    clock.at += 30 * DAY
    tick()
    assert events(office) == ["offline"]


def test_a_line_that_comes_and_goes_is_told_of_once(gateway, edge, store, office, clock):  # noqa: F811
    gone(clock.at)
    for _time in range(4):
        clock.at += 11 * MINUTE
        tick()
        back(clock.at)
        tick()
        send_what_is_due()
        clock.at += 5 * MINUTE
        tick()
        gone(clock.at)
    assert events(office) == ["offline"] and Silence.objects.count() == 1
    clock.at += 20 * MINUTE
    tick()
    back(clock.at)
    edge.live(store, clock.at + 15 * MINUTE, USED, 15 * MINUTE)
    clock.at += 1
    tick()
    tick()
    assert events(office) == ["offline", "back"]
    assert last(office).title == "Gateway g1 is back after 84 minutes"
    assert not Alarm.objects.filter(kind="silent", is_resolved=False).exists()
    # Away again: it is told of anew.
    gone(clock.at)
    clock.at += 10 * MINUTE
    tick()
    assert events(office) == ["offline", "back", "offline"]


def test_back_before_anybody_heard_is_not_told(gateway, edge, store, office, clock):  # noqa: F811
    office.quiet_from, office.quiet_until = 0, 23
    office.save()
    gone(clock.at)
    clock.at += 10 * MINUTE
    tick()
    back(clock.at)
    edge.live(store, clock.at + 15 * MINUTE, USED, 15 * MINUTE)
    tick()
    assert events(office) == ["offline"] and office.notices.get().is_overtaken


def test_another_gateways_return_leaves_what_waits_to_be_said(gateway, office, clock):  # noqa: F811
    other = Gateway.objects.create(property=gateway.property, name="g2", is_online=False, since=clock.at)
    office.quiet_from, office.quiet_until = 0, 23
    office.save()
    gone(clock.at)
    clock.at += 10 * MINUTE
    tick()
    Gateway.objects.filter(pk=other.pk).update(is_online=True, since=clock.at)
    clock.at += BACK_FOR
    tick()
    assert {each.title[:10]: each.is_overtaken for each in office.notices.all()} == {
        "Gateway g1": False,
        "Gateway g2": True,
    }


def test_a_meter_that_does_not_answer_is_told_of_though_its_gateway_speaks(gateway, edge, store, office, clock):  # noqa: F811
    clock.at += 7 * MINUTE
    edge.append("m2", edge.accounts["m2"].event(clock.at, "meter-lost", "no answer"))
    for _quarter in range(2):
        clock.at += 15 * MINUTE
        edge.read("m1", edge.accounts["m1"].register + 100)
    edge.deliver(store)
    tick()
    watch()
    assert events(office) == ["offline"]
    assert last(office).title == "Linden 5 Flat 2: the meter has been silent for 30 minutes"
    assert "24.0 kWh, 4.80 EUR a day" in last(office).text and "Flat 1" not in last(office).text
    send_what_is_due()
    edge.append("m2", edge.accounts["m2"].event(clock.at, "meter-back"))
    edge.read("m2", edge.accounts["m2"].register + 2000)
    edge.deliver(store)
    tick()
    clock.at += BACK_FOR
    tick()
    assert last(office).title == "Linden 5 Flat 2: the meter answers again after 30 minutes"
    assert "2.0 kWh were used, for 0.40 EUR" in last(office).text and "Nobody owes anything" in last(office).text


def test_a_gateway_that_never_enrolled_is_told_of_after_a_day_where_somebody_lives(building, office, clock):  # noqa: F811
    clock.at += 23 * HOUR
    tick()
    assert events(office) == []
    clock.at += HOUR
    tick()
    assert last(office).title == "Gateway g1 has never connected"
    assert "For 3 flats we know too little" in last(office).text


def test_where_nobody_lives_a_gateway_that_never_enrolled_is_no_news(building, office, clock):  # noqa: F811
    Tenancy.objects.update(ends=clock.at + 1)
    clock.at += 5 * DAY
    tick()
    assert events(office) == []


def test_what_is_off_costs_nothing_and_what_is_unknown_is_said(gateway, office, clock):  # noqa: F811
    Meter.objects.filter(name="m2").update(closed=False)
    JournalEntry.objects.filter(meter__name="m1", at__lt=clock.at - HOUR).delete()
    gone(clock.at)
    clock.at += 10 * MINUTE
    tick()
    found = {each.row.meter.name: (each.energy, each.charge) for each in lendings(Silence.objects.get(), clock.at)}
    assert found == {"m1": (None, None), "m2": (0, 0), "m3": (0, 0)}
    assert usual_day(Meter.objects.get(name="m2"))[0] == 24_000
    assert "For 1 flat we know too little" in last(office).text


def test_a_gateway_that_was_revoked_is_not_said_to_be_back(gateway, office, clock):  # noqa: F811
    gone(clock.at)
    clock.at += 10 * MINUTE
    look()
    tell_of_silences()
    Gateway.objects.update(is_revoked=True)
    look()
    tell_of_silences()
    assert Silence.objects.get().over_at == clock.at
    assert events(office) == ["offline"]
