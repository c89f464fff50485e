"""The way through the pages: each link in the header leads where its reader may go, and says where one is."""

import re

import pytest

from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import MEMBER_ROLES
from prewatt.server.estate.models import Organisation, Property
from tests.server.accounts.landlords import person

pytestmark = pytest.mark.django_db


def header(answer):
    """The links of a page's header: address and what it says of where one is."""
    top = answer.content.decode().split('<header class="top">')[1].split("</header>")[0]
    links = re.findall(r'<a href="([^"]+)"(?: aria-current="(\w+)")?', " ".join(top.split()))
    # A building's name leads to the list, too.
    return {
        address: here
        for address, here in sorted(links, key=lambda link: link[1])
        if not address.startswith(("/account/", "/admin/"))
    }


@pytest.mark.parametrize("role", MEMBER_ROLES)
@pytest.mark.parametrize("everywhere", [True, False], ids=["the organisation", "one building"])
def test_each_role_is_led_nowhere_where_it_is_refused(building, client, role, everywhere):
    user = person("somebody")
    put_member(Organisation.objects.get(), user, role, [] if everywhere else [Property.objects.get()])
    client.force_login(user)
    home = Property.objects.get().pk
    links = header(client.get("/properties/")) | header(client.get(f"/properties/{home}/alarms/"))
    assert len(links) > 4
    assert {address: client.get(address, follow=True).status_code for address in links} == dict.fromkeys(links, 200)


def test_the_header_says_where_one_is(log_in, building):
    manager, home = log_in("manager"), Property.objects.get().pk
    shown = header(manager.get(f"/properties/{home}/alarms/"))
    here = {address: here for address, here in shown.items() if here}
    assert here == {"/properties/": "true", f"/properties/{home}/alarms/": "page"}
    assert not any(header(manager.get("/account/")).values())


def test_a_tenant_is_led_to_their_own_pages_alone(log_in, building):
    tenant = log_in("flat1")
    links = header(tenant.get("/me/"))
    assert set(links) == {"/me/", "/me/notices/", "/me/reports/", "/me/residents/"}
    assert {address: tenant.get(address).status_code for address in links} == dict.fromkeys(links, 200)
