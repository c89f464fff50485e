"""Invitations on paper: one person, one time, one door."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from prewatt.kernel.units import DAY, HOUR
from prewatt.log_lines import Lines
from prewatt.server.accounts.invitations import (
    Invitation,
    InvitationError,
    check_open,
    invitation_of,
    invite_again,
    invite_to_flat,
    invite_to_role,
    new_code,
    use,
)
from prewatt.server.accounts.languages import SpokenLanguage
from prewatt.server.accounts.memberships import Membership, put_member, remove_member
from prewatt.server.accounts.rights import Role
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.notices.contact import Contact
from prewatt.server.notices.contacts import keep_contact
from prewatt.server.notices.models import Channel, Recipient
from prewatt.server.tenancies.put_right import Change, put_right

pytestmark = pytest.mark.database
NEW = "a quiet staircase"


def person(name):
    return get_user_model().objects.get(username=name)


def printed(answer):
    """The codes on a sheet, with the addresses in their squares left out."""
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    return re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", answer.content.decode())


def opened(code):
    """A stranger's browser that has opened the link of a code."""
    browser = Client()
    answer = browser.get(f"/join/{code.replace('-', '')}/", follow=True)
    return browser, answer


@pytest.fixture
def vacated(tenancy):
    """Anna's flat, to which nobody has a login any more."""
    tenancy.people.clear()
    return tenancy


def test_a_code_is_80_bits_that_nobody_misreads():
    code = new_code()
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){3}", code) and new_code() != code


def test_a_link_shows_whose_door_it_is_and_only_the_button_uses_it(vacated, log_in):
    (code,) = printed(log_in("manager").post(f"/tenancies/{vacated.pk}/invite/"))
    browser, page = opened(code)
    assert page.redirect_chain == [("/join/door/", 302)]
    assert "Flat 1, Linden 5" in page.content.decode() and 'value="flat1-2"' in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin" and "no-store" in page["Cache-Control"]
    assert code not in page.content.decode() and not Invitation.objects.filter(used_at__isnull=False).exists()
    wrong = browser.post("/join/door/", {"do": "password", "name": "flat1", "password": NEW})
    assert wrong.status_code == 400 and "taken" in wrong.content.decode()
    wrong = browser.post("/join/door/", {"do": "password", "name": "anna berg", "password": NEW})
    assert wrong.status_code == 400 and "letters, digits and . + - _, but" in wrong.content.decode()
    wrong = browser.post("/join/door/", {"do": "password", "name": "anna", "password": "password"})
    assert wrong.status_code == 400 and not get_user_model().objects.filter(username="anna").exists()
    inside = browser.post("/join/door/", {"do": "password", "name": "anna", "password": NEW}, follow=True)
    assert urlsplit(inside.redirect_chain[-1][0]).path == "/me/"
    assert list(vacated.people.values_list("username", flat=True)) == ["anna"]
    assert Client().login(username="anna", password=NEW)
    assert "somebody with an invitation" in log_in("manager").get("/changes/").content.decode()
    assert "was used already" in opened(code)[1].content.decode()


def test_without_a_password_one_stays_in_on_the_phone(vacated, log_in):
    (code,) = printed(log_in("manager").post(f"/tenancies/{vacated.pk}/invite/"))
    browser = Client()
    typed = browser.post("/join/", {"code": code.lower().replace("-", " ")}, follow=True)
    assert "Flat 1, Linden 5" in typed.content.decode()
    browser.post("/join/door/", {"do": "phone"})
    assert browser.get("/me/").status_code == 200
    assert not vacated.people.get().has_usable_password()
    assert browser.session.get_expiry_age() > 300 * 24 * 3600
    asked = browser.post("/logout/")
    assert "You could not log in again" in asked.content.decode() and browser.get("/me/").status_code == 200
    assert browser.post("/logout/", {"sure": "yes"}).status_code == 302
    assert browser.get("/me/").status_code == 302


def test_who_has_a_password_logs_out_without_being_asked(tenancy, log_in):
    browser = log_in("flat1")
    assert browser.post("/logout/").status_code == 302 and browser.get("/me/").status_code == 302


def test_the_sheet_has_a_paper_for_each_flat_without_a_login_and_takes_the_place_of_the_last(vacated, log_in):
    manager, address = log_in("manager"), f"/properties/{vacated.unit.property_id}/residents/"
    assert "1 flat has no login yet" in manager.get(address).content.decode()
    (first,) = printed(manager.post(f"{address}invite/"))
    (second,) = printed(manager.post(f"{address}invite/"))
    assert "not valid any more" in opened(first)[1].content.decode()
    opened(second)[0].post("/join/door/", {"do": "phone"})
    assert printed(manager.post(f"{address}invite/")) == []


def test_a_tenant_invites_a_second_person_who_is_removed_by_the_manager(tenancy, log_in):
    me, manager = log_in("flat1"), log_in("manager")
    (code,) = printed(me.post("/me/residents/invite/"))
    # The office's own paper leaves the tenant's as it is.
    manager.post(f"/tenancies/{tenancy.pk}/invite/")
    browser = opened(code)[0]
    browser.post("/join/door/", {"do": "password", "name": "bert", "password": NEW})
    assert browser.get("/me/").status_code == 200
    assert "bert" in me.get("/me/residents/").content.decode()
    for person_, name in ((browser, "bert"), (me, "anna")):
        person_.post("/me/notices/channels/new/", {"kind": "webhook", "address": f"https://example.com/{name}"})
    hers, his = (Channel.objects.get(user__username=name) for name in ("flat1", "bert"))
    assert me.post(f"/me/notices/channels/{his.pk}/", {"do": "drop"}).status_code == 404
    late = printed(browser.post("/me/residents/invite/"))[0]
    bert = tenancy.residents.get(user__username="bert")
    assert "bert" in manager.get(f"/units/{tenancy.unit_id}/people/").content.decode()
    for stranger in (me, log_in("flat2")):
        assert stranger.post(f"/tenancies/{tenancy.pk}/residents/{bert.pk}/remove/").status_code == 404
    manager.post(f"/tenancies/{tenancy.pk}/residents/{bert.pk}/remove/")
    assert browser.get("/me/").status_code == 404
    # Nobody who is out is told balances and codes.
    assert list(Channel.objects.all()) == [hers]
    assert "not valid any more" in opened(late)[1].content.decode()


def test_who_lost_the_password_is_let_in_again_by_a_new_paper(tenancy, log_in):
    before = log_in("flat1")
    resident = tenancy.residents.get()
    (code,) = printed(log_in("manager").post(f"/tenancies/{tenancy.pk}/residents/{resident.pk}/invite/"))
    browser, page = opened(code)
    assert "<b>flat1</b>" in page.content.decode()
    browser.post("/join/door/", {"do": "password", "password": NEW})
    assert browser.get("/me/").status_code == 200 and tenancy.residents.get() == resident
    assert before.get("/me/").status_code == 302
    assert Client().login(username="flat1", password=NEW)


def test_a_paper_is_in_the_language_of_who_gets_it_and_not_of_who_prints_it(tenancy, log_in):
    manager, resident = log_in("manager"), tenancy.residents.get()
    again, door = f"/tenancies/{tenancy.pk}/residents/{resident.pk}/invite/", f"/tenancies/{tenancy.pk}/invite/"

    def paper(path):
        html = manager.post(path).content.decode()
        assert "Print this page now" in html, "what the landlord is told stays in the landlord's language"
        return re.search(r'class="invitation" lang="([^"]+)"', html)[1], "扫描二维码" in html, "Scan the square" in html

    Recipient.objects.filter(tenancy=tenancy).delete()
    assert paper(door) == ("en", False, True), "nobody knows how the tenant reads"
    keep_contact(tenancy, Contact(language="zh"))
    assert paper(door) == paper(again) == ("zh-hans", True, False)
    SpokenLanguage.objects.create(user=resident.user, code="de")
    assert paper(again) == ("de", False, False)
    assert paper(door) == ("zh-hans", True, False)


def test_a_landlord_gets_no_login_that_opens_more_than_their_flats(tenancy):
    put_member(tenancy.unit.property.organisation, person("flat1"), Role.CASHIER)
    with pytest.raises(ValidationError, match="opens more"):
        invite_again(tenancy.residents.get(), person("manager"))


def test_a_paper_of_yesterday_opens_no_login_that_opens_more_today(tenancy):
    anna, berg = person("flat1"), tenancy.unit.property.organisation
    code = invite_again(tenancy.residents.get(), person("manager"))
    browser, _page = opened(code)
    tal = put_member(Organisation.objects.create(name="Tal"), anna, Role.OWNER)
    browser.post("/join/door/", {"do": "password", "password": NEW})
    assert not Client().login(username="flat1", password=NEW)
    tal.delete()
    tenancy.people.clear()
    with pytest.raises(InvitationError, match="not valid any more"):
        check_open(invitation_of(code))
    tenancy.people.add(anna)
    assert put_member(berg, anna, Role.CASHIER).delete()
    check_open(invitation_of(code))


def test_who_has_a_login_already_uses_it(tenancy, log_in):
    code = invite_to_flat(Tenancy.objects.get(tenant="Anna"), person("manager"))
    ben = log_in("flat2")
    page = ben.get(f"/join/{code}/", follow=True).content.decode()
    assert "Go in as flat2" in page
    ben.post("/join/door/", {"do": "use"})
    assert {each.username for each in tenancy.people.all()} == {"flat1", "flat2"}


def test_an_invitation_ends_with_its_days_with_the_tenancy_and_when_revoked(tenancy, clock, log_in):
    code = invite_to_flat(tenancy, person("manager"))
    check_open(invitation_of(code))
    clock.at += 15 * DAY
    with pytest.raises(InvitationError, match="not valid any more"):
        check_open(invitation_of(code))
    code = invite_to_flat(tenancy, person("manager"))
    log_in("manager").post(f"/tenancies/{tenancy.pk}/revoke-invitations/")
    assert "not valid any more" in opened(code)[1].content.decode()
    code = invite_to_flat(tenancy, person("manager"))
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at + HOUR)
    clock.at += 2 * HOUR
    with pytest.raises(InvitationError, match="This tenancy has ended"):
        check_open(invitation_of(code))


def test_a_role_is_given_by_an_invitation_of_somebody_who_still_may(building, django_user_model):
    berg, owner = Organisation.objects.get(), person("manager")
    other = django_user_model.objects.create(username="second")
    membership = put_member(berg, other, Role.OWNER)
    code = invite_to_role(berg, Role.CASHIER, owner, [building.property])
    browser, page = opened(code)
    assert "Your role: cashier" in page.content.decode() and "without a password" not in page.content.decode()
    assert browser.post("/join/door/", {"do": "phone"}).status_code == 400
    browser.post("/join/door/", {"do": "password", "name": "till", "password": NEW})
    found = Membership.objects.get(user__username="till")
    assert (found.role, list(found.properties.all())) == (Role.CASHIER, [building.property])
    back_door = invite_to_role(berg, Role.OWNER, other)
    remove_member(membership)
    with pytest.raises(InvitationError):
        use(invitation_of(back_door), other)
    with pytest.raises(InvitationError, match="has a role there already"):
        use(invitation_of(invite_to_role(berg, Role.CASHIER, owner)), owner)


def test_a_move_that_was_another_persons_leaves_the_wrong_person_no_invitation(tenancy):
    browser, _page = opened(invite_to_flat(tenancy, person("manager")))
    kept = invite_to_flat(Tenancy.objects.get(tenant="Ben"), person("manager"))
    put_right(tenancy, Change(tenant="Anne", another=True), person("manager"), "the wrong person")
    late = browser.post("/join/door/", {"do": "password", "name": "stranger", "password": NEW}, follow=True)
    assert "not valid any more" in late.content.decode() and not tenancy.people.exists()
    # Who really lives there is invited anew, and other flats keep their invitations.
    check_open(invitation_of(invite_to_flat(tenancy, person("manager"))))
    check_open(invitation_of(kept))


def test_a_name_that_was_misspelt_leaves_its_person_the_invitation(tenancy):
    code = invite_to_flat(tenancy, person("manager"))
    put_right(tenancy, Change(tenant="Anne"), person("manager"), "misheard")
    check_open(invitation_of(code))


def test_a_code_with_a_slip_is_still_there_to_be_put_right(db):
    wrong = Client().post("/join/", {"code": "abcd efgh jklm npq"})
    assert wrong.status_code == 400 and 'value="abcd efgh jklm npq"' in wrong.content.decode()


def test_guessing_codes_gets_slower_and_the_right_one_is_always_taken(tenancy):
    browser = Client()
    codes = {browser.post("/join/", {"code": f"{number:016}"}).status_code for number in range(25)}
    assert codes == {400, 429}
    right = browser.post("/join/", {"code": invite_to_flat(tenancy, None)})
    assert (right.status_code, right.url) == (302, "/join/door/")


@pytest.mark.django_db(transaction=True)
def test_two_who_use_it_at_once_are_one(transactional_db, building):
    tenancy = Tenancy.objects.get(tenant="Anna")
    invitation = invitation_of(invite_to_flat(tenancy, None))
    people = [get_user_model().objects.create(username=f"p{number}") for number in range(4)]

    def enter(user):
        try:
            use(Invitation.objects.get(pk=invitation.pk), user)
        except InvitationError:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(enter, people)) == 1
    assert tenancy.people.filter(username__startswith="p").count() == 1


def test_no_line_of_a_log_has_the_code_of_a_link(caplog):
    code = new_code()
    assert Client().put(f"/join/{code}/").status_code == 405
    lines = [Lines().format(each) for each in caplog.records if code in each.getMessage()]
    assert lines and all(code not in line and "/join/…/" in line for line in lines)
