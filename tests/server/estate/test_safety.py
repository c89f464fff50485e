"""Safety limits and off hours, from the form to the meter and back: of a property, of one unit, on pages and in notices."""

import json

import pytest
from django.core.exceptions import ValidationError

from prewatt.kernel.entries import ChangeSettings, decode_command
from prewatt.kernel.off_hours import OffHours
from prewatt.kernel.safety import KINDS, Limit
from prewatt.kernel.supply import Window
from prewatt.kernel.units import MINUTE, NANO
from prewatt.server.estate.models import Property, Unit
from prewatt.server.estate.safety_rules import check_limits, in_words, read_limits
from prewatt.server.estate.supply_windows import read_windows
from prewatt.server.metering.models import Meter
from prewatt.server.notices.languages import CHINESE, language_of
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipients import manager_of, recipient_of
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.account_settings import refresh_settings, send_settings
from prewatt.server.vending.models import Command
from tests.gateway import Edge, at, take
from tests.recorded import recorded_once
from tests.server.notices.test_notices import ALWAYS, watch
from tests.server.vending.test_supply import last_order, rules

EVERY_DAY = tuple(range(8))


@pytest.fixture
@recorded_once
def edge(building, clock):
    return Edge(building.code, clock)


# -- as people type them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("voltage over 253 V for 5 s: off", Limit("over-voltage", 253_000, 5, trip=True)),
        ("voltage under 207: tell", Limit("under-voltage", 207_000)),
        (
            "current over 20,5 A for 2 min: off until a person",
            Limit("over-current", 20_500, 120, trip=True, waits=True),
        ),
        ("neutral current over 16 A: tell", Limit("neutral-current", 16_000)),
        ("residual current over 30 mA: off", Limit("residual-current", 30, trip=True, waits=True)),
        ("temperature over 80 °C for 30 s: off", Limit("over-temperature", 800, 30, trip=True, waits=True)),
        ("temperature over 60 C: tell", Limit("over-temperature", 600)),
        ("power factor under 0.8 for 1 h: tell", Limit("low-power-factor", 800, 3600)),
        ("frequency over 50.2 Hz: tell", Limit("over-frequency", 50_200)),
        ("frequency under 49.8 Hz: tell", Limit("under-frequency", 49_800)),
        ("arc: off", Limit("arc", 0, trip=True, waits=True)),
        ("arc for 2 s: tell", Limit("arc", 0, 2)),
    ],
)
def test_a_limit_is_read_and_reads_as_itself_again(line, limit):
    assert read_limits(f"  {line.replace(' ', '  ', 1)}\n") == (limit,)
    assert read_limits(in_words(limit)) == (limit,)


def test_every_kind_of_limit_can_be_typed_and_has_words_in_both_languages():
    chinese = language_of(CHINESE).words
    assert set(KINDS) <= set(chinese.events)
    assert set(KINDS) == set(chinese.advice)
    typed = "\n".join(
        in_words(Limit(code, 300 if code == "residual-current" else 0)) for code in ("arc", "residual-current")
    )
    assert {each.code for each in read_limits(typed)} == {"arc", "residual-current"}
    assert read_limits("") == read_limits(" None ") == ()


@pytest.mark.parametrize(
    "typed",
    [
        "Voltage over 253V for 5s: Off", "voltage over 253 v for 5 sec: off", "VOLTAGE OVER 253 V FOR 5 SECONDS：OFF",
        "voltage over 253,0 V for 5 s : off",
    ],
)  # fmt: skip
def test_limits_are_read_as_phones_write_them(typed):
    assert read_limits(typed) == (Limit("over-voltage", 253_000, 5, trip=True),)
    assert [each.delay for each in read_limits("arc for 2 minutes: tell\ncurrent over 25a for 1 hour: tell")] == [
        120,
        3600,
    ]


@pytest.mark.parametrize(
    "typed", ["Daily 23:00 - 06:00", "daily 23:00–06:00", "daily 23：00—06：00，", "daily 23:00~06:00"]
)
def test_off_hours_are_read_as_phones_write_them(typed):
    assert read_windows(typed) == read_windows("daily 23:00-06:00")


def test_limits_between_which_nothing_lies_are_refused_as_every_flat_would_be_dark():
    check_limits("voltage over 253 V: off\nvoltage under 207 V: off")
    for typed in (
        "voltage over 207 V: off\nvoltage under 253 V: off",
        "frequency over 50 Hz: tell\nfrequency under 50 Hz: off",
    ):
        with pytest.raises(ValidationError, match="lower than"):
            check_limits(typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("lots", "is not a limit such as voltage over 253 V"),
        ("voltage over 253 V", "is not a limit such as"),
        ("voltage over 253 V: explode", "write one of these after the colon: tell, off, off until a person"),
        ("temperature under 5 °C: tell", "Known kinds: voltage over"),
        ("voltage over 253 A: off", "type the value in V"),
        ("voltage over 23 V: off", "from 50 to 500 V"),
        ("voltage over 65535 V: off", "from 50 to 500 V"),
        ("power factor under 1.5: tell", "from 0 to 1, in steps of 0.001"),
        ("residual current over 0.5 mA: off", "in steps of 1"),
        ("voltage over x V: off", "is not a number"),
        ("voltage over 253 V for 99999 s: off", "one day at most"),
        ("voltage over 253 V: off\nvoltage over 260 V: off", "a limit of this kind already"),
    ],
)
def test_a_limit_that_can_not_be_is_named_with_its_line(typed, said):
    with pytest.raises(ValidationError, match=said):
        read_limits(typed)


# -- of a property, of a unit ------------------------------------------------------------------------------------------


def test_the_rules_of_a_property_reach_every_meter_as_they_were_typed(manager, building):
    answer = manager.post(
        f"/properties/{building.property.pk}/supply/",
        rules(
            limits="voltage over 253 V for 5 s: off\ntemperature over 60 °C: tell",
            off_hours="mon-sun 23:00-06:00",
            off_watts="300",
            off_kwh="1.5",
            off_holidays="DE-BE",
            off_days="2025-11-11",
        ),
        follow=True,
    )
    assert "being sent to the meter" in answer.content.decode()
    for meter in ("m1", "m2", "m3"):
        settings = last_order(meter).settings
        assert settings.limits == (Limit("over-voltage", 253_000, 5, trip=True), Limit("over-temperature", 600))
        hours = settings.off_hours
        assert (hours.windows, hours.watts, hours.energy) == ((Window(tuple(range(7)), 1380, 360),), 300, 1500)
        assert {"2025-10-03", "2025-11-11", "2029-12-25"} <= set(hours.days)
    page = manager.get(f"/properties/{building.property.pk}/supply/").content.decode()
    assert "voltage over 253 V for 5 s: off" in page and "mon-sun 23:00-06:00" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"limits": "voltage over 23 V: off"}, "from 50 to 500 V"),
        ({"off_hours": "nights"}, "“nights” can&#x27;t be read"),
        ({"off_holidays": "XX"}, "is not a known country"),
        ({"off_days": "soon"}, "is not a date"),
        ({"off_watts": "-1"}, "At least 0."),
        ({"off_kwh": "lots"}, "is not a number such as"),
    ],
)
def test_a_rule_that_can_not_be_is_said_and_nothing_is_sent(manager, building, changes, said):
    before = Command.objects.count()
    answer = manager.post(f"/properties/{building.property.pk}/supply/", rules(**changes))
    assert said in answer.content.decode()
    assert Command.objects.count() == before


def test_a_unit_has_rules_of_its_own_or_none_at_all(manager, building):
    Property.objects.update(limits="voltage over 253 V: off", off_hours="daily 23:00-06:00", off_watts=300)
    unit = Unit.objects.get(name="Flat 1")
    before = Command.objects.count()
    own = {
        "power_limit": "2000",
        "limits": "arc: off",
        "off_hours": "daily 22:00-07:00",
        "off_watts": "",
        "off_kwh": "2",
    }
    answer = manager.post(f"/units/{unit.pk}/meter-rules/", own, follow=True)
    assert "being sent to the meter" in answer.content.decode()
    settings = last_order("m1").settings
    assert settings.power.watts == (2000,) and settings.limits == (Limit("arc", 0, trip=True, waits=True),)
    assert settings.off_hours == OffHours((Window(EVERY_DAY, 1320, 420),), (), 300, 2000)
    assert Command.objects.count() == before + 1, "the others keep the property's"
    manager.post(f"/units/{unit.pk}/meter-rules/", {"limits": "none", "off_hours": "none"}, follow=True)
    settings = last_order("m1").settings
    assert settings.limits == () and settings.off_hours == OffHours()
    manager.post(f"/units/{unit.pk}/meter-rules/", {}, follow=True)
    assert last_order("m1").settings.off_hours == OffHours((Window(EVERY_DAY, 1380, 360),), (), 300, 0)


def test_what_is_wrong_with_a_units_own_rules_stands_beside_its_field(manager, building):
    unit = Unit.objects.get(name="Flat 1")
    before = Command.objects.count()
    page = manager.post(
        f"/units/{unit.pk}/meter-rules/", {"limits": "voltage over 9 V: off"}, follow=True
    ).content.decode()
    assert page.count("from 50 to 500 V") == 2 and "voltage over 9 V: off" in page
    assert Command.objects.count() == before and Meter.objects.get(name="m1").limits == ""


def test_a_limit_that_would_darken_a_building_at_once_is_a_slip_and_nothing_is_sent(manager, building):
    Meter.objects.filter(name="m2").update(told_quantities={"voltage-l1": 231_400, "residual-current": 50})
    page, before = f"/properties/{building.property.pk}/supply/", Command.objects.count()
    said = "Flat 2 measures 231.4 V now: “voltage over 230 V: off” would switch it off at once."
    assert said in manager.post(page, rules(limits="voltage over 230 V: off")).content.decode()
    unit = Unit.objects.get(name="Flat 2")
    answer = manager.post(f"/units/{unit.pk}/meter-rules/", {"limits": "voltage over 230 V: off"}, follow=True)
    assert said in answer.content.decode() and Command.objects.count() == before
    # What is dangerous may be switched off at once, and what is only told may be told.
    manager.post(page, rules(limits="voltage over 230 V: tell\nresidual current over 30 mA: off"))
    assert len(last_order("m2").settings.limits) == 2


def test_a_new_years_holidays_are_sent_for_off_hours_too(building, clock):
    Property.objects.update(off_hours="mon-sun 23:00-06:00", off_holidays="DE")
    send_settings(building.property)
    assert refresh_settings() == []
    clock.at = at(2026, 1, 1, 12)
    assert len(refresh_settings()) == 3
    assert "2030-12-25" in last_order("m1").settings.off_hours.days


# -- what is told --------------------------------------------------------------------------------------------------------


def limited(edge, store, **more):
    """Anna has paid, and her meter knows its rules."""
    Property.objects.update(**more)
    send_settings(Property.objects.get())
    edge.read("m1", 0)
    edge.obey("m1")
    edge.deliver(store)


def decide(edge, store, *events):
    """Events of Anna's meter, and what its switch does then."""
    account = edge.accounts["m1"]
    for code, detail in events:
        edge.append("m1", account.event(edge.clock.at, code, detail))
    wanted = account.wants_closed(edge.clock.at)
    if wanted is not account.closed:
        why = account.why_closed() if wanted else account.why_open(edge.clock.at)
        edge.append("m1", account.relay(edge.clock.at, wanted, why))
    edge.deliver(store)


def hears(recipient, **changes):
    """Somebody who is told at any hour."""
    for name, value in {**ALWAYS, **changes}.items():
        setattr(recipient, name, value)
    recipient.save()
    add_channel(recipient, "webhook", "https://berg.example/told")
    return recipient


def test_the_units_page_shows_what_is_measured_which_limits_hold_and_which_nobody_can_keep(
    manager, edge, store, tenancy
):
    top_up(tenancy, 20 * NANO, "c1")
    limited(edge, store, limits="voltage over 253 V: off\nresidual current over 30 mA: off")
    page = f"/units/{tenancy.unit_id}/"
    assert "has not yet measured anything" in manager.get(page).content.decode()
    told = {"voltage-l1": 231_400, "temperature": 6_553_5, "power-of-tomorrow": 1}
    take(store, edge.status("m1", quantities=told))
    assert Meter.objects.get(name="m1").told_quantities == told
    text = manager.get(page).content.decode()
    assert "<b>231.4 V</b>voltage L1" in text and "°C" not in text.partition("What happened")[0].partition("Limits:")[0]
    assert "voltage over 253 V: off · residual current over 30 mA: off until a person" in text
    assert "does not measure the quantity: residual current over 30 mA" in text
    for name in ("Flat 2",):
        other = manager.get(f"/units/{Unit.objects.get(name=name).pk}/").content.decode()
        assert "231.4 V" not in other


def test_tenant_and_manager_see_and_hear_what_tripped_and_what_to_do(manager, log_in, edge, store, tenancy, clock):
    anna = hears(recipient_of(tenancy))
    owner = hears(manager_of(tenancy.unit.property.organisation))
    top_up(tenancy, 20 * NANO, "c1")
    limited(edge, store, limits="voltage over 253 V: off\nresidual current over 30 mA: off")
    decide(edge, store)
    watch()
    clock.at += MINUTE
    decide(edge, store, ("residual-current-trip", "90 mA, the limit is 30 mA"))
    watch()
    (safety,) = anna.notices.filter(event="overload")
    assert safety.title == "Electricity safety in Linden 5 Flat 1"
    assert safety.facts["do"] == "Tell the manager"
    assert "current leaks to earth (90 mA, the limit is 30 mA)" in safety.text and "unplug what is wet" in safety.text
    assert "switched off" in safety.text and not anna.notices.filter(event="cut-off").exists(), "one message, not two"
    assert owner.notices.filter(event="overload").count() == 1
    for page in (log_in("flat1").get("/me/"), manager.get(f"/units/{tenancy.unit_id}/")):
        text = page.content.decode()
        assert (
            "tripped, as current leaks to earth (a person has to switch on again)" in text
            and "unplug what is wet" in text
        )


def test_a_notice_in_chinese_says_it_in_chinese(edge, store, tenancy, clock):
    anna = hears(recipient_of(tenancy), language="zh")
    top_up(tenancy, 20 * NANO, "c1")
    limited(edge, store, limits="voltage over 253 V: off")
    decide(edge, store)
    watch()
    clock.at += MINUTE
    decide(edge, store, ("over-voltage-trip", "L1 263.1 V, the limit is 253 V"))
    watch()
    (safety,) = anna.notices.filter(event="overload")
    assert safety.title.endswith("用电安全告警")
    assert "已断电：电压过高（L1 263.1 V，限值 253 V）" in safety.text and "问题来自电网" in safety.text
    assert safety.facts["do"] == "来自电网，无需处理"


@pytest.mark.parametrize("first_look", [(2025, 10, 6, 12), (2025, 10, 6, 23)])
def test_off_hours_are_told_by_no_notice_and_shown_on_every_page(
    manager, log_in, edge, store, tenancy, clock, first_look
):
    anna = hears(recipient_of(tenancy))
    top_up(tenancy, 2 * NANO, "c1")
    limited(edge, store, off_hours="daily 23:00-06:00")
    clock.at = at(*first_look)
    decide(edge, store)
    watch()
    heard = anna.notices.count()
    clock.at = at(2025, 10, 6, 23)
    decide(edge, store)
    assert edge.accounts["m1"].closed is False
    watch()
    for page in (log_in("flat1").get("/me/"), manager.get(f"/units/{tenancy.unit_id}/")):
        assert "these are off hours. The power returns by itself at 06:00." in page.content.decode()
    assert "<b>0</b>without power" in manager.get("/properties/").content.decode()
    clock.at = at(2025, 10, 7, 6)
    decide(edge, store)
    assert edge.accounts["m1"].closed is True
    watch()
    assert anna.notices.count() == heard
    # A cut-off for money after such a night is told as any other.
    clock.at = at(2025, 10, 7, 12)
    edge.read("m1", 10_000)
    decide(edge, store)
    watch()
    assert "cut-off" in [each.event for each in anna.notices.all()]


def test_the_tenant_sees_what_off_hours_allow_and_that_the_manager_ended_them(log_in, edge, store, tenancy, clock):
    from prewatt.kernel.orders import Close

    top_up(tenancy, 20 * NANO, "c1")
    limited(edge, store, off_hours="daily 23:00-06:00", off_watts=300, off_kwh="1.5")
    clock.at = at(2025, 10, 6, 23, 30)
    edge.read("m1", 100)
    decide(edge, store)
    tenant = log_in("flat1")
    assert "Off hours until 06:00: at most 300 W at a time, 1." in tenant.get("/me/").content.decode()
    account = edge.accounts["m1"]
    edge.append("m1", account.on_site(clock.at, Close(), "Kim", "g1"))
    edge.deliver(store)
    assert "the manager has switched on until 06:00" in tenant.get("/me/").content.decode()


def test_settings_of_before_are_the_same_but_for_what_is_new(building):
    order = decode_command(bytes(Command.objects.filter(kind="settings").first().body)).order
    assert isinstance(order, ChangeSettings)
    assert (order.settings.limits, order.settings.off_hours) == ((), OffHours())
    assert json.dumps(Meter.objects.get(name="m1").told_quantities) == "{}"
