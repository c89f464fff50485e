"""A meter is exchanged: by page, API and command alike; energy is neither lost nor counted twice, whatever registers do."""

import json
import re
from datetime import date

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Doubtful, Exchange, Exchanged, decode_command, decode_entry
from prewatt.kernel.units import HOUR, MINUTE, NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.commissioning.enrolment import new_code
from prewatt.server.commissioning.installing import InstallError, install
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import balance as balance_of
from prewatt.server.ledger.books import tenant_account
from prewatt.server.metering.balance import balance, by_month
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter
from prewatt.server.metering.readings import readings
from prewatt.server.metering.registers import registers
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.statement import statement
from prewatt.server.tariffs.homes import homes_of
from prewatt.server.vending.exchanges import exchange, look
from prewatt.server.vending.models import Command, MeterExchange
from prewatt.wire.signing import SigningKey
from tests.building import PASSWORD, PRICE
from tests.enrolling import enrol
from tests.gateway import Edge, at
from tests.recorded import recorded_once

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """Begins at midnight of 7 October at 5,000 kWh, with 20 on Anna's account; six hours of 500 Wh are used."""
    clock.at = at(2025, 10, 7)
    made = Edge(building.code, clock)
    Gateway.objects.update(is_online=True)
    for meter in made.accounts:
        made.obey(meter)
        made.read(meter, 5_000_000)
    top_up(Tenancy.objects.get(tenant="Anna"), 20 * NANO, "first")
    made.obey("m1")
    made.live(store, at(2025, 10, 7, 6), {"m1": 500}, HOUR)
    return made


@pytest.fixture
def meter(edge, clock):
    """An hour later."""
    clock.at += HOUR
    return fresh()


def fresh():
    return Meter.objects.select_related("gateway__property__organisation", "unit__property__organisation").get(
        name="m1"
    )


@pytest.fixture
def manager(client, edge):
    assert client.login(username="manager", password=PASSWORD)
    return client


@pytest.fixture
def program(client, edge):
    token = make_key(get_user_model().objects.get(username="manager"), "test")

    def call(path, body):
        headers = {"Authorization": f"Bearer {token}"}
        return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)

    return call


def by_page(manager, meter, **given):
    page = manager.post(f"/meters/{meter.pk}/exchange/", {"do": "exchange", **given}, follow=True)
    return page.content.decode()


def used(meter):
    """Wh that were rated, in all."""
    return sum(JournalEntry.objects.filter(meter=meter).exclude(energy=None).values_list("energy", flat=True))


def agrees(edge, meter_name="m1"):
    """Books, server and gateway have the same balance."""
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")
    stored = Meter.objects.get(name=meter_name)
    assert stored.balance == edge.accounts[meter_name].balance == balance_of(tenant_account(tenancy))
    assert stored.offset == 0
    return stored.balance


# -- three ways, one service -------------------------------------------------------------------------------------------------

GIVEN = {"serial": "m1-new", "first": "0.0", "last": "5004.5"}


@pytest.mark.parametrize("way", ["page", "api", "command"])
def test_an_exchange_is_ordered_alike_by_page_api_and_command(way, manager, program, meter):
    if way == "page":
        assert "is on its way" in by_page(manager, meter, **GIVEN)
    elif way == "api":
        answer = program("meters/m1/exchange", GIVEN)
        assert (answer.status_code, answer.json()["rest_kwh"]) == (201, "1.500")
    else:
        done = CliRunner().invoke(
            app, ["meter", "exchange", "m1", "--serial", "m1-new", "--new-kwh", "0.0", "--old-kwh", "5004.5"]
        )
        assert done.exit_code == 0, done.output
        assert "1.500 kWh" in done.output
    made = MeterExchange.objects.get()
    assert decode_command(bytes(made.command.body)).order == Exchange("m1-new", 0, 5_004_500)
    assert (made.old, made.end, made.by) == ("m1", "typed", "console" if way == "command" else "manager")


OPTIONS = {"serial": "--serial", "first": "--new-kwh", "last": "--old-kwh"}
SEEN = {"serial": "Serial number", "first": "The new meter shows, kWh", "last": "register on the display, kWh"}
REFUSED = {
    "a serial that hangs here": ({"serial": "m1"}, "serial: m1 is the meter that is here already"),
    "another meter's name": ({"serial": "m2"}, "serial: m2 is registered already, at m2"),
    "another meter's serial": ({"serial": "m3-new"}, "serial: m3-new is registered already, at m3"),
    "one that is on its way elsewhere": ({"serial": "m2-new"}, "serial: m2-new is registered already, at m2"),
    "no serial": ({"serial": ""}, "serial:  is not a serial number of 1 to 64 characters"),
    "a slash": ({"serial": "a/b"}, "serial: a/b is not a serial number of 1 to 64 characters"),
    "no first register": ({"first": "lots"}, "first: energy &#x27;lots&#x27; is not a decimal number"),
    "a first register under zero": ({"first": "-1"}, "first: -1 kWh can&#x27;t be the register"),
    "an absurd first register": ({"first": "1000000001"}, "first: 1000000001 kWh can&#x27;t be the register"),
    "an end before the last reading": ({"last": "4999"}, "last: The old meter can&#x27;t have ended at 4,999.000 kWh"),
    "more than the fuse lets through": ({"last": "5200"}, "last: The old meter can&#x27;t have ended at 5,200.000 kWh"),
    "no number": ({"last": "a lot"}, "last: energy &#x27;a lot&#x27; is not a decimal number"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_is_refused_is_refused_alike(wrong, manager, program, meter):
    Meter.objects.filter(name="m3").update(serial="m3-new")
    exchange(Meter.objects.get(name="m2"), "m2-new", "0", "", "manager")
    changes, said = REFUSED[wrong]
    given, before = {**GIVEN, **changes}, Command.objects.count()
    plain = said.replace("&#x27;", "'")
    # A person is told what the field is called, and of what was typed; a program its own name.
    field, _colon, text = said.partition(": ")
    text = re.sub("energy &#x27;(.*)&#x27; is not a decimal number", r"“\1” is not a number", text)
    text = re.sub(r"^(-?\d+) kWh can", r"\1.000 kWh can", text)
    assert f"{SEEN[field]}: {text}" in by_page(manager, meter, **given)
    errors = program("meters/m1/exchange", given).json()["errors"]
    assert plain in "; ".join(f"{each['field']}: {each['message']}" for each in errors)
    options = [part for name, text in given.items() for part in (OPTIONS[name], text)]
    done = CliRunner().invoke(app, ["meter", "exchange", "m1", *options])
    shown = f"{OPTIONS[field]}: {text}".replace("&#x27;", "'")
    assert (done.exit_code, shown in done.output) == (2, True), done.output
    assert Command.objects.count() == before


def test_what_follows_is_shown_before_anything_is_done(manager, program, meter):
    page = " ".join(manager.post(f"/meters/{meter.pk}/exchange/", GIVEN).content.decode().split())
    assert "1.500 kWh, is charged" in page and "0.30 EUR" in page
    unknown = manager.post(f"/meters/{meter.pk}/exchange/", {**GIVEN, "last": "unknown"}).content.decode()
    assert "not known, and not charged" in unknown and "you will be asked" in unknown
    told = program("meters/m1/exchange", {**GIVEN, "preview": True})
    assert (told.status_code, told.json()["rest_cost"]) == (200, "0.300000000")
    assert (
        "Nothing is changed yet"
        in CliRunner().invoke(app, ["meter", "exchange", "m1", "--serial", "x", "--new-kwh", "0", "--preview"]).output
    )
    assert not MeterExchange.objects.exists()


def test_a_second_click_is_no_second_exchange_and_another_one_waits(manager, meter):
    for _ in range(2):
        exchange(fresh(), "m1-new", "0", "", "manager")
    assert MeterExchange.objects.count() == 1
    with pytest.raises(ValidationError, match="m1-new is on its way already"):
        exchange(fresh(), "m1-newer", "0", "", "manager")
    assert "is on its way to the gateway" in manager.get(f"/units/{meter.unit_id}/switch/").content.decode()


def test_nobody_exchanges_another_landlords_meter(client, edge, building, clock):
    from tests.building import set_up
    from tests.server.web.test_pages import _flat

    set_up(clock, organisation="Other", name="Elm 1", gateway="g2", manager="rival", apartments=[_flat("A", "x1")])
    theirs = Meter.objects.get(name="x1")
    assert client.login(username="manager", password=PASSWORD)
    assert client.post(f"/meters/{theirs.pk}/exchange/", GIVEN).status_code == 404
    # And is not told that it is known there.
    assert look(fresh(), "x1", "0").serial == "x1"


# -- the journal goes on -----------------------------------------------------------------------------------------------------


def test_the_old_ones_rest_and_the_new_ones_use_are_charged_once(edge, store, meter, manager, clock):
    exchange(meter, "m1-new", "12.5", "5004.5", "manager")
    clock.at += HOUR
    edge.obey("m1")
    edge.read("m1", 13_200)
    edge.deliver(store)
    meter = fresh()
    assert (meter.serial, meter.hangs, meter.register) == ("m1-new", "m1-new", 13_200)
    assert used(meter) == 6 * 500 + 1_500 + 700
    assert agrees(edge) == 20 * NANO - (6 * 500 + 1_500 + 700) * PRICE
    page = manager.get(f"/units/{meter.unit_id}/journal/").content.decode()
    assert "m1 ended at 5,004.500 kWh; m1-new begins at 12.500 kWh" in page
    assert not Alarm.objects.exists()
    # A new gateway goes on with the new one.
    handed = enrol(new_code(Gateway.objects.get()), SigningKey.generate().public()).meters[0]
    assert (handed["name"], Account.load(bytes.fromhex(handed["state"]["account"])).serial) == ("m1", "m1-new")


def test_as_it_was_last_read_charges_nothing_more_and_asks_nothing(edge, store, meter, clock):
    exchange(meter, "m1-new", "0", "", "manager")
    clock.at += HOUR
    # The gateway has read more meanwhile than the server knows.
    edge.read("m1", 5_003_400)
    edge.obey("m1")
    clock.at += MINUTE
    edge.read("m1", 20)
    edge.deliver(store)
    assert used(fresh()) == 3_000 + 400 + 20
    agrees(edge)
    assert not Alarm.objects.exists()


def test_a_face_that_shows_whole_kilowatt_hours_ends_as_it_was_read(meter):
    Meter.objects.update(serial="")
    assert look(meter, "x", "0", "5002.2").end == "read"
    assert look(meter, "x", "0", "5003").end == "read"
    assert look(meter, "x", "0", "5004").rest == 1_000


def test_a_serial_that_was_typed_wrong_is_put_right_without_a_loss(edge, store, meter, clock):
    exchange(meter, "typo", "0", "5004.5", "manager")
    edge.obey("m1")
    edge.deliver(store)
    assert (fresh().hangs, fresh().register) == ("typo", None)
    found = exchange(fresh(), "m1-new", "0.1", "", "manager")
    assert (found.old, found.last) == ("typo", 0)
    clock.at += HOUR
    edge.obey("m1")
    edge.read("m1", 300)
    edge.deliver(store)
    assert used(fresh()) == 3_000 + 1_500 + 200
    agrees(edge)


def test_the_first_meter_comes_back_under_its_own_name(edge, store, meter, clock):
    for serial, first in (("m1-new", "0"), ("m1", "5003")):
        exchange(fresh(), serial, first, "", "manager")
        edge.obey("m1")
        clock.at += MINUTE
        edge.read("m1", int(first) * 1000 + 10)
        edge.deliver(store)
    assert (fresh().serial, fresh().hangs, used(fresh())) == ("", "m1", 3_020)


def test_what_the_gateway_refuses_is_told(edge, store, meter, manager, clock):
    exchange(meter, "m1-new", "0", "5004.5", "manager")
    edge.read("m1", 5_005_000)
    clock.at += HOUR
    edge.read("m1", 5_006_000)
    edge.obey("m1")
    edge.deliver(store)
    alarm = Alarm.objects.get()
    assert alarm.kind == "exchange-refused" and "can't have ended at" in alarm.text
    assert fresh().hangs == "m1"
    assert "Enter the exchange again" in manager.get(f"/alarms/{alarm.pk}/").content.decode()


def test_what_follows_from_an_entry_stops_no_other(edge, store, meter, monkeypatch):
    def broken(*_):
        raise KeyError("broken")

    monkeypatch.setattr("prewatt.server.vending.exchanges.take_up", broken)
    exchange(meter, "m1-new", "0", "", "manager")
    edge.obey("m1")
    edge.deliver(store)
    assert fresh().seq == edge.accounts["m1"].seq
    assert Alarm.objects.get().kind == "not-followed"


def test_a_serial_that_is_known_elsewhere_meanwhile_is_told(edge, store, meter):
    exchange(meter, "m9", "0", "", "manager")
    Meter.objects.filter(name="m2").update(serial="m9")
    edge.obey("m1")
    edge.deliver(store)
    assert fresh().serial == ""
    assert Alarm.objects.get().kind == "serial-twice"


def test_no_new_meter_gets_the_serial_of_what_hangs_somewhere(edge, meter, building):
    Meter.objects.filter(name="m1").update(serial="m9")
    with pytest.raises((ValidationError, InstallError), match="Flat 1"):
        install(None, Gateway.objects.get(), "m9", role="common")


def test_a_meter_that_hung_before_anybody_said_so(edge, store, meter, manager, clock):
    edge.append("m1", edge.accounts["m1"].event(clock.at, "foreign-meter", "m1-new"))
    clock.at += 2 * HOUR
    edge.deliver(store)
    alarm = Alarm.objects.get(kind="foreign-meter")
    page = " ".join(manager.get(f"/alarms/{alarm.pk}/").content.decode().split())
    assert 'name="serial" maxlength="64" required value="m1-new"' in page
    assert f"/alarms/{alarm.pk}/" in manager.get(f"/units/{meter.unit_id}/").content.decode()
    assert "is on its way" in by_page(manager, meter, serial="m1-new", first="0", end="typed", last="5003,25")
    edge.obey("m1")
    # All that it has used since it hangs there is charged, once.
    edge.read("m1", 1_100)
    edge.deliver(store)
    assert used(fresh()) == 3_000 + 250 + 1_100
    agrees(edge)
    alarm.refresh_from_db()
    assert alarm.is_resolved


# -- energy comes from what was rated, never from differences of registers ----------------------------------------------------


def jumped(edge, store, clock):
    """The register jumps to 9,000 kWh, and stays: 1 hour of 500 Wh is not measured."""
    account = edge.accounts["m1"]
    clock.at += HOUR
    for _ in range(5):
        doubt = account.read(clock.at, 9_000_000)
        assert isinstance(doubt, Doubtful)
        edge.append("m1", doubt)
    edge.append("m1", account.rebase(clock.at, 9_000_000))


def rolled(edge, store, clock):
    """The counter came over its end."""
    clock.at += HOUR
    edge.append("m1", edge.accounts["m1"].read(clock.at, 5_010_000))
    clock.at += HOUR
    edge.append("m1", edge.accounts["m1"].read(clock.at, 500, 5_010_100))


def exchanged(edge, store, clock):
    exchange(fresh(), "m1-new", "7000", "5004", "manager")
    clock.at += MINUTE
    edge.obey("m1")


BREAKS = {
    "exchange": (exchanged, 1_000, 7_000_300), "new base": (jumped, 0, 9_000_300), "rollover": (rolled, 7_000 + 600, 800),
}  # fmt: skip
"""What happens, what it comes to (Wh), and the register 300 Wh later."""


@pytest.mark.parametrize("what", BREAKS)
def test_the_jump_of_a_register_is_no_energy_anywhere(what, edge, store, meter, clock, building):
    install(None, Gateway.objects.get(), "main", role=Meter.Role.MAIN)
    edge.accounts["main"], edge.sent["main"], edge.bodies["main"] = Account(), 0, []
    begin = clock.at
    edge.read("main", 0)
    edge.read("m1", 5_003_000)
    happens, more, shown = BREAKS[what]
    happens(edge, store, clock)
    account = edge.accounts["m1"]
    clock.at += HOUR
    edge.read("m1", shown)
    edge.read("main", more + 300)
    for name in ("m2", "m3"):
        edge.read(name, 5_000_000)
    edge.deliver(store)
    total = 3_000 + more + 300
    meter = fresh()
    assert used(meter) == total
    assert registers(meter, at(2025, 10, 7), clock.at).used_between(at(2025, 10, 7), clock.at) == total
    assert int(homes_of(building.property, at(2025, 10, 7), clock.at)["Flat 1"][1].sum()) == total
    rated = readings(meter, building.property.tariff_versions.series(), clock.at)
    assert sum(each.rerated.charge for each in rated) == sum(each.charged for each in rated) == total * PRICE
    (span,) = balance(building.property, begin, clock.at, clock.at - begin)
    assert (span.main, span.units, span.unaccounted) == (more + 300, more + 300, 0)
    (month,) = by_month(building.property, clock.at, months=1)
    assert month.units == total
    anna = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")
    made = statement(anna, at(2025, 10, 6), clock.at)
    assert made.energy == total
    assert account.balance == agrees(edge)


def test_the_statement_says_why_its_registers_do_not_make_its_energy(edge, store, meter, manager, clock):
    exchanged(edge, store, clock)
    clock.at += HOUR
    edge.read("m1", 7_000_300)
    edge.deliver(store)
    anna = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")
    made = statement(anna, at(2025, 10, 6), clock.at)
    (step,) = made.breaks
    assert (step.ended, step.register, made.first.register, made.last.register) == (
        5_004_000,
        7_000_000,
        5_000_000,
        7_000_300,
    )
    first, last = date(2025, 10, 6).isoformat(), date(2025, 10, 7).isoformat()
    page = manager.get(f"/tenancies/{anna.pk}/statement/?first={first}&last={last}").content.decode()
    assert "7,000.000 kWh" in page and "m1-new" in page


def test_entries_of_exchanges_are_what_the_journal_says(edge, store, meter):
    exchange(meter, "m1-new", "1", "unknown", "manager")
    edge.obey("m1")
    edge.deliver(store)
    row = JournalEntry.objects.get(kind="exchanged")
    entry = decode_entry(bytes(row.body))
    assert isinstance(entry, Exchanged)
    assert (entry.serial, entry.first, entry.last) == ("m1-new", 1_000, None)
    assert (row.register, row.energy, row.charge) == (None, None, None)
    assert Alarm.objects.get().kind == "exchanged"
