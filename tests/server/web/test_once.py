"""A form that is sent twice is done once, whoever sends it, also at the same moment."""

import re
import threading

import pytest
from django.db import connection, connections
from django.db.models.signals import pre_save

from prewatt.server.accounts.invitations import Invitation
from prewatt.server.accounts.sent_forms import KEPT, LONGEST, SentForm, forget_old
from prewatt.server.estate.models import Unit
from prewatt.server.payments.models import GiftLink
from prewatt.server.tariffs.models import Tariff, TariffVersion
from prewatt.server.vending.models import Command

pytestmark = pytest.mark.django_db
FORM = re.compile("<form.*?</form>", re.DOTALL)
SAID = "You have sent this form already. It was done once."


def shown(client, page, button):
    """The fields of the form with a button, as a page shows them now."""
    form = next(each for each in FORM.findall(client.get(page).content.decode()) if button in each)
    return dict(re.findall('<input type="hidden" name="([^"]*)" value="([^"]*)">', form))


def test_a_double_click_on_an_invitation_shows_the_same_paper_twice(building, tenancy, log_in):
    manager, page = log_in("manager"), f"/units/{tenancy.unit_id}/people/"
    fields = shown(manager, page, "Print an invitation")
    papers = [manager.post(f"/tenancies/{tenancy.pk}/invite/", fields) for _time in range(2)]
    assert papers[0].content == papers[1].content and "no-store" in papers[1]["Cache-Control"]
    assert Invitation.objects.still_open().count() == 1
    # What is kept of it for some minutes is sealed.
    assert b"join" in papers[0].content and b"join" not in bytes(SentForm.objects.get().answer)
    # From the page that was opened anew another one is made.
    other = manager.post(f"/tenancies/{tenancy.pk}/invite/", shown(manager, page, "Print an invitation"))
    assert other.content != papers[0].content and Invitation.objects.count() == 2


def test_an_older_page_does_nothing_again_and_says_that_it_was_done(building, log_in):
    manager, unit = log_in("manager"), Unit.objects.get(name="Flat 1")
    path, before = f"/units/{unit.pk}/order/", Command.objects.count()
    given = {"csrfmiddlewaretoken": "s", "do": "release", "reason": "back from holiday"}
    first = manager.post(path, given, follow=True)
    manager.post(path, {**given, "reason": "once more"}, follow=True)
    again = manager.post(path, given, follow=True)
    assert first.redirect_chain == again.redirect_chain
    assert [SAID in each.content.decode() for each in (first, again)] == [False, True]
    assert Command.objects.count() == before + 2


def test_of_a_double_click_the_second_answer_says_what_the_first_did(building, log_in):
    manager, unit = log_in("manager"), Unit.objects.get(name="Flat 1")
    fields = {"csrfmiddlewaretoken": "s"}
    first, second = (manager.post(f"/units/{unit.pk}/renew-pin/", fields) for _time in range(2))
    page = manager.get(second.url).content.decode()
    assert first.url == second.url
    assert page.count("PIN of Flat 1 is") == 1 and SAID not in page


def test_a_form_that_was_refused_is_tried_again(building, log_in):
    manager, pk = log_in("manager"), building.property.pk
    given = {"csrfmiddlewaretoken": "s", "tariff": "0", "effective": "2025-11-01T00:00"}
    said = [manager.post(f"/properties/{pk}/tariffs/schedule/", given, follow=True) for _time in range(2)]
    assert all("Choose a tariff." in each.content.decode() for each in said)
    given["tariff"] = Tariff.objects.get().pk
    versions = TariffVersion.objects.count()
    for _time in range(2):
        manager.post(f"/properties/{pk}/tariffs/schedule/", given)
    assert TariffVersion.objects.count() == versions + 1


def test_two_people_who_send_the_same_are_two(building, log_in):
    given = {"csrfmiddlewaretoken": "s", "note": "Grandma", "days": "30"}
    for login in ("flat1", "flat2"):
        log_in(login).post("/me/gift-links/make/", given)
    assert GiftLink.objects.count() == 2


def test_a_form_whose_process_was_ended_can_be_sent_again_and_what_is_old_is_forgotten(building, log_in):
    tenant, given = log_in("flat1"), {"csrfmiddlewaretoken": "s", "note": "Grandma", "days": "30"}
    tenant.post("/me/gift-links/make/", given)
    row = SentForm.objects.get()
    SentForm.objects.update(answer=b"", sent_at=row.sent_at - LONGEST - 1)
    tenant.post("/me/gift-links/make/", given)
    assert GiftLink.objects.count() == 2
    assert forget_old() == 0
    SentForm.objects.update(sent_at=row.sent_at - KEPT - 1)
    tenant.post("/me/gift-links/make/", given)
    assert GiftLink.objects.count() == 3
    SentForm.objects.update(sent_at=row.sent_at - KEPT - 1)
    assert forget_old() == 1


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_of_two_that_come_at_once_the_second_waits_for_the_first(building, log_in):
    """The first is held until the second has found that somebody is at it. On SQLite that one waits before, as there is one writer."""
    given = {"csrfmiddlewaretoken": "s", "note": "Grandma", "days": "30"}
    tenants = [log_in("flat1")]
    tenants.append(type(tenants[0])())
    tenants[1].cookies = tenants[0].cookies
    is_at_it, answers = threading.Event(), []

    def hold(**_more):
        second.start()
        assert connection.vendor == "sqlite" or is_at_it.wait(60)

    def send(tenant):
        try:
            answers.append(tenant.post("/me/gift-links/make/", given).url)
        finally:
            connections.close_all()

    def look(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if sql.startswith("SELECT") and "accounts_sentform" in sql:
            is_at_it.set()
        return answer

    def send_second():
        with connection.execute_wrapper(look):
            send(tenants[1])

    first, second = threading.Thread(target=send, args=tenants[:1]), threading.Thread(target=send_second)
    pre_save.connect(hold, GiftLink, weak=False)
    try:
        first.start()
        first.join()
        second.join()
    finally:
        pre_save.disconnect(hold, GiftLink)
    assert len(answers) == 2 and len({*answers}) == 1
    assert GiftLink.objects.count() == 1
