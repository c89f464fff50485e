"""Tenants and managers are told: of what, once, in their language, after their quiet hours, until it has arrived."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO, SECOND, instant
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import reverse, run
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter
from prewatt.server.notices import watching
from prewatt.server.notices.events import Event
from prewatt.server.notices.fitting import whole
from prewatt.server.notices.models import Channel, Delivery, Notice, Recipient
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipient_settings import keep_settings
from prewatt.server.notices.recipients import manager_of, recipient_of
from prewatt.server.notices.sending import BACKOFF, LEASE, send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.telling import after_quiet_hours, wall
from prewatt.server.notices.texts import render
from prewatt.server.payments.models import Payment
from prewatt.server.payments.paying import confirm
from prewatt.server.payments.providers.interface import PaymentReport, State
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tariffs.versions import keep, schedule
from prewatt.server.vending.models import Command
from tests.building import ZONE
from tests.gateway import Edge, take
from tests.recorded import recorded_once
from tests.server.payments.paying import start_payment

pytestmark = pytest.mark.database
BERLIN = ZoneInfo(ZONE)
ALWAYS = {"quiet_from": 0, "quiet_until": 0}


@pytest.fixture
@recorded_once
def edge(building, clock):
    made = Edge(building.code, clock)
    Gateway.objects.update(is_online=True)
    return made


@pytest.fixture
def anna(tenancy, internet):
    """Anna, who is told by e-mail at any hour."""
    keep_account(tenancy.unit.property.organisation, "email", mail_account(internet))
    Property.objects.update(low_credit="", low_credit_kwh="", low_credit_days="")
    return told_by_mail(recipient_of(tenancy))


@pytest.fixture
def office(building, internet, tenancy):
    owner = tenancy.unit.property.organisation
    keep_account(owner, "email", mail_account(internet))
    return told_by_mail(manager_of(owner), "office@example.com")


def watch():
    """Look, however long ago the last look was."""
    Recipient.objects.update(looked_at=0)
    watching.watch()


def mail_account(internet):
    return {"host": internet.mail.host, "sender": "power@example.com", "security": "none"}


def told_by_mail(recipient, address="anna@example.com", **changes):
    for name, value in {**ALWAYS, **changes}.items():
        setattr(recipient, name, value)
    recipient.save()
    add_channel(recipient, "email", address)
    return recipient


def events(recipient):
    return [each.event for each in recipient.notices.order_by("pk")]


def last(recipient):
    return recipient.notices.order_by("-pk").first()


def live(edge, store, watts, hours=1, meter="m1"):
    """Use so many W for some hours, read each quarter of an hour, taking up what is ordered; all of it arrives at the end."""
    for _quarter in range(4 * hours):
        edge.clock.at += 15 * MINUTE
        account = edge.accounts[meter]
        edge.read(meter, (account.register or 0) + watts // 4)
        edge.obey(meter)
        wanted = account.wants_closed(edge.clock.at)
        if wanted is not None and wanted != account.closed:
            why = "credit" if wanted else account.why_open(edge.clock.at)
            edge.append(meter, account.relay(edge.clock.at, wanted, why))
    edge.deliver(store)


# -- of what ------------------------------------------------------------------------------------------------------------


def test_low_is_told_step_by_step_each_once_and_again_after_it_was_well_above(edge, store, anna, tenancy):
    Recipient.objects.update(low_money=[5 * NANO, 2 * NANO], low_days=[], low_energy=[])
    top_up(tenancy, 8 * NANO, "c1")
    live(edge, store, 1000)
    watch()
    assert events(anna) == ["top-up"]
    live(edge, store, 2000, 8)  # 0.2 x 16 kWh
    watch()
    watch()
    assert events(anna) == ["top-up", "low"]
    assert last(anna).title == "Your electricity credit is running low: 4.65 EUR"
    assert "about 23.3 kWh" in last(anna).text
    live(edge, store, 2000, 7)
    watch()
    assert events(anna)[2:] == ["low"] and "1.85" in last(anna).title
    # A little above the step is not enough for it to be told again.
    top_up(tenancy, 3_500_000_000, "c2")
    live(edge, store, 400)
    watch()
    live(edge, store, 2000, 2)
    watch()
    assert events(anna)[3:] == ["top-up"]
    top_up(tenancy, 5 * NANO, "c3")
    live(edge, store, 400)
    watch()
    live(edge, store, 2000, 12)
    watch()
    assert events(anna)[4:] == ["top-up", "low"]


def test_from_well_above_to_the_lowest_step_at_once_it_is_one_notice(edge, store, anna, tenancy):
    Recipient.objects.update(low_money=[50 * NANO, 20 * NANO, 10 * NANO], low_days=[])
    top_up(tenancy, 60 * NANO, "c1")
    live(edge, store, 100)
    watch()
    live(edge, store, 10_000, 27)
    watch()
    assert events(anna).count("low") == 1 and "5.98" in last(anna).title


def test_low_by_days_and_energy(edge, store, anna, tenancy):
    Recipient.objects.update(low_money=[], low_days=[3], low_energy=[30_000])
    top_up(tenancy, 30 * NANO, "c1")
    for _day in range(10):
        live(edge, store, 500, 24)  # 2.40 a day
    watch()
    assert last(anna).event == "low" and "3 days at your usual use" in last(anna).text
    assert Notice.objects.filter(event="low").count() == 1


def test_used_up_cut_off_and_restored(edge, store, anna, tenancy):
    top_up(tenancy, NANO, "c1")
    live(edge, store, 100)
    watch()
    live(edge, store, 2000, 4)
    watch()
    watch()
    assert events(anna)[-2:] == ["cut-off", "exhausted"]
    cut = anna.notices.get(event="cut-off")
    assert "the credit is used up" in cut.text and "The power returns by itself a few seconds later" in cut.text
    assert "Pay at least 0." in cut.text and "If it stays dark, call the manager." in cut.text
    send_what_is_due()
    top_up(tenancy, 20 * NANO, "c2")
    live(edge, store, 0)
    watch()
    watch()
    assert events(anna)[-2:] == ["top-up", "restored"]


def test_who_has_paid_and_is_in_the_dark_gets_the_code(edge, store, anna, tenancy):
    top_up(tenancy, NANO, "c1")
    live(edge, store, 100)
    watch()
    Gateway.objects.update(is_online=False)
    made = top_up(tenancy, 20 * NANO, "c2")
    account = edge.accounts["m1"]
    edge.clock.at += HOUR
    edge.read("m1", account.register + 8000)
    edge.append("m1", account.relay(edge.clock.at, False, "exhausted"))
    edge.deliver(store)
    watch()
    digits = str(made.command.code)
    for event in ("top-up", "cut-off", "exhausted"):
        notice = anna.notices.filter(event=event).order_by("-pk").first()
        assert digits in notice.text, event
    assert "20.00 EUR is on its way" in anna.notices.get(event="exhausted").text


def test_off_and_on_again_while_the_network_was_gone_is_no_news(edge, store, anna, tenancy):
    top_up(tenancy, 20 * NANO, "c1")
    live(edge, store, 100)
    watch()
    account = edge.accounts["m1"]
    for closed in (False, True):
        edge.clock.at += HOUR
        edge.append("m1", account.relay(edge.clock.at, closed, "ordered"))
    edge.deliver(store)
    watch()
    assert events(anna) == ["top-up"]
    for closed in (False,), (True, False):
        for each in closed:
            edge.clock.at += HOUR
            edge.append("m1", account.relay(edge.clock.at, each, "ordered"))
        edge.deliver(store)
        watch()
    assert events(anna) == ["top-up", "cut-off"]


def switched_on(edge, store, anna, tenancy):
    """Anna was cut off, and has paid: her switch is told to close."""
    top_up(tenancy, 20 * NANO, "c1")
    live(edge, store, 100)
    account = edge.accounts["m1"]
    for closed, reason in ((False, "ordered"), (True, "credit")):
        edge.append("m1", account.relay(edge.clock.at, closed, reason))
        watched(edge, store, "asked" if closed else "verified")
        send_what_is_due()


def watched(edge, store, switch):
    """What is journalled arrives, and how far the order to the switch is; people are told."""
    edge.clock.at += SECOND
    take(store, edge.status("m1", switch=switch))
    edge.deliver(store)
    watch()


def test_that_the_power_is_back_is_told_when_it_was_seen(edge, store, anna, tenancy):
    watched(edge, store, "")
    switched_on(edge, store, anna, tenancy)
    watched(edge, store, "confirmed")
    assert events(anna)[-1] == "cut-off", "a switch that has confirmed may stick"
    watched(edge, store, "failed")
    edge.clock.at += HOUR
    watched(edge, store, "failed")
    assert events(anna)[-1] == "cut-off"
    watched(edge, store, "verified")
    watched(edge, store, "verified")
    assert events(anna)[-2:] == ["cut-off", "restored"]
    assert f"since {wall(edge.clock.at - 2 * SECOND, BERLIN)}" in last(anna).text, "not since it was told to"


def test_of_a_meter_that_cannot_tell_it_is_told_once_it_would_have_been_seen(edge, store, anna, tenancy):
    watched(edge, store, "")
    switched_on(edge, store, anna, tenancy)
    watched(edge, store, "confirmed")
    assert events(anna)[-1] == "cut-off"
    edge.clock.at += 3 * MINUTE
    watched(edge, store, "confirmed")
    assert events(anna)[-1] == "restored"


def test_who_has_to_press_the_button_is_told_and_the_manager_and_that_the_power_is_back_after_it(
    edge, store, anna, office, tenancy
):
    watched(edge, store, "")
    switched_on(edge, store, anna, tenancy)
    edge.append("m1", edge.accounts["m1"].event(edge.clock.at, "waits-for-button"))
    watched(edge, store, "waits-for-button")
    watched(edge, store, "waits-for-button")
    assert events(anna)[-2:] == ["cut-off", "press-button"] and events(office) == ["press-button"]
    assert "Press the button at your meter" in last(anna).title and "is told" in last(office).text
    watched(edge, store, "verified")
    assert events(anna)[-2:] == ["press-button", "restored"] and events(office) == ["press-button"]


def test_a_button_that_was_pressed_meanwhile_is_no_news(edge, store, anna, office, tenancy):
    watched(edge, store, "")
    switched_on(edge, store, anna, tenancy)
    edge.append("m1", edge.accounts["m1"].event(edge.clock.at, "waits-for-button"))
    watched(edge, store, "verified")
    assert events(anna)[-2:] == ["cut-off", "restored"] and events(office) == []


def test_overload_is_told_to_tenant_and_manager_once_an_hour(edge, store, anna, office):
    live(edge, store, 100)
    watch()
    for _trip in range(3):
        edge.append("m1", edge.accounts["m1"].event(edge.clock.at, "overload", "5000 W, the limit is 3000 W"))
    edge.append("m1", edge.accounts["m1"].event(edge.clock.at, "tamper"))
    edge.deliver(store)
    watch()
    watch()
    assert events(anna) == ["overload"] and "5000 W" in last(anna).text
    assert sorted(events(office)) == ["overload", "trouble"]


def test_a_trip_is_one_message_and_the_first_overload_is_not_said_to_be_one_too_many(edge, store, anna, tenancy):
    top_up(tenancy, 20 * NANO, "c1")
    live(edge, store, 100)
    watch()

    def trip():
        account = edge.accounts["m1"]
        edge.append("m1", account.event(edge.clock.at, "overload", "5000 W, the limit is 3000 W"))
        for closed, reason in ((False, "overload"), (True, "reclosed")):
            edge.append("m1", account.relay(edge.clock.at, closed, reason))
            edge.deliver(store)
            watch()
            edge.clock.at += MINUTE

    trip()
    trip()
    assert events(anna) == ["top-up", "overload"]
    assert "more power was drawn than the limit allows" in last(anna).text and "too often" not in last(anna).text
    # Who does not want to hear of overloads hears why it is dark.
    Recipient.objects.update(muted=["overload"])
    trip()
    cut = anna.notices.get(event="cut-off")
    assert "too much power was drawn" in cut.text and cut.facts["do"] == "Switch something off"


def test_a_payment_on_its_way_is_not_said_to_end_what_credit_can_not_end(edge, store, anna, tenancy):
    top_up(tenancy, 20 * NANO, "c1")
    live(edge, store, 100)
    watch()
    Gateway.objects.update(is_online=False)
    top_up(tenancy, 20 * NANO, "c2")
    edge.append("m1", edge.accounts["m1"].relay(edge.clock.at, False, "ordered"))
    edge.deliver(store)
    watch()
    cut = anna.notices.get(event="cut-off")
    assert "switched off by the manager" in cut.text and "ype this code" not in cut.text
    assert cut.facts["do"] == "Ask your landlord"


def test_a_shared_cost_and_its_reversal(edge, store, anna, tenancy):
    cost = SharedCost.objects.create(property=tenancy.unit.property, name="Lift")
    edge.clock.at += DAY
    made = run(cost, date(2025, 10, 6), date(2025, 10, 6), bill=30 * NANO)
    watch()
    watch()
    assert events(anna) == ["shared-cost"] and last(anna).title.startswith("Lift: ")
    assert "were charged" in last(anna).title
    reverse(made)
    watch()
    assert events(anna) == ["shared-cost"] * 2 and "were given back" in last(anna).title


def test_a_tariff_ahead_is_told_once_dated_prices_are_not(edge, store, anna, tenancy, clock):
    where = tenancy.unit.property
    dearer = keep(where.organisation, flat_tariff("dearer", "EUR", ZONE, 350_000))
    schedule(where, dearer, clock.at + 10 * DAY)
    watch()
    watch()
    assert events(anna) == ["tariff"] and "0.35 EUR per kWh" in last(anna).text
    for day in range(11, 20):
        schedule(where, dearer, clock.at + day * DAY)
    watch()
    assert events(anna) == ["tariff"]


def test_the_months_statement(edge, store, anna, tenancy, clock):
    top_up(tenancy, 20 * NANO, "c1")
    live(edge, store, 1000, 24)
    clock.at = instant(datetime(2025, 11, 1, 5, tzinfo=BERLIN))
    edge.read("m1", edge.accounts["m1"].register)
    edge.deliver(store)
    watch()
    assert "statement" not in events(anna)
    clock.at += 2 * HOUR
    watch()
    watch()
    assert events(anna).count("statement") == 1
    notice = anna.notices.get(event="statement")
    assert "2025-10" in notice.title and "23.75 kWh, 4.75 EUR" in notice.text and "15.25" in notice.text


def test_a_statement_waits_for_the_meter_but_not_for_ever(edge, store, anna, tenancy, clock):
    top_up(tenancy, 20 * NANO, "c1")
    live(edge, store, 1000, 24)
    clock.at = instant(datetime(2025, 11, 2, tzinfo=BERLIN))
    watch()
    assert "statement" not in events(anna)
    clock.at = instant(datetime(2025, 11, 11, tzinfo=BERLIN))
    watch()
    assert events(anna).count("statement") == 1


def test_something_left_on_is_seen_from_the_lowest_hour_of_a_day(edge, store, anna, office, tenancy):
    common = Meter.objects.get(name="m3")
    Meter.objects.filter(pk=common.pk).update(unit=None, role="common")
    for _day in range(9):
        live(edge, store, 100, 24)
        edge.clock.at -= DAY
        live(edge, store, 300, 24, "m3")
    watch()
    assert "unusual" not in events(anna)
    live(edge, store, 1500, 54)
    edge.clock.at -= 54 * HOUR
    live(edge, store, 1500, 54, "m3")
    watch()
    watch()
    assert "1500 W all the time" in anna.notices.get(event="unusual").title
    assert "1500 W" in office.notices.get(event="leak").title
    # While it stays on it is no news; after a usual day it is.
    for watts, hours in ((1500, 24), (100, 56), (1500, 54)):
        live(edge, store, watts, hours)
        watch()
    assert anna.notices.filter(event="unusual").count() == 2


def test_money_that_waits_and_alarms_are_told_to_the_manager(office, tenancy, merchants, providers, clock):
    payment = start_payment(tenancy, merchants["wechat"])
    providers.pay(payment)
    confirm(payment.merchant, PaymentReport(payment.payment_id, State.PAID, "t1", 1500, "CNY", clock.at), "callback")
    confirm(payment.merchant, PaymentReport("f" * 32, State.PAID, "t2", 1500, "CNY", clock.at), "callback")
    Alarm.objects.create(meter=Meter.objects.get(name="m1"), seq=1, at=clock.at, text="entry 7 differs")
    watch()
    watch()
    assert sorted(events(office)) == ["held", "held", "trouble"]
    assert Payment.objects.get().state == "held"


def test_nothing_that_was_before_is_told(edge, store, tenancy, internet, clock):
    top_up(tenancy, 20 * NANO, "c1")
    live(edge, store, 100)
    clock.at += MINUTE
    keep_account(tenancy.unit.property.organisation, "email", mail_account(internet))
    anna = told_by_mail(recipient_of(tenancy))
    watch()
    assert events(anna) == []


def test_who_has_nothing_new_is_looked_at_now_and_then_only(
    edge, store, anna, tenancy, clock, django_assert_num_queries
):
    top_up(tenancy, 20 * NANO, "c1")
    live(edge, store, 100)
    watching.watch()
    clock.at += MINUTE
    with django_assert_num_queries(2):
        watching.watch()
    live(edge, store, 100)
    watching.watch()
    looked = Recipient.objects.get(pk=anna.pk).looked_at
    assert looked == clock.at
    clock.at += watching.IDLE - 1
    watching.watch()
    assert Recipient.objects.get(pk=anna.pk).looked_at == looked
    clock.at += 1
    watching.watch()
    assert Recipient.objects.get(pk=anna.pk).looked_at == clock.at
    top_up(tenancy, 20 * NANO, "c2")
    watching.watch()
    assert events(anna) == ["top-up", "top-up"]


def test_who_has_moved_out_is_told_no_more(edge, store, anna, tenancy, clock):
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at + 1)
    clock.at += MINUTE
    tenancy.top_ups.create(
        organisation=Organisation.objects.get(),
        credit_id="late",
        amount=NANO,
        paid_at=clock.at,
        command=Command.objects.filter(meter__name="m1").first(),
    )
    watch()
    assert events(anna) == []


def test_one_tenants_odd_data_keeps_nobody_else_from_being_told(edge, store, anna, tenancy, internet):
    ben = told_by_mail(recipient_of(Tenancy.objects.get(tenant="Ben")), "ben@example.com")
    JournalEntry.objects.create(
        meter=Meter.objects.get(name="m1"), seq=1, at=1, kind="event", balance=0, body=b"nonsense", hash=b""
    )
    watch()
    Meter.objects.filter(name="m1").update(seq=5)
    top_up(Tenancy.objects.get(tenant="Ben"), NANO, "b1")
    watch()
    assert events(ben) == ["top-up"]


# -- when, in which words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "end", "hour", "due"),
    [
        (22, 7, 23, "07:00"), (22, 7, 3, "07:00"), (22, 7, 7, "07:30"), (22, 7, 21, "21:30"), (22, 7, 22, "07:00"),
        (9, 17, 12, "17:00"), (9, 17, 17, "17:30"), (9, 17, 8, "08:30"), (0, 0, 3, "03:30"), (5, 5, 5, "05:30"),
    ],
)  # fmt: skip
def test_quiet_hours_are_the_buildings(tenancy, begin, end, hour, due):
    recipient = recipient_of(tenancy)
    recipient.quiet_from, recipient.quiet_until = begin, end
    at = instant(datetime(2025, 10, 6, hour, 30, tzinfo=BERLIN))
    found = datetime.fromtimestamp(after_quiet_hours(recipient, at) / 10**6, BERLIN)
    assert f"{found:%H:%M}" == due and 0 <= (found.timestamp() - at / 10**6) < 86_400


def test_quiet_hours_over_the_change_of_clocks(tenancy):
    recipient = recipient_of(tenancy)
    recipient.quiet_from, recipient.quiet_until = 22, 7
    at = instant(datetime(2025, 10, 25, 23, tzinfo=BERLIN))
    assert after_quiet_hours(recipient, at) - at == 9 * HOUR  # the night has an hour more


def test_what_no_longer_holds_at_the_end_of_the_quiet_hours_is_not_sent(edge, store, tenancy, internet, clock):
    owner = tenancy.unit.property.organisation
    keep_account(owner, "email", mail_account(internet))
    anna = told_by_mail(recipient_of(tenancy), quiet_from=13, quiet_until=18)
    top_up(tenancy, NANO, "c1")
    live(edge, store, 100)  # until 13:00
    watch()
    send_what_is_due()
    live(edge, store, 2000, 3)
    watch()
    assert send_what_is_due() == 0
    top_up(tenancy, 20 * NANO, "c2")
    live(edge, store, 0)
    watch()
    clock.at += 2 * HOUR
    watch()
    send_what_is_due()
    subjects = [mail[2].split(b"Subject: ")[1].split(b"\r\n")[0] for mail in internet.mail.mails]
    assert subjects == [b"Payment received: 1.00 EUR", b"Payment received: 20.00 EUR"]
    assert set(anna.notices.filter(is_overtaken=True).values_list("event", flat=True)) >= {"cut-off", "exhausted"}


def test_in_chinese(edge, store, anna, tenancy):
    Recipient.objects.update(language="zh")
    top_up(tenancy, NANO, "c1")
    live(edge, store, 2000, 4)
    watch()
    titles = list(anna.notices.order_by("pk").values_list("title", flat=True))
    assert (
        titles[0] == "已收到付款：1.00 EUR" and "余额用完" in anna.notices.get(event="cut-off").text
        if len(titles) > 2
        else True
    )


def test_a_tenants_name_can_not_write_into_a_notice_what_it_likes():
    given = '<b>{{ x }}</b> | "q"'
    words = render(Event.SHARED_COST, "en", {"name": given, "amount": "1"})
    assert given in words.title and given in words.text
    assert given in whole(words.short["sms"]).replace("¦", "|")


def test_muted_events_are_not_told(edge, store, anna, tenancy):
    Recipient.objects.update(muted=["top-up"])
    top_up(tenancy, NANO, "c1")
    watch()
    assert events(anna) == []


# -- sending ----------------------------------------------------------------------------------------------------------------


def test_what_is_told_is_sent_once_and_seen_to_have_been(anna, tenancy, internet, clock):
    top_up(tenancy, 20 * NANO, "c1")
    watch()
    assert send_what_is_due() == 1 and send_what_is_due() == 0
    ((sender, to, text),) = internet.mail.mails
    assert "power@example.com" in sender and to == ["anna@example.com"]
    assert b"Payment received: 20.00 EUR" in text
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.sent_at, delivery.tries) == ("sent", clock.at, 1)


def test_what_does_not_go_is_tried_again_ever_later_and_given_up_in_the_end(anna, tenancy, internet, clock):
    internet.mail.refuses = 100
    top_up(tenancy, 20 * NANO, "c1")
    watch()
    waits = []
    for _try in range(len(BACKOFF) + 1):
        assert send_what_is_due() == 0
        delivery = Delivery.objects.get()
        if delivery.next_try_at is None:
            break
        waits.append(delivery.next_try_at - clock.at)
        assert send_what_is_due() == 0 and Delivery.objects.get().tries == len(waits)
        clock.at = delivery.next_try_at
    assert tuple(waits) == BACKOFF
    assert (delivery.state, delivery.tries) == ("failed", len(BACKOFF) + 1) and "failed" in delivery.error
    assert Channel.objects.get().failing


def test_when_it_goes_again_the_rest_follows(anna, tenancy, internet, clock):
    internet.mail.refuses = 1
    top_up(tenancy, 20 * NANO, "c1")
    watch()
    send_what_is_due()
    clock.at += BACKOFF[0]
    assert send_what_is_due() == 1
    assert Channel.objects.get().failing == ""


def test_a_server_that_does_not_answer_is_asked_once_a_round(anna, tenancy, internet):
    keep_account(tenancy.unit.property.organisation, "email", {**mail_account(internet), "host": "127.0.0.1:1"})
    for number in range(5):
        top_up(tenancy, NANO, f"c{number}")
    watch()
    send_what_is_due()
    assert sum(Delivery.objects.values_list("tries", flat=True)) == 1


def test_one_tenants_broken_webhook_holds_up_nobody_elses(anna, tenancy, internet):
    ben = recipient_of(Tenancy.objects.get(tenant="Ben"))
    for recipient, path in ((anna, "broken"), (ben, "works")):
        recipient.quiet_from = recipient.quiet_until = 0
        recipient.save()
        add_channel(recipient, "webhook", f"http://{internet.plain}/{path}")
    internet.answers[""] = lambda path, body: (500 if path == "/broken" else 200, {})
    for each in Tenancy.objects.filter(tenant__in=("Anna", "Ben")):
        top_up(each, NANO, f"of {each.tenant}")
    watch()
    send_what_is_due()
    assert Delivery.objects.get(notice__recipient=ben).state == "sent"
    assert Delivery.objects.get(notice__recipient=anna, channel__kind="webhook").state == "waiting"


def test_a_sender_that_dies_over_a_delivery_loses_nothing(anna, tenancy, internet, clock, monkeypatch):
    top_up(tenancy, 20 * NANO, "c1")
    watch()

    class Killed(BaseException):
        pass

    def die(*_arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("prewatt.server.notices.sending.send", die)
        with pytest.raises(Killed):
            send_what_is_due()
    assert send_what_is_due() == 0
    clock.at += LEASE
    assert send_what_is_due() == 1 and len(internet.mail.mails) == 1


def test_a_look_that_is_broken_off_is_made_up_for(edge, store, anna, tenancy, monkeypatch):
    top_up(tenancy, NANO, "c1")
    live(edge, store, 100)
    watch()
    live(edge, store, 2000, 4)

    class Killed(BaseException):
        pass

    def die(*_arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("prewatt.server.notices.for_tenants.Credit.look", die)
        with pytest.raises(Killed):
            watch()
    assert "cut-off" not in events(anna)
    watch()
    assert {"cut-off", "exhausted"} <= set(events(anna))


def test_a_channel_that_is_switched_off_gets_nothing(anna, tenancy, internet):
    top_up(tenancy, NANO, "c1")
    watch()
    Channel.objects.update(is_enabled=False)
    assert send_what_is_due() == 0 and Delivery.objects.get().state == "overtaken"


# -- settings ----------------------------------------------------------------------------------------------------------------


def test_settings_are_read_and_nonsense_is_named(tenancy):
    from django.core.exceptions import ValidationError

    recipient = recipient_of(tenancy)
    given = "language=zh&quiet_from=23&quiet_until=6&low_money=5+20,50&low_energy=10&low_days=3+1&tell=low&tell=cut-off"
    keep_settings(recipient, QueryDict(given))
    recipient.refresh_from_db()
    assert recipient.low_money == [20_500_000_000, 5 * NANO] and recipient.low_energy == [10_000]
    assert recipient.low_days == [3, 1] and "top-up" in recipient.muted and "low" not in recipient.muted
    for change in (
        "language=xx", "quiet_from=24", "quiet_from=-1", "quiet_until=²", "low_money=x", "low_money=0", "low_money=1+2+3+4+5+6",
        "low_days=1.5", "low_energy=99999999999999999999", "low_money=1e30", "low_money=nan",
    ):  # fmt: skip
        wrong = QueryDict(mutable=True)
        wrong.update(QueryDict(given).dict())
        name, _equals, value = change.partition("=")
        wrong[name] = value.replace("+", " ")
        with pytest.raises(ValidationError) as refused:
            keep_settings(recipient, wrong)
        assert list(refused.value.message_dict) == [name]


def test_a_step_that_is_dropped_and_chosen_again_is_told_anew(edge, store, anna, tenancy):
    top_up(tenancy, 8 * NANO, "c1")
    live(edge, store, 100)
    base = "language=en&quiet_from=0&quiet_until=0&tell=low"
    for steps in ("low_energy=50", "low_energy=5", "low_energy=50"):
        keep_settings(anna, QueryDict(f"{base}&{steps}"))
        watch()
    assert events(anna).count("low") == 2
