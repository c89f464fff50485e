"""All meters of a line are silent: managers are told of the line, and not of each of its meters."""

import pytest
from django.utils.translation import override

from prewatt.kernel.units import MINUTE
from prewatt.server.console.silences.in_words import advice, headline
from prewatt.server.metering.models import Alarm, Gateway, Meter, Silence
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.vending.silences import BACK_FOR, COUNTED_IN
from tests.server.notices.test_notices import events, last, office, watch  # noqa: F401
from tests.server.vending.test_silences import edge, gateway, tick  # noqa: F401

pytestmark = pytest.mark.database


def report(since, *trouble, meters=("m1", "m2"), why=""):
    """Let the gateway's last status say that its line is in trouble; nothing: that none is."""
    line = {"name": "cellar", "port": "/dev/ttyUSB0", "meters": list(meters), "why": why, "since": since}
    Gateway.objects.update(lines=[{**line, "trouble": each} for each in trouble])


def lose(edge, store, name, cause="nothing"):  # noqa: F811
    """Let a meter stop answering, as its journal says."""
    edge.append(name, edge.accounts[name].event(edge.clock.at, "meter-lost", cause))
    edge.deliver(store)


def open_alarms():
    return [(alarm.kind, str(alarm.gateway or alarm.meter)) for alarm in Alarm.objects.filter(is_resolved=False)]


def test_a_silent_line_is_one_alarm_with_its_flats_and_ends_by_itself(gateway, edge, store, office, clock):  # noqa: F811
    report(clock.at, "gone", why="there is no adapter /dev/ttyUSB0")
    began = clock.at
    clock.at += 9 * MINUTE
    tick()
    assert not Silence.objects.exists()
    clock.at += MINUTE
    tick()
    tick()
    watch()
    assert open_alarms() == [("silent", "g1")]
    alarm = Alarm.objects.get()
    assert "Gateway g1, line cellar (Flat 1, Flat 2): nothing has been heard since" in alarm.text
    assert "Its port can't be used: there is no adapter /dev/ttyUSB0. Look whether the adapter" in alarm.text
    assert alarm.at == began
    assert events(office) == ["offline"]
    told = last(office)
    assert told.title == "Linden 5, line cellar: no meter has answered for 10 minutes"
    assert "there is no adapter /dev/ttyUSB0" in told.text and "look at the adapter" in told.text
    assert "this may cost 33.6 kWh, 6.72 EUR a day" in told.text
    silence = Silence.objects.get()
    assert headline(silence) == "Line cellar is silent" and "no adapter" in advice(silence, went_on=False)
    with override("de"):
        text = advice(silence, went_on=False)
        assert "no adapter /dev/ttyUSB0" in text and "Look whether" not in text and "Look whether" not in alarm.sentence
    send_what_is_due()
    report(0)
    for name in edge.accounts:
        edge.read(name, edge.accounts[name].register + 100)
    edge.deliver(store)
    tick()
    clock.at += BACK_FOR
    tick()
    assert open_alarms() == [] and Silence.objects.get().over_at == clock.at
    assert headline(Silence.objects.get()) == "Line cellar was silent"
    assert last(office).title == "Linden 5, line cellar: the meters answer again after 10 minutes"


def test_a_line_that_comes_and_goes_is_one_alarm(gateway, office, clock):  # noqa: F811
    began = clock.at
    report(began, "silent")
    clock.at += 10 * MINUTE
    tick()
    for _ in range(5):
        report(0)
        clock.at += BACK_FOR // 2
        tick()
        report(clock.at, "silent")
        clock.at += BACK_FOR // 2
        tick()
    assert Silence.objects.count() == Alarm.objects.count() == 1


def test_of_a_meter_on_a_silent_line_nobody_is_told_but_of_one_that_stays_silent_after_it(
    gateway, edge, store, office, clock  # noqa: F811
):  # fmt: skip
    lose(edge, store, "m1")
    report(clock.at, "silent")
    clock.at += 30 * MINUTE
    tick()
    assert open_alarms() == [("silent", "g1")]
    # The line is back, and a meter on it may need a while until it is asked again.
    report(0)
    tick()
    clock.at += COUNTED_IN - 1
    tick()
    assert open_alarms() == [("silent", "g1")]
    clock.at += 1
    tick()
    tick()
    assert open_alarms() == [("silent", "m1")]
    assert "nothing has been heard since" in Alarm.objects.get(is_resolved=False).text


def test_a_meter_that_refuses_is_told_of_with_what_it_says(gateway, edge, store, office, clock):  # noqa: F811
    lose(edge, store, "m1", "the meter refuses: no such data (error 02)")
    clock.at += 30 * MINUTE
    tick()
    (alarm,) = Alarm.objects.all()
    assert alarm.text.endswith("Its gateway says: the meter refuses: no such data (error 02).")
    assert alarm.meter == Meter.objects.get(name="m1")
