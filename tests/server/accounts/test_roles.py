"""Roles: what pages show to each, who gives and takes them, and what somebody is told whose role does not do."""

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.units import NANO
from prewatt.server.accounts.invitations import InvitationError, check_open, invitation_of, invite_to_role
from prewatt.server.accounts.memberships import Membership, put_member, reach_of, remove_member
from prewatt.server.accounts.rights import MEMBER_ROLES, RIGHTS, Right, Role, roles_with
from prewatt.server.console.people import views
from prewatt.server.estate.models import Organisation, Property, Unit
from prewatt.server.metering.models import Alarm, Meter, Silence
from prewatt.server.vending.models import Adjustment
from tests.server.accounts.landlords import person

pytestmark = pytest.mark.django_db


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(building):
    return Organisation.objects.get()


@pytest.fixture
def somebody(owner):
    """Makes somebody with a role: `somebody(role, *properties)`, with the browser in which they are logged in."""

    def make(role, *properties):
        user = person(f"{role} {len(properties)}")
        put_member(owner, user, role, properties)
        return user, browser(user)

    return make


def test_the_table_is_what_roles_are_for():
    money = {Right.SEE_MONEY, Right.TAKE_MONEY, Right.GIVE_BACK, Right.BANK, Right.BOOKS}
    assert not RIGHTS[Role.SITE_STAFF] & money
    assert RIGHTS[Role.CASHIER] == {Right.SEE, Right.SEE_MONEY, Right.TAKE_MONEY}
    assert RIGHTS[Role.ACCOUNTANT] - RIGHTS[Role.READ_ONLY] == {Right.BOOKS}
    assert roles_with(Right.PEOPLE) == [Role.OWNER]
    assert RIGHTS[Role.OWNER] == frozenset(Right) and Role.OPERATOR not in MEMBER_ROLES


def test_a_role_for_one_property_never_becomes_one_for_all(owner, building, somebody):
    far = Property.objects.create(organisation=owner, name="Far", currency="EUR", zone="Europe/Berlin")
    user, _browser = somebody(Role.MANAGER, far)
    code = invite_to_role(owner, Role.MANAGER, owner.memberships.first().user, [far])
    Property.objects.filter(pk=far.pk).update(organisation=Organisation.objects.create(name="Tal"))
    assert not reach_of(user).properties().exists()
    far.delete()
    assert not reach_of(user).grants
    with pytest.raises(InvitationError, match="not valid any more"):
        check_open(invitation_of(code))


def test_an_organisation_keeps_an_owner(owner, somebody):
    first = owner.memberships.get()
    for leave in (
        lambda: remove_member(first),
        lambda: put_member(owner, first.user, Role.CASHIER),
        lambda: put_member(owner, first.user, Role.OWNER, [Property.objects.get()]),
    ):
        with pytest.raises(ValidationError, match="last owner"):
            leave()
    closed, _page = somebody(Role.OWNER)
    closed.is_active = False
    closed.save()
    with pytest.raises(ValidationError, match="last owner"):
        remove_member(first)
    closed.is_active = True
    closed.save()
    remove_member(first)
    assert [each.user for each in owner.memberships.all()] == [closed]


def test_a_role_for_one_property_reaches_no_other(owner, somebody, building):
    other = Property.objects.create(organisation=owner, name="Elsewhere 1", zone="Europe/Berlin", currency="EUR")
    user, page = somebody(Role.MANAGER, other)
    assert list(reach_of(user).properties(Right.PRICES)) == [other]
    assert reach_of(user).of(owner) == frozenset()
    shown = page.get("/properties/").content.decode()
    assert "Elsewhere 1" in shown and "Linden 5" not in shown
    assert page.get(f"/properties/{other.pk}/tariffs/").status_code == 200
    assert page.get(f"/properties/{building.property.pk}/tariffs/").status_code == 404
    assert [each["name"] for each in page.get("/api/v1/properties").json()] == ["Elsewhere 1"]
    books = page.get("/books/")
    assert books.status_code == 403 and "belongs to the whole organisation" in books.content.decode()


def test_who_may_not_is_told_who_can_change_it(somebody):
    _user, page = somebody(Role.CASHIER)
    assert "vending key" not in page.get("/keypad-meters/").content.decode(), "nor is told of forms that are not theirs"
    answer = page.get("/books/")
    said = " ".join(re.sub(r"<[^>]+>", "", answer.content.decode()).split())
    assert answer.status_code == 403
    assert "Your role does not include the right to read the books and export them." in said
    assert "Roles that do: owner, manager, accountant." in said
    assert "An owner can change your role. Owners here: manager." in said
    unit = Unit.objects.get(name="Flat 1")
    order = {"do": "open", "reason": "x"}
    called = page.post("/api/v1/meters/m1/orders", json.dumps(order), content_type="application/json")
    assert called.status_code == 403 and "switch" in called.json()["detail"]
    assert page.post(f"/units/{unit.pk}/order/", order).status_code == 403


def test_site_staff_see_no_money_and_cashiers_no_settings(somebody):
    unit = Unit.objects.get(name="Flat 1")
    _site, on_site = somebody(Role.SITE_STAFF)
    _cash, at_the_desk = somebody(Role.CASHIER)

    def seen(page, *tabs):
        return (
            "".join(page.get(f"/units/{unit.pk}/{tab}").content.decode() for tab in ("", *tabs))
            + page.get("/properties/").content.decode()
        )

    site = seen(on_site, "switch/", "people/", "journal/")
    site += on_site.get(f"/properties/{unit.property_id}/readings/").content.decode()
    assert "Give an order" in site and "Anna" in site
    for word in ("EUR</small>", "Top-ups", "Payment received", "Balance", "Refunds", "Books", "Bills", "Tariffs"):
        assert word not in site, word
    # A restoration lends money, so it is no order of theirs.
    assert 'value="restore"' not in site and 'value="close"' in site
    assert on_site.post(f"/units/{unit.pk}/order/", {"do": "restore", "amount": "5", "reason": "x"}).status_code == 403
    body = {"do": "restore", "amount": "5", "reason": "x"}
    assert on_site.post("/api/v1/meters/m1/orders", body, content_type="application/json").status_code == 403
    assert on_site.get(f"/units/{unit.pk}/money/").status_code == 403
    desk = seen(at_the_desk, "money/", "people/", "papers/", "journal/")
    assert "Payment received" in desk and "Balance" in desk
    for word in ("Give an order", "own rules", "Refunds", "Books", "Tariffs", "Supply", "Move in"):
        assert word not in desk, word
    paid = at_the_desk.post(f"/units/{unit.pk}/top-up/", {"amount": "5", "credit_id": "c", "way": "cash"})
    assert paid.status_code == 302 and unit.tenancies.get().top_ups.get().amount == 5 * NANO


def test_what_a_silence_may_cost_is_no_link_for_who_sees_no_money(somebody, clock):
    meter = Meter.objects.get(name="m2")
    silence = Silence.objects.create(gateway=meter.gateway, meter=meter, began_at=clock.at)
    alarm = Alarm.objects.create(meter=meter, kind="silent", at=clock.at, text="Silent.", data={"silence": silence.pk})
    for role, sees in ((Role.SITE_STAFF, False), (Role.MANAGER, True)):
        _user, page = somebody(role)
        for path in (f"/properties/{meter.gateway.property_id}/alarms/", f"/alarms/{alarm.pk}/"):
            answer = page.get(path)
            assert answer.status_code == 200 and "Flat 2" in answer.content.decode()
            assert (f"/silences/{silence.pk}/" in answer.content.decode()) is sees


@pytest.mark.parametrize(("days", "words"), [(1, "within 1 day,"), (14, "within 14 days,")])
def test_the_page_says_for_how_many_days_an_invitation_lets_somebody_in(manager, monkeypatch, days, words):
    monkeypatch.setattr(views, "DAYS", days)
    assert words in manager.get("/people/").content.decode()


def test_owners_say_who_has_which_role(owner, manager, somebody):
    user, page = somebody(Role.READ_ONLY)
    member = Membership.objects.get(user=user)
    assert page.get("/people/").status_code == 403
    assert "read-only 0" not in manager.get("/people/").content.decode()
    assert user.username in manager.get("/people/").content.decode()
    where = Property.objects.get()
    manager.post(f"/people/{member.pk}/change/", {"role": "cashier", "properties": [where.pk]})
    member.refresh_from_db()
    assert member.role == Role.CASHIER and list(member.properties.all()) == [where]
    refused = manager.post(f"/people/{member.pk}/change/", {"role": "operator"}, follow=True)
    assert "Choose a role." in refused.content.decode()
    paper = manager.post("/people/invite/", {"role": "accountant"})
    assert paper.status_code == 200 and owner.invitations.get().role == "accountant"
    manager.post("/people/revoke-invitations/")
    assert not owner.invitations.still_open().exists()
    manager.post(f"/people/{member.pk}/remove/")
    assert not Membership.objects.filter(pk=member.pk).exists() and page.get("/properties/").status_code == 404
    last = manager.post(f"/people/{owner.memberships.get().pk}/remove/", follow=True)
    assert "This is the last owner" in last.content.decode() and owner.memberships.exists()


def test_the_command_asks_for_the_right_of_the_login_that_it_names(somebody):
    somebody(Role.CASHIER)
    given = ["tenant", "give-credit", "Flat 1", "1", "--reason", "x", "--by", "cashier 0"]
    refused = CliRunner().invoke(app, given)
    assert refused.exit_code == 2 and not Adjustment.objects.exists()
    somebody(Role.MANAGER)
    assert CliRunner().invoke(app, [*given[:-1], "manager 0"]).exit_code == 0 and Adjustment.objects.exists()
