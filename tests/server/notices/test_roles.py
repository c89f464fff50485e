"""Who of an office hears of what: a person's own channel what the role allows, while it does; the office's mailbox all."""

import pytest

from prewatt.server.accounts.memberships import Membership, put_member, remove_member
from prewatt.server.accounts.rights import Right, Role
from prewatt.server.notices.events import FOR_MANAGERS, HEARD_WITH, Event
from prewatt.server.notices.models import Channel, Delivery
from prewatt.server.notices.pages import FOR_OFFICE
from prewatt.server.notices.recipients import manager_of
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.telling import tell
from prewatt.server.web.needs import PAGES

pytestmark = [pytest.mark.django_db, pytest.mark.database]
HELD = {
    "tenant": False,
    "amount": "5.00",
    "currency": "EUR",
    "who": "Anna",
    "why": "paid twice",
    "what": "a switch",
    "link": "x",
}
HELD |= {"at": "2025-10-06 12:00", "detail": "", "unit": "Flat 1", "changed": "phone", "device": ""}


@pytest.fixture
def office(tenancy, internet, log_in, django_user_model):
    """An office with a mailbox, and Kim, a manager who has added an address of her own."""
    owner = tenancy.unit.property.organisation
    keep_account(owner, "email", {"host": internet.mail.host, "sender": "p@example.com", "security": "none"})
    recipient = manager_of(owner)
    recipient.quiet_from = recipient.quiet_until = 0
    recipient.save()
    recipient.kim = django_user_model.objects.get(username="manager")
    chief = django_user_model.objects.create_user("chief", password="x" * 20)
    put_member(owner, chief, Role.OWNER)
    put_member(owner, recipient.kim, Role.MANAGER)
    page = log_in("manager")
    page.post("/notices/channels/new/", {"kind": "email", "address": "office@example.com"})
    page.post("/notices/channels/new/", {"kind": "email", "address": "kim@example.com", "own": "on"})
    assert [each.user for each in Channel.objects.order_by("pk")] == [None, recipient.kim]
    assert "only for manager" in " ".join(page.get("/notices/").content.decode().split())
    return recipient


def hears(office, key, event=Event.HELD):
    return [each.channel.user for each in tell(office, event, key, HELD).deliveries.order_by("channel")]


def test_what_is_heard_needs_the_right_of_the_page_that_it_leads_to():
    assert set(HEARD_WITH) == set(FOR_MANAGERS)
    for event, right in HEARD_WITH.items():
        assert PAGES[FOR_OFFICE[event, ""].name].read is right or event == Event.REPORT, event
    assert HEARD_WITH[Event.REPORT] == Right.SEE


def test_who_loses_the_right_hears_no_more_of_it_also_of_what_waits(office, internet):
    kim, owner = office.kim, office.organisation
    assert hears(office, "1") == [None, kim]
    put_member(owner, kim, Role.SITE_STAFF)
    # It waited while the role was changed: money is no business of site staff.
    assert send_what_is_due() == 1
    assert [to for _from, to, _text in internet.mail.mails] == [["office@example.com"]]
    assert Delivery.objects.get(channel__user=kim).state == "overtaken"
    assert hears(office, "2") == [None] and hears(office, "3", Event.TROUBLE) == [None, kim]
    remove_member(Membership.objects.get(user=kim))
    assert hears(office, "4", Event.TROUBLE) == [None] and hears(office, "5", Event.LOGIN) == [None]
    put_member(owner, kim, Role.MANAGER)
    assert hears(office, "6") == [None, kim]
    kim.is_active = False
    kim.save()
    assert hears(office, "7") == [None]
