"""One tap in a message stops or changes such messages, without a log-in, and tells nothing else."""

import email
import re
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.conf import settings
from django.test import Client

from prewatt.kernel.units import DAY, HOUR, instant
from prewatt.server.estate.models import Property
from prewatt.server.notices.channels.interface import Message
from prewatt.server.notices.channels.senders.interface import sms_text
from prewatt.server.notices.channels.wecom import LONGEST, content
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.contacts import keep_contact
from prewatt.server.notices.events import Event
from prewatt.server.notices.fitting import segments
from prewatt.server.notices.models import Channel, Delivery, Notice, Pace, Recipient
from prewatt.server.notices.paces import NEVER, WEEKLY, can_stop, set_pace
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.notices.sending import message_of, send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.tap_tokens import LONGEST as LONGEST_TOKEN
from prewatt.server.notices.tap_tokens import delivery_of, token_of
from prewatt.server.notices.telling import tell
from tests.building import ZONE

pytestmark = [pytest.mark.django_db, pytest.mark.database]
BERLIN = ZoneInfo(ZONE)
LOW = {"tenant": True, "balance": "4.60", "energy": "14.4", "days": 3, "currency": "EUR"}
CUT = {"tenant": True, "balance": "-1.00", "exhausted": True, "why": "-", "at": "2025-10-06 12:00", "currency": "EUR"}


@pytest.fixture
def anna(tenancy, internet, monkeypatch):
    """Anna, who is told by e-mail at any hour, by a server that the world reaches."""
    config = msgspec.structs.replace(settings.CONFIG, public_url="https://power.example.com")
    monkeypatch.setattr(settings, "CONFIG", config)
    account = {"host": internet.mail.host, "sender": "power@example.com", "security": "none"}
    keep_account(tenancy.unit.property.organisation, "email", account)
    Property.objects.update(low_credit="", low_credit_kwh="", low_credit_days="")
    recipient = recipient_of(tenancy)
    recipient.quiet_from = recipient.quiet_until = 0
    recipient.save()
    add_channel(recipient, "email", "anna@example.com")
    return recipient


def told(recipient, event=Event.LOW, key="1", **changes):
    """Tell something, and return its delivery."""
    values = {**(LOW if event == Event.LOW else CUT), "unit": "Linden 5 Flat 1", "link": page(recipient), **changes}
    notice = tell(recipient, event, f"{event} {key}", values)
    return notice.deliveries.first()


def page(recipient):
    return f"https://power.example.com/me/tenancies/{recipient.tenancy_id}/?pay=46.90#pay"


def path(delivery, name=""):
    return f"/n/{token_of(delivery)}/{name}"


def strict():
    """A browser without a log-in, whose forms are looked at for where they come from."""
    return Client(enforce_csrf_checks=True)


def press(client, delivery, **given):
    """Press a button of the page as a browser does."""
    shown = client.get(path(delivery, "stop/")).content.decode()
    given["csrfmiddlewaretoken"] = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown)[1]
    return client.post(path(delivery), given, follow=True).content.decode()


# -- how messages carry it ------------------------------------------------------------------------------------------------


def test_a_mail_program_stops_such_mails_by_one_request_and_no_others(anna, internet):
    told(anna)
    assert send_what_is_due() == 1
    mail = email.message_from_bytes(internet.mail.mails[0][2])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(r"<(https://power\.example\.com/n/[\w-]+/stop/)>", mail["List-Unsubscribe"])[1]
    text = mail.get_payload(decode=True).decode()
    assert page(anna) in text and text.rstrip().endswith(
        f"Stop such messages, or have them come later or together: {link}"
    )
    where = urlsplit(link).path
    assert strict().get(where).status_code == 200 and not Pace.objects.exists(), "a look changes nothing"
    assert strict().post(where).status_code == 400 and not Pace.objects.exists()
    answer = strict().post(where, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and answer.content == b"Stopped."
    # It is told on the page, and by e-mail no more; other events still are.
    assert told(anna, key="2") is None and Notice.objects.filter(event="low").count() == 2
    assert told(anna, Event.RESTORED) is not None


def test_an_sms_has_the_short_link_and_fits_one(anna, internet):
    delivery = told(anna)
    message = message_of([delivery])
    text = sms_text(message)
    assert f"https://power.example.com{path(delivery)}" in text and page(anna) not in text
    assert "4.60 EUR" in text and "3 days" in text and segments(text) == 1
    assert len(token_of(delivery)) <= 12
    assert (
        content(message).endswith(message.foot)
        and len(content(Message(**{**message.__dict__, "text": "电" * 999})).encode()) <= LONGEST
    )


def test_what_waited_is_told_no_more_once_it_is_stopped(anna, internet, clock):
    Recipient.objects.update(quiet_from=0, quiet_until=23)
    anna.refresh_from_db()
    delivery = told(anna)
    press(strict(), delivery, do="stop")
    clock.at += DAY
    assert send_what_is_due() == 0
    assert Delivery.objects.get().state == "overtaken"


# -- the page -------------------------------------------------------------------------------------------------------------


def test_without_a_log_in_one_tap_stops_it_another_undoes_it_and_nothing_else_is_told(anna):
    delivery, client = told(anna), strict()
    shown = client.get(path(delivery)).content.decode()
    assert "Messages by E-mail: credit is running low" in shown and "Open what this message is about" in shown
    for secret in ("Anna", "Flat 1", "Linden", "46.90", "4.60", "anna@", f"tenancies/{anna.tenancy_id}"):
        assert secret not in shown
    shown = press(client, delivery, do="stop")
    assert "Stopped." in shown and Pace.objects.get().days == NEVER
    assert "Stopped." not in press(client, delivery, do="again") and not Pace.objects.exists()
    assert client.post(path(delivery), {"do": "stop"}).status_code == 403, "another site's form"
    assert "no such choice" in press(client, delivery, do="pace", days="3", hour="18") and not Pace.objects.exists()
    assert "_auth_user_id" not in client.session


def test_whoever_is_logged_in_comes_to_the_page_that_settles_it_and_may_stop_it_there(anna, log_in):
    delivery = told(anna)
    mine = log_in("flat1")
    answer = mine.get(path(delivery))
    assert answer["Location"] == f"/me/tenancies/{anna.tenancy_id}/?pay=46.90#pay"
    there = mine.get(answer["Location"]).content.decode()
    assert f'<a href="{path(delivery, "stop/")}">' in there and '<details class="pay" open>' in there
    # Somebody else who is logged in is told no more than a stranger.
    assert "Messages by E-mail" in log_in("flat2").get(path(delivery)).content.decode()
    # Who is not, logs in and comes there.
    asked = strict().get(path(delivery)).content.decode()
    assert f'href="/login/?next={path(delivery)}"' in asked or f"?next={path(delivery)}" in asked


def test_a_link_ends_with_the_address_and_cannot_be_guessed(anna, tenancy):
    keep_contact(tenancy, Contact(email="office@example.com", language="en"))
    channel = Channel.objects.get(is_from_office=True)
    delivery = next(each for each in [told(anna), *Delivery.objects.all()] if each.channel_id == channel.pk)
    token = token_of(delivery)
    assert delivery_of(token) == delivery
    set_pace(channel, Event.LOW, NEVER, 0, BERLIN)
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token[:-2], "A", "-", "é", "A" * LONGEST_TOKEN * 2):
        assert delivery_of(wrong) is None
        assert strict().get(f"/n/{wrong}/").status_code == 404
    keep_contact(tenancy, Contact(email="other@example.com", language="en"))
    assert (
        delivery_of(token) is None and "This link is no longer valid" in strict().get(f"/n/{token}/").content.decode()
    )
    assert not Pace.objects.exists(), "the new address has stopped nothing"
    client = strict()
    assert [client.get("/n/AAAAAAAAAAAA/").status_code for _time in range(30)][-1] == 429
    assert client.get(path(told(anna, key="2"))).status_code == 200, "the right one never waits"


# -- what must be told ----------------------------------------------------------------------------------------------------


def test_what_must_be_told_ends_only_where_another_way_carries_it(anna, internet):
    delivery = told(anna, Event.CUT_OFF)
    assert message_of([delivery]).stop == "" and "another hour" in message_of([delivery]).foot
    shown = strict().get(path(delivery)).content.decode()
    assert "but can't be stopped" in " ".join(shown.split()) and 'value="stop"' not in shown
    assert strict().post(path(delivery, "stop/"), {"List-Unsubscribe": "One-Click"}).status_code == 403
    add_channel(anna, "webhook", "https://example.com/hook")
    assert "still come another way" in press(strict(), delivery, do="stop")
    assert {each.channel.kind for each in told(anna, Event.CUT_OFF, "2").notice.deliveries.all()} == {"webhook"}
    # The other way can't be stopped too; and if it goes, this one carries it again.
    assert not can_stop(Channel.objects.get(kind="webhook"), Event.CUT_OFF)
    Channel.objects.get(kind="webhook").delete()
    assert told(anna, Event.CUT_OFF, "3").channel.kind == "email"


def test_what_happens_to_a_login_is_always_told(anna):
    values = {"who": "flat1", "changed": "password", "device": "", "at": "2025-10-06 12:00"}
    delivery = told(anna, Event.LOGIN, **values)
    message = message_of([delivery])
    assert not message.stop and not message.foot and message.short
    shown = strict().get(path(delivery)).content.decode()
    assert "<button name=" not in shown and "always come at once" in " ".join(shown.split())


# -- less often -----------------------------------------------------------------------------------------------------------


def test_once_a_day_all_of_them_are_one_message_at_the_hour(anna, internet, clock):
    assert "Changed." in press(strict(), told(anna, key="0"), do="pace", days="1", hour="18")
    for key in ("1", "2"):
        told(anna, key=key)
    assert send_what_is_due() == 0
    clock.at = instant(datetime(2025, 10, 6, 18, tzinfo=BERLIN))
    assert send_what_is_due() == 3 and len(internet.mail.mails) == 1
    assert b"/me/tenancies/" in internet.mail.mails[0][2] and b"/notices/" in internet.mail.mails[0][2]
    told(anna, key="3")
    clock.at += HOUR
    assert send_what_is_due() == 0
    clock.at += 23 * HOUR
    assert send_what_is_due() == 1


def test_once_a_week_is_a_week_after_the_last_one(anna, internet, clock):
    told(anna)
    assert send_what_is_due() == 1
    set_pace(Channel.objects.get(), Event.LOW, WEEKLY, 9, BERLIN)
    delivery = told(anna, key="2")
    due = Delivery.objects.get(pk=delivery.pk).next_try_at
    assert due == instant(datetime(2025, 10, 14, 9, tzinfo=BERLIN))
    note = tell(anna, Event.LOW, "urgent", {**LOW, "unit": "x", "link": page(anna)}, urgent=True)
    assert note.deliveries.get().next_try_at == note.due_at


def test_the_page_of_notices_says_what_was_stopped_and_undoes_it(anna, log_in):
    set_pace(Channel.objects.get(), Event.LOW, NEVER, 0, BERLIN)
    mine, address = log_in("flat1"), f"/me/tenancies/{anna.tenancy_id}/notices/"
    assert "Not sent this way: credit is running low" in mine.get(address).content.decode()
    mine.post(f"{address}channels/{Channel.objects.get().pk}/", {"do": "all-at-once"})
    assert not Pace.objects.exists()


def test_a_code_that_brings_light_waits_for_no_pace(anna):
    told(anna)
    set_pace(Channel.objects.get(), Event.LOW, WEEKLY, 9, BERLIN)
    delivery = told(anna, key="2", code="1234 5678 9012 3456 7890")
    assert Delivery.objects.get(pk=delivery.pk).next_try_at == delivery.notice.due_at
