"""Phones of people who may switch get their grants by themselves, within the landlord's rules, and lose them with the right."""

import json
from base64 import b64decode

import msgspec
import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.memberships import Membership, put_member, reach_of, remove_member
from prewatt.server.accounts.rights import Role
from prewatt.server.core.home_secrets import signing_key
from prewatt.server.estate.models import Organisation, Property
from prewatt.server.metering import phones
from prewatt.server.metering.grants import GrantRequest, make_grant
from prewatt.server.metering.models import OnSiteRules, RevocationList, StaffGrant
from prewatt.server.metering.phones import grants_for, opened, set_rules
from prewatt.server.metering.revoking import holding, renew_lists_of_the_future, revoke, revoke_what_nobody_may
from prewatt.wire.on_site import ALLOWED, SignedGrant, SignedRevocations, open_grant, open_revocations
from prewatt.wire.signing import SigningKey, VerifyKey
from tests.building import PASSWORD
from tests.gateway import Edge
from tests.recorded import recorded_once
from tests.server.accounts.landlords import person

pytestmark = pytest.mark.django_db
KEY, OTHER = (SigningKey.from_bytes(bytes([number] * 32)).public().hex() for number in (1, 2))


@pytest.fixture
def server():
    from django.conf import settings

    return VerifyKey(signing_key(settings.CONFIG).public())


@pytest.fixture
@recorded_once
def edge(building, clock):
    return Edge(building.code, clock)


@pytest.fixture
def somebody(building, edge):
    """Makes somebody with a role: `somebody(role, *properties)`."""

    def make(role, *properties, name="Sam"):
        user = person(name)
        put_member(Organisation.objects.get(), user, role, properties)
        return user

    return make


def ask(user, key=KEY):
    return grants_for(user, reach_of(user), key).grants


def revoked(property_, server):
    row = RevocationList.objects.get(property=property_)
    return set(open_revocations(server, SignedRevocations(bytes(row.body), bytes(row.signature)), property_.pk).grants)


def test_a_managers_phone_gets_what_the_rules_allow_for_as_long_as_they_say(building, somebody, edge, clock, server):
    sam = somebody(Role.MANAGER)
    set_rules(OnSiteRules(property=building.property, days=3, restore_amount=2 * NANO, restore_hours=6), "manager")
    (row,) = ask(sam)
    signed = msgspec.msgpack.decode(b64decode(row.text), type=SignedGrant)
    grant = open_grant(server, signed, building.property.pk, clock.now())
    assert (grant.holder, grant.key.hex(), grant.actions) == ("Sam", KEY, ALLOWED)
    assert (grant.ends, grant.most_amount, grant.longest) == (clock.now() + 3 * DAY, 2 * NANO, 6 * HOUR)
    assert [(each.gateway, each.key) for each in grant.gateways] == [("g1", edge.key.public())]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.OWNER, ALLOWED),
        (Role.SITE_STAFF, tuple(name for name in ALLOWED if name != "restore")),
        (Role.CASHIER, None),
        (Role.READ_ONLY, None),
    ],
)
def test_what_a_phone_may_do_follows_from_its_owners_role(somebody, role, allowed):
    grants = ask(somebody(role))
    assert [opened(each).actions for each in grants] == ([] if allowed is None else [allowed])


def test_site_staff_restore_where_the_landlord_lets_them_and_nobody_does_what_the_rules_leave_out(building, somebody):
    sam = somebody(Role.SITE_STAFF)
    set_rules(OnSiteRules(property=building.property, actions="close restore", staff_restore=True), "manager")
    assert opened(ask(sam)[0]).actions == ("close", "restore")
    set_rules(OnSiteRules(property=building.property, actions=""), "manager")
    assert ask(sam) == []


def test_a_phone_that_asks_often_has_the_same_grant_until_a_part_of_its_time_is_over(somebody, clock):
    sam = somebody(Role.MANAGER)
    (first,) = ask(sam)
    clock.at += DAY
    assert ask(sam) == [first]
    clock.at += DAY
    (second,) = ask(sam)
    assert second != first and holding().filter(key=KEY).count() == 2
    (other,) = ask(sam, OTHER)
    assert other not in (first, second)


def test_a_grant_is_made_anew_when_it_would_say_something_else(building, somebody):
    sam = somebody(Role.MANAGER)
    (first,) = ask(sam)
    set_rules(OnSiteRules(property=building.property, restore_amount=9 * NANO), "manager")
    (second,) = ask(sam)
    assert second != first and holding().count() == 2, "what allows less may go on"


def test_stricter_rules_take_back_what_phones_have(building, somebody, server):
    sam = somebody(Role.MANAGER)
    (row,) = ask(sam)
    assert set_rules(OnSiteRules(property=building.property, restore_hours=1), "manager") == 1
    assert revoked(building.property, server) == {str(row.pk)} and not holding().exists()
    (again,) = ask(sam)
    assert opened(again).longest == HOUR


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"actions": "explode"}, "actions"),
        ({"days": 0}, "days"),
        ({"days": 93}, "days"),
        ({"restore_amount": -1}, "restore_amount"),
        ({"restore_amount": 1000 * NANO + 1}, "restore_amount"),
        ({"restore_hours": 169}, "restore_hours"),
    ],
)
def test_rules_that_can_not_be_are_said(building, wrong, field):
    with pytest.raises(ValidationError) as refused:
        set_rules(OnSiteRules(property=building.property, **wrong), "manager")
    assert list(refused.value.message_dict) == [field] and not OnSiteRules.objects.exists()


@pytest.mark.parametrize(("most_amount", "longest"), [(-1, 0), (1000 * NANO + 1, 0), (0, -1), (0, 7 * DAY + 1)])
def test_a_grant_restores_no_more_and_no_longer_than_rules_could_say(building, clock, most_amount, longest):
    request = GrantRequest(
        property=building.property,
        holder="Sam",
        key=SigningKey.generate().public().hex(),
        actions=("restore",),
        begins=clock.now(),
        ends=clock.now() + DAY,
        most_amount=most_amount,
        longest=longest,
    )
    said = "from 0 to 1,000.00" if most_amount else "7 days at most"
    with pytest.raises(ValidationError, match=said):
        make_grant(request, "manager")


def lose_role(user):
    remove_member(Membership.objects.get(user=user))


def lesser_role(user):
    put_member(Organisation.objects.get(), user, Role.ACCOUNTANT)


def elsewhere(user):
    owner = Organisation.objects.get()
    other = Property.objects.create(organisation=owner, name="Elsewhere 1", zone="Europe/Berlin", currency="EUR")
    put_member(owner, user, Role.MANAGER, [other])


def closed(user):
    user.is_active = False
    user.save()


def deleted(user):
    user.delete()


@pytest.mark.database
@pytest.mark.parametrize("end", [lose_role, lesser_role, elsewhere, closed, deleted])
def test_who_may_switch_no_more_loses_every_grant_at_once(building, somebody, server, end):
    sam = somebody(Role.MANAGER)
    (row,) = ask(sam)
    kim = somebody(Role.MANAGER, name="Kim")
    (other,) = ask(kim, OTHER)
    end(sam)
    assert revoked(building.property, server) == {str(row.pk)} and list(holding()) == [other]


def test_a_grant_that_was_made_while_its_owners_role_ended_is_found_later(somebody):
    sam = somebody(Role.MANAGER)
    reach = reach_of(sam)
    lose_role(sam)
    assert grants_for(sam, reach, KEY).grants and holding().exists()
    assert revoke_what_nobody_may() == 1 and not holding().exists()


def test_who_gets_another_role_that_may_switch_keeps_the_grants(building, somebody):
    sam = somebody(Role.MANAGER)
    ask(sam)
    put_member(Organisation.objects.get(), sam, Role.SITE_STAFF, [building.property])
    sam.first_name = "Samuel"
    sam.save()
    assert holding().count() == 1


def test_a_list_leaves_out_what_has_ended_by_itself_and_its_number_only_grows(building, somebody, server, clock):
    sam = somebody(Role.MANAGER)
    (first,) = ask(sam)
    api = Client()
    api.force_login(sam)
    number = 0
    for key, shown in ((KEY, {str(first.pk)}), (OTHER, None)):
        (row,) = ask(sam, key)
        say = api.post("/api/v1/me/grants/revoke", json.dumps({"public_key": key}), content_type="application/json")
        assert say.json() == {"revoked": 1}
        assert revoked(building.property, server) == (shown or {str(row.pk)})
        assert RevocationList.objects.get().number > number
        number = RevocationList.objects.get().number
        clock.at = first.ends + DAY if key == KEY else clock.at
    # A server that was put back from a copy gives no number again.
    RevocationList.objects.all().delete()
    clock.at += DAY
    (last,) = ask(sam)
    lose_role(sam)
    assert RevocationList.objects.get().number > number and revoked(building.property, server) >= {str(last.pk)}


def test_a_list_that_was_signed_by_a_clock_that_was_ahead_is_signed_anew(building, somebody, server, clock):
    at = clock.at
    sam = somebody(Role.MANAGER)
    ask(sam)
    clock.at = at + 400 * DAY
    ask(sam)
    revoke(holding(), "manager")
    ahead = RevocationList.objects.get()
    clock.at = at
    assert renew_lists_of_the_future() == 1 and renew_lists_of_the_future() == 0
    row = RevocationList.objects.get()
    assert row.made_at == at and row.number > ahead.number
    assert revoked(building.property, server) == {str(each.pk) for each in StaffGrant.objects.exclude(revoked_at=None)}


def test_nobody_fills_the_list_with_phones(somebody, monkeypatch):
    monkeypatch.setattr(phones, "MOST_GRANTS", 3)
    sam = somebody(Role.MANAGER)
    for number in range(3, 6):
        ask(sam, SigningKey.from_bytes(bytes([number] * 32)).public().hex())
    with pytest.raises(ValidationError, match="Too many of your phones"):
        ask(sam)


def test_the_api_gives_a_phone_all_that_it_needs_offline_and_nothing_of_tenants(somebody, clock, server, building):
    sam = somebody(Role.SITE_STAFF)
    api = Client()
    api.force_login(sam)
    answer = api.post("/api/v1/me/grants", json.dumps({"public_key": KEY}), content_type="application/json")
    said = answer.json()
    assert answer.status_code == 200 and said["login"] == "Sam" and said["has_more"] is False
    (grant,) = said["grants"]
    assert grant["property"] == {"id": building.property.pk, "name": "Linden 5"}
    assert grant["currency"] == {"code": "EUR", "decimals": 2} and grant["revocations"] is None
    assert [(each["name"], each["meter"], each["gateway"]) for each in grant["meters"]] == [
        (f"Flat {number}", f"m{number}", "g1") for number in (1, 2, 3)
    ]
    assert "Anna" not in answer.content.decode()
    (mine,) = api.get("/api/v1/me/grants").json()
    assert (mine["id"], mine["public_key"], mine["property"]) == (grant["id"], KEY, "Linden 5")
    ask(sam, OTHER)
    api.post("/api/v1/me/grants/revoke", json.dumps({"public_key": OTHER}), content_type="application/json")
    said = api.post("/api/v1/me/grants", json.dumps({"public_key": KEY}), content_type="application/json").json()
    carried = msgspec.msgpack.decode(b64decode(said["grants"][0]["revocations"]))
    assert carried["kind"] == "revoked"
    wrong = api.post("/api/v1/me/grants", json.dumps({"public_key": "00"}), content_type="application/json")
    assert wrong.status_code == 400 and "not a phone" in wrong.json()["errors"][0]["message"]


@pytest.mark.parametrize("where", ["/account/password/", "/account/sessions/end-others/"])
def test_a_phone_that_somebody_let_in_by_a_stolen_password_loses_its_grant_with_it(building, somebody, server, where):
    sam, client, new = somebody(Role.MANAGER), Client(), "seven lamps over a river"
    sam.set_password(PASSWORD)
    sam.save()
    (stolen,), (other,) = ask(sam), ask(somebody(Role.MANAGER, name="Kim"), OTHER)
    client.post("/login/", {"username": "Sam", "password": PASSWORD})
    client.post(where, {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert revoked(building.property, server) == {str(stolen.pk)} and other in holding()
    assert ask(sam) != [stolen]


def test_who_may_not_switch_gets_no_grant_and_takes_nobody_elses_back(somebody, tenant):
    sam = somebody(Role.MANAGER)
    ask(sam)
    body = json.dumps({"public_key": KEY})
    assert tenant.post("/api/v1/me/grants", body, content_type="application/json").status_code == 404
    assert tenant.post("/api/v1/me/grants/revoke", body, content_type="application/json").status_code == 404
    kim = Client()
    kim.force_login(somebody(Role.MANAGER, name="Kim"))
    said = kim.post("/api/v1/me/grants/revoke", body, content_type="application/json")
    assert said.json() == {"revoked": 0} and holding().count() == 1


def test_the_page_shows_grants_takes_them_back_and_says_which_gateway_does_not_know_it_yet(
    manager, building, somebody, store, edge
):
    (row,) = ask(somebody(Role.MANAGER))
    page = f"/properties/{building.property.pk}/supply/"
    before = manager.get(page).content.decode()
    assert "Revoke" in before and row.text not in before
    said = manager.post(f"/grants/{row.pk}/revoke/", follow=True).content.decode()
    assert "The phone of Sam has no access here any more." in said and "revoked" in said
    assert "still valid at g1: update its software" in said
    StaffGrant.objects.get().property.gateways.update(told_revocations=0)
    assert "on its way to g1" in manager.get(page).content.decode()
    StaffGrant.objects.get().property.gateways.update(told_revocations=RevocationList.objects.get().number)
    after = manager.get(page).content.decode()
    assert "on its way to" not in after and "still valid at" not in after and "Revoke" not in after


def test_the_rules_are_set_on_the_page_and_a_refused_form_keeps_what_was_typed(manager, building):
    address = f"/properties/{building.property.pk}/on-site-rules/"
    given = {"phone_actions": ["close", "restore"], "days": "3", "restore_amount": "7,50", "restore_hours": "200"}
    refused = manager.post(address, given, follow=True).content.decode()
    assert "from 0 to 168" in refused and 'value="7,50"' in refused and not OnSiteRules.objects.exists()
    manager.post(address, {**given, "restore_amount": "7.50", "restore_hours": "24", "staff_restore": "on"})
    rules = OnSiteRules.objects.get()
    assert (rules.actions, rules.days, rules.restore_amount) == ("close restore", 3, 75 * NANO // 10)
    assert (rules.restore_hours, rules.staff_restore) == (24, True)
