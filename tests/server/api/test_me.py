"""What is a tenant's own over the API: the same as on their pages, in their language, and their own time alone."""

import re
from datetime import date

import pytest
from cryptography.exceptions import InvalidSignature
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prewatt.kernel.units import HOUR, NANO, parse_money
from prewatt.server.accounts.keys import make_key
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import run
from prewatt.server.core.time import system_now
from prewatt.server.correspondence.models import Report
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.metering.models import Gateway, LiveReading, Meter
from prewatt.server.payments.models import Payment
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tenancies.moving import move_in, move_out, settle
from tests.building import new_login
from tests.gateway import at
from tests.server.api.conftest import Phone
from tests.server.payments.paying import call_back

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def paid(lived, store, tenancy):
    """Two days that Anna paid for, and one more hour: her meter has applied it."""
    top_up(tenancy, 30 * NANO, "first of Anna")
    Gateway.objects.update(is_online=True)
    lived.live(store, lived.clock.at + HOUR, {"m1": 300, "m2": 100}, HOUR)
    return lived


# -- the home ------------------------------------------------------------------------------------------------------------------


def test_the_home_says_what_the_page_says(anna, paid, tenancy):
    state = anna.get(anna.flat)
    meter = Meter.objects.get(name="m1")
    assert parse_money(state["balance"]) == meter.balance == 30 * NANO - 49 * 300 * 200_000
    assert (state["unit"], state["landlord"], state["currency"]["code"]) == ("Flat 1", "Berg Homes", "CNY")
    assert state["is_online"] and state["is_present"] and state["power_w"] is None
    assert state["today"] == {"kwh": "0.300", "money": "0.060000000"}
    assert state["month"]["kwh"] == "14.700" and state["month"]["beside_last"] is None
    assert state["price"] == {"now": "0.200000", "unit": "kWh", "name": "flat", "next": None, "words": ""}
    assert state["transfer"]["reference"] in state["transfer"]["words"]
    heard = {"heard_at": system_now(), "at": meter.at, "register": meter.register, "balance": meter.balance}
    LiveReading.objects.create(meter=meter, closed=True, power=812, cause="", **heard)
    assert anna.get(anna.flat)["power_w"] == 812


def test_dark_without_credit_it_says_why_and_what_to_do_and_offline_how_old_it_is(anna, paid, tenancy):
    Meter.objects.filter(name="m1").update(closed=False, balance=-NANO)
    state = anna.get(anna.flat)
    assert (state["state"], state["is_on"], state["why"]["cause"]) == ("off", False, "exhausted")
    assert state["why"]["title"] == "The credit is used up" and "credit is used up" in state["why"]["text"]
    pay, call = state["why"]["what_to_do"]
    assert pay["do"] == "pay" and pay["text"].startswith("Pay at least 1.01 CNY.") and pay["link"].endswith("#pay")
    assert call == {"do": "call", "text": "If it stays dark, call the manager.", "link": None}
    Gateway.objects.update(is_online=False)
    top_up(tenancy, 5 * NANO, "second")
    state = anna.get(anna.flat)
    assert state["why"]["text"].startswith("Last known:") and not state["is_online"]
    (code,) = state["codes"]
    assert re.fullmatch(r"\d{20}", code["digits"]) and (code["amount"], code["order"]) == ("5.000000000", None)
    assert state["waiting"] == "5.000000000" and state["why"]["cause"] == "paid"
    first = state["why"]["what_to_do"][0]
    assert first["do"] == "type-code" and code["digits"] in first["text"].replace(" ", "")
    assert "pay" not in {each["do"] for each in state["why"]["what_to_do"]}


@pytest.mark.parametrize(
    ("changed", "online", "state", "cause"),
    [
        ({"closed": True}, True, "ok", "on"),
        ({"closed": True, "is_low": True}, True, "soon", "low"),
        ({"closed": True}, False, "silent", "building-offline"),
        ({"closed": False, "balance": 0}, True, "off", "exhausted"),
        ({"closed": True, "told_closed": True, "told_switch": "asked"}, True, "silent", "switching-on"),
        ({"closed": None}, True, "unknown", "not-reported"),
    ],
)
def test_the_state_is_one_of_the_signs_of_the_pages_and_the_cause_says_why(anna, paid, changed, online, state, cause):
    Meter.objects.filter(name="m1").update(**changed)
    Gateway.objects.update(is_online=online)
    found = anna.get(anna.flat)
    assert (found["state"], found["why"]["cause"]) == (state, cause)
    assert found["why"]["text"] and found["why"]["what_to_do"]


def test_use_by_day_month_and_year_says_null_where_nothing_is_known(anna, paid):
    month = anna.get(f"{anna.flat}/usage?by=month&on=2025-10-08")
    by_day = {each["begins"]: each for each in month["values"]}
    assert len(by_day) == 31 and by_day["2025-10-08"]["kwh"] == "7.200"
    assert by_day["2025-10-08"]["by_rate"] == [{"rate": "flat", "kwh": "7.200", "money": "1.440000000"}]
    assert by_day["2025-10-30"]["kwh"] is None and by_day["2025-10-30"]["money"] is None and month["before"] is None
    day = anna.get(f"{anna.flat}/usage?by=day&on=2025-10-08")
    assert day["values"][1]["begins"] == "2025-10-08T01:00" and day["before"]
    assert anna.get(f"{anna.flat}/usage?by=year&on=2025-01-01")["values"][9]["kwh"] == "14.700"
    for wrong in ("by=week", "on=x", "on=1812-01-01", "by=day&on=2025-02-30"):
        status, found = anna.call("get", f"{anna.flat}/usage?{wrong}")
        assert status == 400 and found["errors"][0]["message"], wrong


def test_the_home_asks_the_database_as_often_after_years_as_on_the_first_day(anna, paid, tenancy):
    def asked(path):
        anna.get(path)
        with CaptureQueriesContext(connection) as queries:
            anna.get(path)
        return len(queries)

    paths = [anna.flat, f"{anna.flat}/payments", "/me/notices", f"{anna.flat}/bill"]
    for number in range(25):
        top_up(tenancy, NANO, f"some {number}")
    before = [asked(path) for path in paths]
    for number in range(30):
        top_up(tenancy, NANO, f"more {number}")
    assert [asked(path) for path in paths] == before and before[0] <= 45


def test_answers_are_in_the_language_that_somebody_chose_and_else_in_that_of_the_phone(mini, tenancy, anna):
    anna.headers = {"Accept-Language": "de"}
    assert anna.get("/me")["language"] == "de"
    assert anna.get(anna.flat)["why"]["text"] == "Der Zähler hat sich noch nicht gemeldet."
    for method in ("put", "patch"):
        status, found = anna.call(method, "/me", {"language": "zh-hans"})
        assert (status, found["language"]) == (200, "zh-hans")
    assert "电表" in anna.get(anna.flat)["why"]["text"]
    status, found = anna.call("post", f"{anna.flat}/payments", {"amount": "0", "way": "wechat-mini", "asked": "1"})
    assert status == 400 and re.search("[一-龥]", found["errors"][0]["message"])
    assert anna.call("put", "/me", {"language": "tlh"})[0] == 400
    stranger = Phone("x", **{"Accept-Language": "zh-CN"})
    assert "微信" in stranger.call("post", "/wechat/log-in", {"code": stranger.code})[1]["detail"]


# -- paying ------------------------------------------------------------------------------------------------------------------


def test_a_payment_in_the_mini_program_is_signed_for_it_and_arrives(anna, paid, store, tenancy, mini, client):
    (way, *_others) = anna.get(anna.flat)["ways"]
    assert way["kind"] == "wechat-mini"
    wanted = {"amount": "20.00", "way": way["value"], "asked": "a1"}
    status, found = anna.call("post", f"{anna.flat}/payments", wanted)
    assert status == 201 and set(found) == {"id", "state", "wx"}
    trade = mini.request_payment(mini.MINI_APPID, found["wx"])
    assert trade.amount == 2000 and trade.more["payer"] == mini.openid("anna")
    with pytest.raises(InvalidSignature):
        mini.request_payment(mini.APPID, found["wx"])
    # The same wish again is the same payment.
    assert anna.call("post", f"{anna.flat}/payments", {**wanted, "way": "wechat-mini"})[1]["id"] == found["id"]
    assert Payment.objects.count() == 1
    path = f"/me/payments/{found['id']}"
    assert anna.get(path)["state"] == "open"
    trade.pay()
    payment = Payment.objects.get()
    assert call_back(client, payment.merchant, mini.callback(trade)).status_code == 200
    answer = anna.get(path)
    assert (
        answer["state"] == "paid" and answer["arrived_at"] and not answer["at_meter_at"] and len(answer["code"]) == 20
    )
    assert answer["state_in_words"] == "paid, on its way to the meter"
    paid.live(store, paid.clock.at + HOUR, {"m1": 300, "m2": 100}, HOUR)
    answer = anna.get(path)
    assert answer["at_meter_at"] and answer["code"] is None and answer["state_in_words"] == "at the meter"
    listed = anna.get(f"{anna.flat}/payments")["payments"]
    assert [(each["way"], each["by"], each["id"] is None) for each in listed] == [
        ("WeChat Pay", "flat1", False),
        ("to the manager", "recorded by the manager", True),
    ]


def test_a_callback_for_another_app_of_the_merchant_is_taken_and_for_a_strangers_is_not(anna, tenancy, mini, client):
    _status, found = anna.call("post", f"{anna.flat}/payments", {"amount": "5", "way": "wechat-mini", "asked": "a1"})
    trade, merchant = mini.trades[found["id"]], Payment.objects.get().merchant
    trade.pay()
    assert call_back(client, merchant, mini.callback(trade, appid="wx0000000000000000")).status_code == 400
    assert anna.get(f"/me/payments/{found['id']}")["state"] == "open"
    assert call_back(client, merchant, mini.callback(trade)).status_code == 200


def test_who_waits_has_the_provider_asked_when_no_word_comes_and_not_at_each_look(anna, mini, clock):
    _status, found = anna.call("post", f"{anna.flat}/payments", {"amount": "5", "way": "wechat-mini", "asked": "a1"})
    path, mine = f"/me/payments/{found['id']}", f"/v3/pay/transactions/out-trade-no/{found['id']}"

    def asked():
        return sum(each.startswith(mine) for _method, each, _body in mini.asked)

    mini.trades[found["id"]].pay()
    assert anna.get(path)["state"] == "open" and asked() == 0
    clock.at += HOUR // 60
    assert anna.get(path)["state"] == "paid" and asked() == 1
    anna.get(path)
    assert asked() == 1


def test_who_taps_again_after_a_payment_that_came_though_the_phone_was_told_it_failed_pays_once(anna, mini, clock):
    wish = {"amount": "5", "way": "wechat-mini", "asked": "a1"}
    _status, found = anna.call("post", f"{anna.flat}/payments", wish)
    mini.trades[found["id"]].pay()
    clock.at += HOUR // 60
    assert anna.call("post", f"{anna.flat}/payments", wish)[1]["state"] == "paid"
    assert Payment.objects.count() == 1 and anna.get(f"/me/payments/{found['id']}")["state"] == "paid"


def test_other_ways_lead_somewhere_and_nobody_is_offered_what_their_phone_can_not_do(anna, mini, tenancy, merchants):
    kinds = {each["kind"] for each in anna.get(anna.flat)["ways"]}
    assert kinds == {"wechat-mini", "redirect", "transfer"}
    way = f"{merchants['wechat'].pk}:h5"
    status, found = anna.call("post", f"{anna.flat}/payments", {"amount": "5", "way": way, "asked": "a2"})
    assert status == 201 and found["redirect"].startswith("http")
    # A program with a key of its own is in no mini program.
    program = Phone("program")
    program.key = make_key(get_user_model().objects.get(username="flat1"), "program")
    assert "wechat-mini" not in {each["kind"] for each in program.get(anna.flat)["ways"]}
    for way in ("wechat-mini", "transfer", "", f"{merchants['wechat'].pk}:jsapi", "1:2:3"):
        status, found = program.call("post", f"{anna.flat}/payments", {"amount": "5", "way": way, "asked": "a3"})
        assert (status, found["errors"][0]["message"]) == (400, "Choose how to pay."), way
    # A merchant number that is not bound to this mini program takes no payment there.
    wechat = merchants["wechat"]
    wechat.settings = {**wechat.settings, "mini_appid": ""}
    wechat.save()
    assert "wechat-mini" not in {each["kind"] for each in anna.get(anna.flat)["ways"]}


@pytest.mark.parametrize("typed", ["12.50", "12,50", "１２．５０", " 12.5 "])
def test_an_amount_is_taken_as_documents_write_it_and_as_people_type_it(anna, typed):
    given = {"amount": typed, "way": "wechat-mini", "asked": "typed"}
    status, _found = anna.call("post", f"{anna.flat}/payments", given)
    assert status == 201 and Payment.objects.get().amount == 12_500_000_000


@pytest.mark.parametrize(
    "typed", ["", "-5", "0", "1e5", "1000000000000", "9" * 25, "0.001", "12.345", "NaN", "\x00", "5 USD"]
)
def test_no_payment_is_asked_for_by_nonsense_and_it_is_said_in_the_persons_language(anna, typed):
    anna.call("put", "/me", {"language": "zh-hans"})
    given = {"amount": typed, "way": "wechat-mini", "asked": "typed"}
    status, found = anna.call("post", f"{anna.flat}/payments", given)
    assert status == 400 and not Payment.objects.exists()
    said = found["errors"][0]["message"]
    assert any("一" <= sign <= "鿿" for sign in said), said


def test_payments_are_read_page_by_page_and_those_of_one_instant_stay_together(anna, clock, tenancy):
    for number in range(45):
        top_up(tenancy, NANO, f"p{number}")
        clock.at += HOUR if number != 24 else 0
    pages, address = [], f"{anna.flat}/payments"
    while True:
        found = anna.get(address)
        pages.append(len(found["payments"]))
        if found["next"] is None:
            break
        address = f"{anna.flat}/payments?before={found['next']}"
    assert pages == [21, 20, 4]


# -- papers --------------------------------------------------------------------------------------------------------------------


def test_statements_shares_and_the_bill_so_far(anna, paid, tenancy, clock):
    cost = SharedCost.objects.create(property=tenancy.unit.property, name="Garden")
    run(cost, date(2025, 10, 7), date(2025, 10, 8), bill=6 * NANO, memo="bill 7")
    assert anna.get(f"{anna.flat}/statements") == [{"month": "2025-10", "title": "October 2025", "is_final": False}]
    document = anna.get(f"{anna.flat}/statements/2025-10")
    assert document["schema"] == "prewatt-statement-1" and document["kwh"] == "14.700"
    for month in ("2025-09", "2025-11", "1970-01"):
        assert anna.call("get", f"{anna.flat}/statements/{month}")[0] in (400, 404)
    (share,) = anna.get(f"{anna.flat}/shares")
    assert (share["name"], share["begins"], share["ends"]) == ("Garden", "2025-10-07", "2025-10-08")
    derivation = anna.get(f"{anna.flat}/shares/{share['id']}")["derivation"]
    assert derivation["cost"] == "6.000000000" and derivation["own"]["amount"] == share["amount"]
    bill = anna.get(f"{anna.flat}/bill")
    assert {each["text"]: each["amount"] for each in bill["lines"]}["flat"] == "2.940000000"
    assert parse_money(bill["total"]) == parse_money("2.94") + parse_money(share["amount"])
    assert (bill["begins"], bill["ends"], bill["pays_after_use"]) == ("2025-10-01", "2025-10-09", None)


def test_a_statement_is_a_pdf_too(anna, paid):
    status, content = anna.call("get", f"{anna.flat}/statements/2025-10/pdf")
    assert status == 200 and content.startswith(b"%PDF")


def test_emergency_credit_is_taken_where_the_meter_gives_it(anna, paid, store, tenancy, building):
    assert anna.get(anna.flat)["emergency"] is None
    status, found = anna.call("post", f"{anna.flat}/emergency", {"asked": "1"})
    assert status == 400 and "no emergency credit" in found["errors"][0]["message"]


# -- the flat's people, reports, notices ----------------------------------------------------------------------------------------


def test_a_flatmate_is_invited_seen_and_removed_by_the_first_and_leaves_alone(anna, mini, tenancy):
    status, invitation = anna.call("post", f"{anna.flat}/residents/invitations")
    assert status == 201 and invitation["code"] in invitation["link"]
    assert anna.get(f"{anna.flat}/residents")["invitations_open"] == 1
    mei, ben = Phone("mei"), Phone("ben")
    assert mei.join(invitation=invitation["code"], name="Mei")[0] == 200
    code = anna.call("post", f"{anna.flat}/residents/invitations")[1]["code"]
    assert ben.join(invitation=code, name="Ben")[0] == 200
    seen = mei.get(f"{anna.flat}/residents")["residents"]
    assert [(each["name"], each["is_me"], each["may_be_removed"]) for each in seen] == [
        ("flat1", False, False), ("Mei", True, True), ("Ben", False, False),
    ]  # fmt: skip
    first, own, other = (each["id"] for each in seen)
    for number in (first, other):
        assert mei.call("delete", f"{anna.flat}/residents/{number}")[0] == 400
    assert mei.call("delete", f"{anna.flat}/residents/{own}")[0] == 204
    assert mei.call("get", "/me")[0] == 401 and mei.log_in() == 404
    assert anna.call("delete", f"{anna.flat}/residents/{other}")[0] == 204
    assert ben.call("get", anna.flat)[0] == 401 and tenancy.residents.count() == 1


def test_a_fault_is_reported_once_and_its_answers_are_read(anna, tenancy, log_in):
    kinds = anna.get(f"{anna.flat}/reports")["kinds"]
    assert {"value", "title"} == set(kinds[0])
    for _again in range(2):
        given = {"kind": kinds[0]["value"], "text": "It hums", "asked": "r1"}
        status, found = anna.call("post", f"{anna.flat}/reports", given)
        assert status == 201 and found["text"] == "It hums"
    log_in("manager").post(
        f"/reports/{Report.objects.get().pk}/", {"asked": "8", "text": "Somebody comes.", "state": "work"}
    )
    (report,) = anna.get(f"{anna.flat}/reports")["reports"]
    assert [each["text"] for each in report["answers"]] == ["Somebody comes."] and report["state"] == "work"


def test_what_is_told_is_turned_off_by_one_call_and_quiet_hours_too(anna, tenancy):
    before = anna.get("/me/notices")
    assert all(each["is_on"] for each in before["events"]) and before["quiet"] in (None, {"begins": 22, "ends": 7})
    status, after = anna.call("put", "/me/notices", {"events": {"low": False}, "quiet": {"begins": 21, "ends": 6}})
    assert status == 200 and after["quiet"] == {"begins": 21, "ends": 6}
    assert [each["event"] for each in after["events"] if not each["is_on"]] == ["low"]
    status, after = anna.call("patch", "/me/notices", {"events": {"low": True}})
    assert all(each["is_on"] for each in after["events"]) and after["quiet"] == {"begins": 21, "ends": 6}
    assert anna.call("patch", "/me/notices", {"quiet": None})[1]["quiet"] is None
    for wrong in (
        {"events": {"x": True}},
        {"events": {"low": "no"}},
        {"quiet": {"begins": 24, "ends": 0}},
        {"tenancy": -1},
    ):
        assert anna.call("put", "/me/notices", wrong)[0] in (400, 404), wrong


# -- moving ----------------------------------------------------------------------------------------------------------------------


def test_who_has_moved_out_reads_their_own_time_and_nothing_of_the_next_tenants(anna, paid, store, tenancy, clock):
    top_up(tenancy, NANO, "last of Anna")
    paid.live(store, clock.at + HOUR, {"m1": 300, "m2": 100}, HOUR)
    ends = clock.at
    move_out(tenancy, ends)
    zoe = move_in(tenancy.unit, "Zoe", ends)
    top_up(zoe, 77 * NANO, "of Zoe")
    clock.at = at(2025, 11, 20)
    paid.live(store, clock.at + HOUR, {"m1": 5000, "m2": 100}, HOUR)
    settle(tenancy)
    LiveReading.objects.create(
        meter=Meter.objects.get(name="m1"),
        heard_at=system_now(),
        at=0,
        register=1,
        power=4321,
        closed=True,
        balance=1,
        cause="",
    )
    home = anna.get(anna.flat)
    assert not home["is_present"] and home["why"]["cause"] == "moved-out"
    assert [home[name] for name in ("power_w", "is_on", "price", "today", "month", "seen_at")] == [None] * 6
    assert parse_money(home["balance"]) == balance(tenant_account(tenancy))
    assert [each["month"] for each in anna.get(f"{anna.flat}/statements")] == ["2025-10"]
    assert anna.get(f"{anna.flat}/statements")[0]["is_final"]
    assert anna.call("get", f"{anna.flat}/statements/2025-11")[0] == 404
    used = anna.get(f"{anna.flat}/usage?by=month&on=2025-11-20")
    assert all(each["kwh"] is None for each in used["values"])
    seen = str(
        [anna.get(f"{anna.flat}{each}") for each in ("", "/payments", "/bill", "/residents", "/reports", "/shares")]
    )
    assert "77.0" not in seen and "Zoe" not in seen and "4321" not in seen
    (way,) = home["ways"]
    assert way["kind"] == "transfer"
    acts = {"/payments": {"amount": "5", "way": "wechat-mini", "asked": "1"}, "/emergency": {}, "/residents/invitations": None,
            "/reports": {"kind": "meter", "text": "x"}}  # fmt: skip
    for path, body in acts.items():
        status, found = anna.call("post", f"{anna.flat}{path}", body)
        assert status == 400 and "any more" in found["errors"][0]["message"], path
    # She lives elsewhere now: both are hers, the present one first.
    new_login(zoe)
    assert anna.call("get", f"/me/tenancies/{zoe.pk}")[0] == 404


def test_before_the_move_in_what_the_meter_shows_is_somebody_elses(anna, paid, tenancy, clock):
    later = move_in(
        Tenancy.objects.get(tenant="Ben").unit.property.units.get(name="Flat 3"), "Anna", clock.at + 240 * HOUR
    )
    later.people.add(get_user_model().objects.get(username="flat1"))
    flats = anna.get("/me")["tenancies"]
    assert [(each["id"], each["is_present"]) for each in flats] == [(tenancy.pk, True), (later.pk, False)]
    home = anna.get(f"/me/tenancies/{later.pk}")
    assert home["why"]["cause"] == "not-moved-in" and home["is_on"] is None and home["codes"] == []
    assert anna.get(f"/me/tenancies/{later.pk}/statements") == []
    assert anna.call("get", f"/me/tenancies/{later.pk}/bill")[0] == 404
    assert anna.call("post", f"/me/tenancies/{later.pk}/emergency", {})[0] == 400
