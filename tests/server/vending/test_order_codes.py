"""Orders and credit given freely have a code at once, like a payment: on pages, by the API and by command."""

import json
import re

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.edge.code_meanings import Credit, Do
from prewatt.edge.codes import read_code
from prewatt.kernel.entries import Control, GrantCredit, decode_command
from prewatt.kernel.orders import ClearTamper, Close, Restore, TakeEmergency
from prewatt.kernel.units import HOUR, MINUTE, NANO
from prewatt.server.estate.models import Organisation, Unit
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Alarm, Meter
from prewatt.server.sales.giving_back import decide, give
from prewatt.server.sales.mending import mend
from prewatt.server.vending.account_settings import send_settings
from prewatt.server.vending.controls import control, take_emergency
from prewatt.server.vending.given_orders import ordered
from prewatt.server.vending.models import Adjustment, Code, Command, TokenMeter
from prewatt.server.vending.order_codes import waiting_codes, why_no_code
from prewatt.server.vending.pins import new_pin
from prewatt.wire.pins import pin_is
from tests.gateway import Edge
from tests.recorded import recorded_once
from tests.server.vending.test_codes import held


def order_of(command):
    return decode_command(bytes(command.body)).order


def typed(edge, clock, meter, digits):
    """Somebody types a code at the page in the building: what a gateway does."""
    account = edge.accounts[meter]
    meaning = read_code(held(meter), clock.now(), digits, account.currency)
    if isinstance(meaning, Credit):
        edge.append(meter, account.by_code(clock.now(), meaning.tid, meaning.amount, "page"))
    else:
        action = meaning.action if isinstance(meaning, Do) else meaning.action(meter)
        edge.append(meter, account.on_site(clock.now(), action, "page", tid=meaning.tid))


@pytest.fixture
@recorded_once
def edge(building, clock):
    made = Edge(building.code, clock)
    for meter in made.accounts:
        made.obey(meter)
    return made


def test_what_is_ordered_is_what_the_code_says_to_the_unit(building, edge, clock):
    clock.at += 37 * 10**6
    meter = Meter.objects.get(name="m1")
    for action in (
        Close(),
        Restore(5 * NANO),
        Restore(0, clock.now() + 6 * HOUR),
        Restore(2_500_000_000, clock.now() + 3 * HOUR),
        TakeEmergency(),
    ):
        made = control(meter, action, "manager", "why")
        order = order_of(made)
        assert read_code(held("m1"), clock.now(), made.code.digits, "EUR") == Do(order.tid, order.action)
        assert type(order.action) is type(action) and made.code.tid == made.tid == order.tid


def test_typed_in_the_outage_it_is_done_and_shown_as_done_by_code(manager, building, edge, store, clock):
    unit = Unit.objects.get(name="Flat 1")
    said = manager.post(
        f"/units/{unit.pk}/order/", {"do": "restore", "amount": "5", "reason": "ill", "sure": "restore"}, follow=True
    ).content.decode()
    made = Command.objects.get(meter__name="m1", kind="control")
    assert "waits until the building is online" in said and "for meter m1" in said
    assert said.count(str(made.code)) == 3, "in the answer, among the codes to type, and beside the order"
    clock.at += MINUTE
    typed(edge, clock, "m1", made.code.digits)
    edge.deliver(store)
    shown = manager.get(f"/units/{unit.pk}/switch/").content.decode()
    assert str(made.code) not in shown and "by code" in shown
    (done,) = ordered(made.meter)
    assert (done.step, done.by, done.command.reached_at) == ("done", "manager", clock.now())
    edge.obey("m1")
    edge.deliver(store)
    made.refresh_from_db()
    assert (made.state, made.way) == ("applied", "code")
    with pytest.raises(ValueError, match="used already"):
        typed(edge, clock, "m1", made.code.digits)


def test_done_by_the_network_the_code_is_not_shown_and_worth_nothing(building, edge, store, clock):
    meter = Meter.objects.get(name="m1")
    made = control(meter, Restore(5 * NANO), "manager", "why")
    assert [str(each) for each in waiting_codes(meter)] == [str(made.code)]
    edge.obey("m1")
    edge.deliver(store)
    assert waiting_codes(meter) == [] and [each.code for each in ordered(meter)] == [""]
    with pytest.raises(ValueError, match="used already"):
        typed(edge, clock, "m1", made.code.digits)


def test_refused_by_the_meter_its_code_does_nothing_later(building, edge, store, clock):
    made = control(Meter.objects.get(name="m1"), TakeEmergency(), "manager", "why")
    edge.obey("m1")
    edge.deliver(store)
    assert [each.step for each in ordered(made.meter)] == ["refused"]
    with pytest.raises(ValueError, match="used already"):
        typed(edge, clock, "m1", made.code.digits)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"do": "open"}, "waits for the network"),
        ({"do": "hold"}, "waits for the network"),
        ({"do": "limit", "watts": "900", "hours": "2"}, "waits for the network"),
        ({"do": "restore", "amount": "100.50", "hours": "2", "sure": "restore"}, "Order such an amount"),
        ({"do": "restore", "amount": "5", "hours": "49", "sure": "restore"}, "whole days"),
    ],
)
def test_what_no_code_can_carry_is_said_and_goes_by_the_network(manager, building, fields, said):
    unit = Unit.objects.get(name="Flat 1")
    Organisation.objects.update(adjustment_limit=500)
    page = manager.post(
        f"/units/{unit.pk}/order/", {"reason": "x", "sure": fields["do"], **fields}, follow=True
    ).content.decode()
    made = Command.objects.get(meter__name="m1", kind="control")
    assert "No code: " in page and said in page
    assert made.tid is None and not Code.objects.exists() and said in why_no_code(made)


def test_page_api_and_command_show_the_same_code(program, building, edge, clock):
    answer = program("post", "meters/m1/orders", {"do": "restore", "amount": "5", "reason": "ill"})
    made = Command.objects.filter(kind="control").latest("pk")
    assert answer.status_code == 201
    assert answer.json() == {
        "number": made.number,
        "state": "asked",
        "meter": "m1",
        "code": made.code.digits,
        "no_code": "",
        "until": None,
    }
    (listed,) = program("get", "meters/m1/orders").json()
    assert (listed["code"], listed["by"], listed["state"]) == (made.code.digits, "manager", "asked")
    none = program("post", "meters/m1/orders", {"do": "open", "reason": "x"}).json()
    assert none["code"] is None and "waits for the network" in none["no_code"]
    said = CliRunner().invoke(app, ["meter", "order", "Flat 1", "close", "--reason", "mended"]).output
    made = Command.objects.filter(kind="control").latest("pk")
    assert "waits for the network" in said and "meter m1 (Flat 1)" in said and str(made.code) in said
    said = CliRunner().invoke(app, ["meter", "order", "Flat 1", "emergency", "--reason", "ill"]).output
    assert str(Command.objects.filter(kind="control").latest("pk").code) in said


def test_credit_given_freely_has_a_code_and_is_in_the_books_once(program, tenancy, building, edge, store, clock):
    given = {"amount": "5.00", "adjustment_id": "g1", "reason": "the lift was out"}
    answer = program("post", f"tenancies/{tenancy.pk}/goodwill", given)
    assert answer.status_code == 201 and answer.json()["meter"] == "m1"
    assert program("post", f"tenancies/{tenancy.pk}/goodwill", given).json() == answer.json()
    command = Adjustment.objects.get().command
    order = order_of(command)
    assert isinstance(order, GrantCredit) and (order.amount, order.coded) == (5 * NANO, 5 * NANO)
    assert answer.json()["code"] == command.code.digits
    clock.at += MINUTE
    typed(edge, clock, "m1", command.code.digits)
    edge.obey("m1")
    edge.deliver(store)
    command.refresh_from_db()
    assert (command.state, command.way) == ("applied", "code")
    assert Meter.objects.get(name="m1").balance == 5 * NANO == balance(tenant_account(tenancy))
    assert Transfer.objects.filter(kind="adjustment").count() == 1
    assert program("post", f"tenancies/{tenancy.pk}/goodwill", given).json()["code"] is None


def test_what_waits_for_a_second_person_has_no_code_before(program, tenancy, admin_user):
    given = {"amount": "500", "adjustment_id": "g1", "reason": "flood"}
    answer = program("post", f"tenancies/{tenancy.pk}/goodwill", given).json()
    assert (answer["state"], answer["code"]) == ("waiting", None) and not Code.objects.exists()
    decide(Adjustment.objects.get(), admin_user, agreed=True)
    assert program("post", f"tenancies/{tenancy.pk}/goodwill", given).json()["code"] == Code.objects.get().digits


def test_the_page_and_the_command_give_it_with_its_code(manager, tenancy):
    fields = {"do": "give", "amount": "5", "reason": "lift", "adjustment_id": "7", "sure": "give"}
    page = manager.post(f"/tenancies/{tenancy.pk}/give-back/", fields, follow=True).content.decode()
    code = str(Adjustment.objects.get().command.code)
    assert page.count(code) == 2 and "credit: lift" in page
    arguments = ["tenant", "give-credit", "Flat 1", "2.00", "--reason", "lift", "--by", "manager", "--id", "8"]
    said = CliRunner().invoke(app, arguments).output
    assert "Anna gets 2.00 EUR" in said and str(Adjustment.objects.get(adjustment_id="8").command.code) in said
    assert CliRunner().invoke(app, arguments).output == said and Adjustment.objects.count() == 2
    wrong = CliRunner().invoke(app, [*arguments[:-3], "flat2"])
    assert wrong.exit_code == 2 and "is not the login of somebody who may give credit" in wrong.output


def test_a_tenant_takes_the_emergency_credit_over_the_server_and_sees_its_code(tenant, building, edge, store, clock):
    building.property.emergency_credit = 5
    building.property.save()
    send_settings(building.property)
    edge.obey("m1")
    edge.deliver(store)
    page = tenant.post("/me/take-emergency-credit/", follow=True).content.decode()
    made = take_emergency(Meter.objects.get(name="m1"), "flat1")
    assert str(made.code) in page and "emergency credit" in page
    typed(edge, clock, "m1", made.code.digits)
    assert edge.accounts["m1"].allowance(clock.now()) == 5 * NANO
    control(Meter.objects.get(name="m1"), Restore(NANO), "manager", "why")
    assert page.count("Codes to type") == 1 and "restore the supply" in tenant.get("/me/").content.decode()


def test_a_pin_that_is_made_in_an_outage_opens_the_page_once_its_code_is_typed(manager, building, edge, store, clock):
    unit = Unit.objects.get(name="Flat 1")
    said = manager.post(f"/units/{unit.pk}/renew-pin/", follow=True).content.decode()
    pin, code = re.search(r"Flat 1 is (\d{6})\.", said)[1], re.search(r"\d{4}( \d{4}){4}", said)[0]
    clock.at += MINUTE
    typed(edge, clock, "m1", code)
    assert pin_is(edge.accounts["m1"].settings.pin, pin)
    edge.obey("m1")
    edge.deliver(store)
    assert pin_is(edge.accounts["m1"].settings.pin, pin), "after all that had waited"
    settings, order = Command.objects.filter(meter__name="m1").order_by("-number")[:2]
    assert (order.kind, order.way, order_of(order).by, settings.kind) == ("control", "code", "manager", "settings")
    assert code not in manager.get(f"/units/{unit.pk}/").content.decode()
    assert not Code.objects.exists(), "neither the PIN nor what carries it is kept"
    with pytest.raises(ValueError, match="used already"):
        typed(edge, clock, "m1", code)


def test_a_pin_that_came_by_the_network_leaves_its_code_worth_nothing(building, edge, store, clock):
    said = CliRunner().invoke(app, ["tenant", "pin", "Flat 1"]).output
    pin, code = re.search(r"is (\d{6})\.", said)[1], said.splitlines()[-1]
    edge.obey("m1")
    edge.deliver(store)
    assert pin_is(edge.accounts["m1"].settings.pin, pin)
    newer = new_pin(Unit.objects.get(name="Flat 1"), "manager")
    with pytest.raises(ValueError, match="used already"):
        typed(edge, clock, "m1", code)
    typed(edge, clock, "m1", newer.code)
    assert pin_is(edge.accounts["m1"].settings.pin, newer.pin)


def test_a_meter_without_a_key_gets_its_pin_by_the_network_and_says_so(manager, building):
    TokenMeter.objects.filter(meter__name="m1").delete()
    unit = Unit.objects.get(name="Flat 1")
    said = manager.post(f"/units/{unit.pk}/renew-pin/", follow=True).content.decode()
    assert "This meter accepts no codes" in said
    pin = re.search(r"Flat 1 is (\d{6})\.", said)[1]
    assert pin_is(order_of(Command.objects.filter(meter__name="m1").latest("number")).settings.pin, pin)


def test_nobody_else_sees_a_code(client, building, tenancy):
    from tests.building import PASSWORD

    made = control(Meter.objects.get(name="m1"), Close(), "manager", "why")
    client.login(username="flat2", password=PASSWORD)
    assert str(made.code) not in client.get("/me/").content.decode()
    gift = json.dumps({"amount": "1", "adjustment_id": "1", "reason": "x"})
    path = f"/api/v1/tenancies/{tenancy.pk}/goodwill"
    assert client.post(path, gift, content_type="application/json").status_code == 404
    assert client.get("/api/v1/meters/m1/orders").status_code == 404


def test_a_gift_that_can_not_be_read_in_the_log_is_made_anew_as_it_was(tenancy, admin_user):
    made = give(tenancy, 5 * NANO, "g1", admin_user, "lift")
    before, row = order_of(made.command), made.command
    Command.objects.filter(pk=row.pk).update(body=b"\x00", signature=b"")
    row.refresh_from_db()
    assert "made again, exactly as it was" in mend(row)
    assert order_of(row) == before


def test_the_days_of_grace_that_nobody_types_have_no_code(building):
    made = control(Meter.objects.get(name="m1"), Restore(NANO), "prewatt", "days of grace", coded=False)
    assert order_of(made) == Control(Restore(NANO), "prewatt", "days of grace") and not hasattr(made, "code")


def test_an_order_whose_code_got_an_identifier_that_the_meter_has_used_gets_another_one(building, edge, store, clock):
    """As on a server that was put back from a copy, and has forgotten the code that was typed."""
    typed_at = clock.now()
    clock.at += MINUTE
    made = control(Meter.objects.get(name="m1"), Restore(5 * NANO), "manager", "why")
    before, tid = made.code.digits, made.tid
    edge.append("m1", edge.accounts["m1"].on_site(typed_at, ClearTamper(), "page", tid=tid))
    edge.deliver(store)
    assert [each.kind for each in Alarm.objects.all()] == ["unknown-order"]
    made = Command.objects.get(pk=made.pk)
    assert made.tid > tid and made.code.tid == made.tid and made.code.digits != before
    typed(edge, clock, "m1", made.code.digits)
    edge.obey("m1")
    edge.deliver(store)
    assert edge.accounts["m1"].allowance(clock.now()) == 5 * NANO
    made.refresh_from_db()
    assert (made.state, made.way) == ("applied", "code")
