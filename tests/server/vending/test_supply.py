"""Supply: a property's rules, orders with their true state, grants, PINs, emergency credit; on pages, by API and command."""

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.cli.visit import load_grant
from prewatt.kernel.entries import ChangeSettings, Control, decode_command
from prewatt.kernel.orders import Close, LimitPower, Open, Restore, TakeEmergency
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.core.home_secrets import signing_key
from prewatt.server.estate.models import Unit
from prewatt.server.metering.models import Gateway, Meter, StaffGrant
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.account_settings import refresh_settings
from prewatt.server.vending.controls import ControlError, control
from prewatt.server.vending.given_orders import ordered
from prewatt.server.vending.models import Code, Command, TokenMeter
from prewatt.wire.on_site import open_grant
from prewatt.wire.pins import pin_is
from prewatt.wire.signing import SigningKey, VerifyKey
from tests.building import PASSWORD
from tests.gateway import Edge

PHONE = SigningKey.generate().public().hex()


def last_order(meter="m1"):
    return decode_command(bytes(Command.objects.filter(meter__name=meter).order_by("-number")[0].body)).order


def rules(**changes):
    return {
        "low_credit": "5",
        "low_credit_kwh": "0",
        "clearance": "0",
        "emergency_credit": "0",
        "emergency_repayment": "100",
        "friendly_hours": "",
        "friendly_holidays": "",
        "friendly_days": "",
        "friendly_debt": "0",
        "power_limit": "",
        "overload_delay": "10",
        "reclose_after": "60",
        "recloses": "3",
        "forbidden_step": "0",
        "doubtful_readings": "5",
        "foreign_hours": "0",
        **changes,
    }


def test_the_rules_are_kept_and_sent_to_every_meter(manager, building):
    page = f"/properties/{building.property.pk}/supply/"
    assert "Friendly hours" in manager.get(page).content.decode()
    answer = manager.post(
        page,
        rules(emergency_credit="5", friendly_holidays="DE-BE", power_limit="3000", foreign_hours="48"),
        follow=True,
    )
    assert "being sent to the meter" in answer.content.decode()
    for meter in ("m1", "m2", "m3"):
        order = last_order(meter)
        assert isinstance(order, ChangeSettings)
        assert order.settings.emergency_credit == 5 * NANO and order.settings.power.watts == (3000,)
        assert (order.settings.foreign_for, order.settings.doubtful_readings) == (48 * 3600, 5)
        assert "2025-10-03" in order.settings.friendly.days and "2029-12-25" in order.settings.friendly.days


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"friendly_hours": "daily 20-07"}, "is not a time"),
        ({"friendly_hours": "someday 20:00-07:00"}, "is not a known day"),
        (
            {"friendly_hours": "At night"},
            "“At night” can&#x27;t be read. Type days and hours, such as daily 20:00-07:00.",
        ),
        ({"friendly_hours": "daily 24:00-07:00"}, "begin before 24:00"),
        ({"friendly_hours": "daily 20:00-07:75"}, "is not a time"),
        (
            {"friendly_holidays": "Bavaria"},
            "“Bavaria” is not a known country. Type a code such as DE, or DE-BY for a part",
        ),
        ({"friendly_holidays": "AT-X"}, "“AT-X” is not a known part of the country. Type one of these: AT, AT-1,"),
        ({"friendly_days": "2026-02-30"}, "is not a date"),
        ({"power_limit": "lots"}, "neither a power"),
        ({"power_limit": "25-26 100"}, "neither a power"),
        ({"power_limit": "9999999"}, "more than any meter"),
        ({"emergency_repayment": "0"}, "At least 1."),
        ({"recloses": "101"}, "At most 100."),
        ({"emergency_credit": "-1"}, "At least 0."),
        ({"emergency_credit": "nonsense"}, "is not a number such as"),
    ],
)
def test_a_rule_that_can_not_be_is_named_and_nothing_is_sent(manager, building, changes, said):
    before = Command.objects.count()
    answer = manager.post(f"/properties/{building.property.pk}/supply/", rules(**changes))
    assert said in answer.content.decode() and "Nothing was saved yet" in answer.content.decode()
    assert Command.objects.count() == before


def test_an_order_is_shown_asked_sent_done_or_refused(manager, building, tenancy, store, clock):
    edge = Edge(building.code, clock)
    unit = Unit.objects.get(name="Flat 1")
    order = f"/units/{unit.pk}/order/"
    answer = manager.post(order, {"do": "open", "reason": "leak in the bathroom", "sure": "open"}, follow=True)
    assert "waits until the building is online" in answer.content.decode()
    manager.post(order, {"do": "release", "reason": "x"})
    meter = Meter.objects.get(name="m1")
    assert [each.step for each in ordered(meter)] == ["asked", "asked"]
    store.mark_sent([("m1", each.command.number) for each in ordered(meter)])
    assert [each.step for each in ordered(meter)] == ["sent", "sent"]
    clock.at += MINUTE
    edge.obey("m1")
    account = edge.accounts["m1"]
    assert account.wants_closed(clock.now()) is False
    edge.append("m1", account.relay(clock.now(), False, account.why_open(clock.now())))
    edge.deliver(store)
    assert [each.step for each in ordered(meter)] == ["refused", "done"]
    page = manager.get(f"/units/{unit.pk}/switch/").content.decode()
    for text in ("leak in the bathroom", "refused", "the switch is not held open", "switched off by the manager"):
        assert text in page


@pytest.mark.parametrize(
    ("amount", "hours", "said"),
    [
        (0, 0, "Give an end, an amount, or both"),
        (NANO, -1, "must end in the future, within 31 days"),
        (NANO, 31 * 24 + 1, "must end in the future, within 31 days"),
        (1000 * NANO + 1, 1, "at most 1,000.00"),
    ],
)
def test_a_restoration_that_no_meter_could_do_is_not_ordered(building, clock, amount, hours, said):
    meter, before = Meter.objects.get(name="m1"), Command.objects.count()
    until = clock.now() + hours * HOUR if hours else 0
    with pytest.raises(ControlError, match=said):
        control(meter, Restore(amount, until), "manager")
    assert Command.objects.count() == before


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"do": "explode"}, "Known orders: "),
        ({"do": "restore"}, "Give an end, an amount, or both"),
        ({"do": "restore", "amount": "1001"}, "at most 1,000.00"),
        ({"do": "restore", "amount": "-5"}, "more than 0"),
        ({"do": "restore", "amount": "five"}, "Amount: “five” is not a number"),
        ({"do": "restore", "hours": "745"}, "from 0 to 744"),
        ({"do": "limit"}, "Give the limit"),
        ({"do": "limit", "watts": "-5"}, "from 0 to 1000000"),
    ],
)
def test_an_order_that_can_not_be_is_said(manager, building, fields, said):
    before = Command.objects.count()
    unit = Unit.objects.get(name="Flat 1")
    answer = manager.post(f"/units/{unit.pk}/order/", {"reason": "x", **fields}, follow=True)
    assert said in answer.content.decode(), answer.content.decode()
    assert Command.objects.count() == before


def test_page_api_and_command_order_alike(manager, program, building, clock):
    unit = Unit.objects.get(name="Flat 1")
    manager.post(
        f"/units/{unit.pk}/order/",
        {"do": "restore", "amount": "2,50", "hours": "3", "reason": "ill", "sure": "restore"},
    )
    page = last_order()
    until = clock.now() + 3 * HOUR
    assert page == Control(Restore(2_500_000_000, until + MINUTE), "manager", "ill", page.tid), "as a code can carry it"
    given = {"do": "restore", "amount": "2.50", "until": "2025-10-06T13:00:00Z", "reason": "ill"}
    answer = program("post", "meters/m1/orders", given)
    assert answer.status_code == 201, answer.content
    assert last_order().action == Restore(2_500_000_000, until + 2 * MINUTE)
    result = CliRunner().invoke(
        app, ["meter", "order", "Flat 1", "restore", "--amount", "2.50", "--hours", "3", "--reason", "ill"]
    )
    assert result.exit_code == 0 and "waits for the network" in result.output
    assert last_order().action == Restore(2_500_000_000, until + 3 * MINUTE)
    assert program("post", "meters/m1/orders", {"do": "close", "override": True, "reason": "x"}).status_code == 201
    assert last_order().action == Close(override=True)
    assert program("post", "meters/m1/orders", {"do": "limit", "watts": 900, "reason": "x"}).status_code == 201
    assert last_order().action == LimitPower(900)
    states = program("get", "meters/m1/orders").json()
    assert [each["state"] for each in states] == ["asked"] * 5
    assert program("post", "meters/m1/orders", {"do": "nonsense", "reason": "x"}).status_code == 400
    assert program("post", "meters/other/orders", {"do": "open", "reason": "x"}).status_code == 404


def test_the_tenant_takes_emergency_credit_over_the_server_once(tenant, building, store, clock):
    where = building.property
    where.emergency_credit = 5
    where.save()
    from prewatt.server.vending.account_settings import send_settings

    send_settings(where)
    edge = Edge(building.code, clock)
    assert "of emergency credit" not in tenant.get("/me/").content.decode()
    edge.obey("m1")
    edge.deliver(store)
    assert "of emergency credit" in tenant.get("/me/").content.decode()
    for _ in range(2):
        assert "on its way" in tenant.post("/me/take-emergency-credit/", follow=True).content.decode()
    assert [each.name for each in ordered(Meter.objects.get(name="m1"))] == ["emergency"]
    assert (last_order().action, last_order().by) == (TakeEmergency(), "flat1")
    edge.obey("m1")
    edge.deliver(store)
    page = tenant.get("/me/").content.decode()
    assert "of emergency credit" not in page
    assert edge.accounts["m1"].wants_closed(clock.now()) is True


def test_a_top_up_shows_its_code_at_once_and_by_which_way_it_went(tenant, building, store, clock, tenancy):
    made = top_up(tenancy, 20 * NANO, "c1")
    code = str(made.command.code)
    assert len(code) == 24 and code in tenant.get("/me/").content.decode()
    edge = Edge(building.code, clock)
    edge.obey("m2")
    clock.at += MINUTE
    edge.append("m1", edge.accounts["m1"].by_code(clock.now(), made.command.tid, 20 * NANO, "page"))
    edge.deliver(store)
    page = tenant.get("/me/").content.decode()
    assert "by code" in tenant.get(f"/tenancies/{tenancy.pk}/payments/").content.decode()
    assert "is on its way to the meter" not in page and "The building has no network" not in page


def test_top_ups_by_api_have_their_codes(program, tenancy):
    path = f"tenancies/{tenancy.pk}/top-ups"
    first = program("post", path, {"amount": "20.00", "credit_id": "abc"})
    assert first.status_code == 201 and len(first.json()["code"]) == 20
    assert program("post", path, {"amount": "20.00", "credit_id": "abc"}).json() == first.json()
    assert program("get", path).json() == [first.json()]
    assert program("post", path, {"amount": "-3", "credit_id": "d"}).status_code == 400


def test_a_pin_is_made_shown_once_and_sent_as_a_hash(manager, building):
    unit = Unit.objects.get(name="Flat 1")
    page = manager.post(f"/units/{unit.pk}/renew-pin/", follow=True).content.decode()
    pin = page.split("The new PIN of Flat 1 is ")[1][:6]
    assert pin_is(last_order().settings.pin, pin) and page.count(pin) == 1
    assert not pin_is(last_order().settings.pin, f"{(int(pin) + 1) % 10**6:06}") and not pin_is("", "")
    assert f"is {pin}" not in manager.get(f"/units/{unit.pk}/").content.decode()
    result = CliRunner().invoke(app, ["tenant", "pin", "Flat 1"])
    assert result.exit_code == 0 and not pin_is(last_order().settings.pin, pin)


def test_a_grant_is_signed_for_a_phone_and_holds_at_this_property_alone(manager, building, clock, tmp_path):
    Edge(building.code, clock)
    where = building.property
    fields = {"holder": "Sam", "key": PHONE, "actions": ["restore", "close"], "hours": "24", "most_amount": "5"}
    page = manager.post(f"/properties/{where.pk}/grants/", fields, follow=True).content.decode()
    made = StaffGrant.objects.get()
    assert "Send its text to Sam" in page and made.text in page
    (tmp_path / "grant").write_text(made.text + "\n")
    from django.conf import settings

    server = VerifyKey(signing_key(settings.CONFIG).public())
    signed = load_grant(tmp_path / "grant")
    grant = open_grant(server, signed, where.pk, clock.now())
    assert (grant.holder, grant.actions, grant.most_amount) == ("Sam", ("restore", "close"), 5 * NANO)
    assert grant.gateways[0].key == bytes(Gateway.objects.get().public_key)
    for there, then, said in [(where.pk + 1, 0, "another"), (where.pk, DAY, "expired")]:
        with pytest.raises(ValueError, match=said):
            open_grant(server, signed, there, clock.now() + then)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"holder": " "}, "Say whose"),
        ({"key": "00"}, "not a phone"),
        ({"actions": []}, "Choose one or more of"),
        ({"actions": ["explode"]}, "Choose one or more of"),
        ({"hours": "0"}, "from 1 to 2208"),
        ({"most_amount": "1001"}, "from 0 to 1,000.00"),
        ({"longest": "169"}, "from 0 to 168"),
    ],
)
def test_a_grant_that_can_not_be_is_said(manager, building, changes, said):
    fields = {"holder": "Sam", "key": PHONE, "actions": ["restore"], "hours": "24", **changes}
    page = manager.post(f"/properties/{building.property.pk}/grants/", fields, follow=True).content.decode()
    assert said in page and not StaffGrant.objects.exists()


def test_keypad_meters_are_sold_to_on_the_page_and_by_api(manager, program, building):
    page = "/keypad-meters/"
    assert "Save a vending key" in manager.get(page).content.decode()
    manager.post(
        page, {"do": "group", "code": "123457", "key": "ab" * 20, "revision": "1", "base": "2014", "algorithm": "11"}
    )
    group = TokenMeter._meta.get_field("group").related_model.objects.get(is_own=False)
    said = manager.post(
        page, {"do": "meter", "group": group.pk, "number": "00000000018", "name": "Kiosk"}, follow=True
    ).content.decode()
    assert "registered" in said
    meter = TokenMeter.objects.get(meter__isnull=True)
    said = manager.post(page, {"do": "units", "meter": meter.pk, "kwh": "25.6"}, follow=True).content.decode()
    assert str(Code.objects.get(kind="units")) in said
    answer = program("post", f"keypad-meters/{meter.pk}/codes", {"kwh": "25.6"})
    assert answer.status_code == 201 and len(answer.json()["code"]) == 20
    assert [each["name"] for each in program("get", "keypad-meters").json()] == ["Kiosk"]
    for fields, text in [
        ({"do": "units", "meter": meter.pk, "kwh": "none"}, "kWh: “none” is not a number"),
        ({"do": "management", "meter": meter.pk, "function": "x"}, "Choose a function"),
        ({"do": "group", "code": "1", "key": "zz"}, "hexadecimal"),
        ({"do": "x"}, "no such choice"),
    ]:
        assert text in manager.post(page, fields, follow=True).content.decode()


def test_none_of_it_is_for_strangers(client, building, tenancy):
    unit, where = Unit.objects.get(name="Flat 1"), building.property
    client.login(username="flat2", password=PASSWORD)
    before = Command.objects.count()
    for path in (f"/units/{unit.pk}/order/", f"/units/{unit.pk}/renew-pin/", f"/properties/{where.pk}/grants/"):
        assert client.post(path, {"do": "open", "reason": "x"}).status_code == 404
    assert client.get(f"/properties/{where.pk}/supply/").status_code == 404
    assert client.get("/keypad-meters/").status_code == 404
    assert Command.objects.count() == before
    client.login(username="manager", password=PASSWORD)
    assert client.post("/me/take-emergency-credit/").status_code == 404


def test_an_order_names_what_it_is_in_the_books_of_the_meter(manager, building):
    unit = Unit.objects.get(name="Flat 1")
    manager.post(f"/units/{unit.pk}/order/", {"do": "open", "reason": "r" * 300, "sure": "open"})
    assert last_order() == Control(Open(), "manager", "r" * 200)


def test_holidays_of_a_new_year_are_sent_by_the_worker(manager, building, clock):
    manager.post(f"/properties/{building.property.pk}/supply/", rules(friendly_holidays="DE"))
    assert refresh_settings() == []
    clock.at += 365 * DAY
    assert [meter.name for meter in refresh_settings()] == ["m1", "m2", "m3"]
    assert "2030-12-25" in last_order().settings.friendly.days
    assert refresh_settings() == []
