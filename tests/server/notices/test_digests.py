"""One message instead of thirty: what is gathered, what never is, and what the message says."""

import re
from dataclasses import replace
from datetime import date

import pytest

from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.allocation.models import SharedCost
from prewatt.server.allocation.runs import reverse, run
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.server.notices import watching
from prewatt.server.notices.channels.senders.interface import sms_text
from prewatt.server.notices.channels.wechat import WeChat
from prewatt.server.notices.digests import FOR_OFFICES, GAP, GATHERED, HOLD, digest, held_until, is_gathered
from prewatt.server.notices.events import ALWAYS_TOLD, Event
from prewatt.server.notices.fitting import segments
from prewatt.server.notices.languages import languages
from prewatt.server.notices.models import Delivery, Notice, Recipient
from prewatt.server.notices.preview import template
from prewatt.server.notices.recipients import manager_of, recipient_of
from prewatt.server.notices.samples import messages
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.sales.top_ups import top_up
from tests.gateway import Edge
from tests.recorded import recorded_once
from tests.server.notices.test_notices import mail_account, told_by_mail


@pytest.fixture
@recorded_once
def edge(building, clock):
    made = Edge(building.code, clock)
    Gateway.objects.update(is_online=True)
    return made


@pytest.fixture
def anna(tenancy, internet):
    keep_account(tenancy.unit.property.organisation, "email", mail_account(internet))
    return told_by_mail(recipient_of(tenancy))


@pytest.fixture
def office(building, internet, tenancy):
    owner = tenancy.unit.property.organisation
    keep_account(owner, "email", mail_account(internet))
    return told_by_mail(manager_of(owner), "office@example.com")


def watch():
    Recipient.objects.update(looked_at=0)
    watching.watch()


def subjects(internet):
    return [mail[2].split(b"Subject: ")[1].split(b"\r\n")[0].decode() for mail in internet.mail.mails]


def book(tenancy, names, euros):
    for name in names:
        cost = SharedCost.objects.create(property=tenancy.unit.property, name=name)
        yield run(cost, date(2025, 10, 6), date(2025, 10, 6), bill=euros * NANO)


def test_thirty_shared_costs_are_one_message_with_count_sum_and_the_largest(
    edge, store, anna, tenancy, internet, clock
):
    clock.at += DAY
    # Booked one by one, seen in several looks.
    list(book(tenancy, [f"Cost {number}" for number in range(10)], 30))
    watch()
    clock.at += 20 * 10**6
    watch()
    assert send_what_is_due() == 0
    list(book(tenancy, [f"Cost {number}" for number in range(10, 29)], 30))
    list(book(tenancy, ["Roof"], 90))
    watch()
    clock.at += HOLD[Event.SHARED_COST]
    assert send_what_is_due() == 30
    each, roof = (Notice.objects.get(title__startswith=f"{name}:").facts["amount"] for name in ("Cost 3", "Roof"))
    total = 29 * round(float(each) * 100) + round(float(roof) * 100)
    assert subjects(internet) == [f"30 shared costs: {total / 100:.2f} EUR charged"]
    body = internet.mail.mails[0][2].decode()
    assert (
        f"- Roof: {roof} EUR were charged" in body
        and "and 25 more." in body
        and f"/me/tenancies/{anna.tenancy_id}/notices/" in body
    )
    assert body.index("Roof") < body.index("Cost ")
    # Each is there on the page, and seen to have been sent.
    assert anna.notices.count() == 30 and set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    watch()
    clock.at += HOUR
    assert send_what_is_due() == 0


def test_what_is_given_back_counts_against_what_is_charged(edge, store, anna, tenancy, internet, clock):
    clock.at += DAY
    runs = list(book(tenancy, ["Lift", "Light"], 30))
    watch()
    reverse(runs[0])
    watch()
    message = digest(list(anna.notices.order_by("pk")))
    amount = Notice.objects.filter(title__startswith="Light").get().facts["amount"]
    assert message.title == f"3 shared costs: {amount} EUR charged" and message.facts["room"] == "Flat 1"
    assert message.facts["count"] == "3" and message.facts["amount"] == amount


def test_forty_alarms_after_an_outage_are_two_messages(office, internet, clock):
    meters = list(Meter.objects.order_by("name"))

    def alarms(first, last):
        for number in range(first, last):
            Alarm.objects.create(
                meter=meters[number % 3], key=f"{number}", seq=number, at=clock.at, text=f"entry {number} differs"
            )

    alarms(0, 12)
    watch()
    # What is found in one look goes at once.
    assert send_what_is_due() == 12
    for number in range(12, 40, 4):
        alarms(number, number + 4)
        clock.at += 10 * 10**6
        watch()
        assert send_what_is_due() == 0
    clock.at += GAP
    assert send_what_is_due() == 28
    assert subjects(internet) == ["12 alarms to check", "28 alarms to check"]
    body = internet.mail.mails[0][2].decode()
    assert re.search(r"- Linden 5 Flat \d: entry \d+ differs", body) and "and 7 more." in body
    clock.at += 2 * GAP
    alarms(40, 41)
    watch()
    assert send_what_is_due() == 1 and "please check" in subjects(internet)[-1]


def test_what_is_urgent_is_never_held_back(anna, office, tenancy, internet):
    urgent = {
        Event.LOW,
        Event.EXHAUSTED,
        Event.CUT_OFF,
        Event.RESTORED,
        Event.TOP_UP,
        Event.OVERLOAD,
        Event.TAKEN_BACK,
        Event.NOTE,
        Event.REPORT,
        Event.BILL_DUE,
        Event.OVERDUE,
        Event.PRESS_BUTTON,
        Event.AUTOMATIC,
        *ALWAYS_TOLD,
    }
    assert not urgent & GATHERED and {each for each in Event if not is_gathered(anna, each)} == urgent
    assert {each for each in urgent if is_gathered(office, each)} == FOR_OFFICES
    for number in range(3):
        top_up(tenancy, (number + 1) * NANO, f"c{number}")
    watch()
    assert send_what_is_due() == 3 and len(internet.mail.mails) == 3


def test_one_alone_is_sent_as_it_is(edge, store, anna, tenancy, internet, clock):
    clock.at += DAY
    list(book(tenancy, ["Lift"], 30))
    watch()
    assert send_what_is_due() == 0
    clock.at += HOLD[Event.SHARED_COST]
    assert send_what_is_due() == 1
    assert subjects(internet)[0].startswith("Lift: ")


def test_quiet_hours_are_kept_and_what_was_told_in_them_is_one_message(office, internet, clock):
    Recipient.objects.filter(pk=office.pk).update(quiet_from=11, quiet_until=18)  # it is 12
    meter = Meter.objects.get(name="m1")
    for number in range(4):
        Alarm.objects.create(meter=meter, key=f"{number}", seq=number, at=clock.at, text=f"entry {number} differs")
        watch()
        clock.at += HOUR
        assert send_what_is_due() == 0
    clock.at += 2 * HOUR
    assert send_what_is_due() == 4 and subjects(internet) == ["4 alarms to check"]


def test_a_digest_that_does_not_go_is_tried_again_as_one_and_no_longer_holds_what_is_overtaken(office, internet, clock):
    internet.mail.refuses = 1
    meter = Meter.objects.get(name="m1")
    for number in range(3):
        Alarm.objects.create(meter=meter, key=f"{number}", seq=number, at=clock.at, text=f"entry {number} differs")
    watch()
    assert send_what_is_due() == 0
    assert list(Delivery.objects.values_list("tries", "state")) == [(1, "waiting")] * 3
    Notice.objects.filter(text__contains="entry 1").update(is_overtaken=True)
    clock.at += MINUTE
    assert send_what_is_due() == 2 and subjects(internet) == ["2 alarms to check"]


def test_how_long_something_waits(office, clock):
    at = clock.at

    def told(due):
        Notice.objects.create(
            recipient=office, event=Event.TROUBLE, key=f"{due}", title="x", text="x", made_at=due, due_at=due
        )

    assert held_until(office, Event.TROUBLE, at) == at
    told(at)
    assert held_until(office, Event.TROUBLE, at) == at
    assert held_until(office, Event.TROUBLE, at + 1) == at + GAP
    told(at + GAP)
    assert held_until(office, Event.TROUBLE, at + 2) == at + GAP
    assert held_until(office, Event.LEAK, at + 2) == at + 2
    assert held_until(office, Event.TROUBLE, at + 3 * GAP) == at + 3 * GAP


def test_a_digest_of_any_event_fits_each_way_in_every_language(anna, office, clock):
    for recipient, events in ((anna, GATHERED), (office, GATHERED | FOR_OFFICES)):
        for language in languages():
            recipient.language = language
            for event in events:
                notices = [
                    Notice(
                        pk=number,
                        recipient=recipient,
                        event=event,
                        title="t",
                        text="x",
                        made_at=clock.at,
                        due_at=clock.at,
                        facts={
                            "room": f"Linden 5 Flat {number}",
                            "amount": f"{number}.50",
                            "currency": "EUR",
                            "line": "a|?b",
                            "what": messages(Event.UNUSUAL, language)[0].facts["what"],
                            "time": "2026-01-15 18:42",
                            "clock": "18:42",
                        },
                    )
                    for number in range(1, 32)
                ]
                made = digest(notices)
                assert "31" in made.title and "{" not in made.title + made.text
                assert "31" in sms_text(made) and segments(sms_text(made)) == 1, sms_text(made)
                fields = dict(WeChat.filled({}, replace(made, template=template(event))))
                assert all(fields.values()) and len(fields["thing7"]) <= 20
