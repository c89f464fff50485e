"""Who may go on looking at a page that is open."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from prewatt.kernel.units import HOUR
from prewatt.server.accounts.memberships import Membership, put_member, reach_of
from prewatt.server.accounts.rights import Role
from prewatt.server.estate.models import Organisation, Property, Resident, Tenancy
from prewatt.server.web.watching import Viewer, still_may
from tests.building import PASSWORD

pytestmark = pytest.mark.database


def viewer(name):
    """Somebody who has just logged in, and looks at a page."""
    client = Client()
    assert client.login(username=name, password=PASSWORD)
    return Viewer(client.session.session_key, reach_of(User.objects.get(username=name)).mark)


@pytest.fixture
def viewers(building):
    """Two log-ins of one person, and one of a neighbour."""
    return [viewer(name) for name in ("flat1", "flat1", "flat2")]


def change_password():
    """By hand, as a command would: no session is ended by it."""
    user = User.objects.get(username="flat1")
    user.set_password("another horse entirely")
    user.save()


ENDS = {
    "the password was changed": change_password,
    "the login was closed": lambda: User.objects.filter(username="flat1").update(is_active=False),
    "the flat is no more theirs": lambda: Resident.objects.filter(user__username="flat1").delete(),
    "the login was erased": lambda: User.objects.filter(username="flat1").delete(),
}


@pytest.mark.parametrize("what", ENDS)
def test_who_would_have_to_log_in_again_looks_no_more(viewers, what):
    assert still_may(viewers) == set(viewers)
    ENDS[what]()
    assert still_may(viewers) == set(viewers[2:])


def test_a_page_of_a_flat_is_looked_at_until_the_tenancy_ends(building, clock):
    flat = Tenancy.objects.get(people__username="flat1")
    tenant = viewer("flat1")._replace(tenancy=flat.pk)
    assert still_may([tenant]) == {tenant}
    Tenancy.objects.filter(pk=flat.pk).update(ends=clock.now() + HOUR)
    assert still_may([tenant]) == {tenant}
    clock.at += HOUR
    assert still_may([tenant]) == set()


def test_nobody_looks_at_the_page_of_a_neighbours_flat_as_if_they_lived_there(building):
    tenant, neighbour = viewer("flat1"), viewer("flat2")
    flats = {name: Tenancy.objects.get(people__username=name).pk for name in ("flat1", "flat2")}
    both = [tenant._replace(tenancy=flats["flat2"]), neighbour._replace(tenancy=flats["flat2"])]
    assert still_may(both) == {both[1]}


def make(role, everywhere=True):
    """Give the manager another role."""
    user = User.objects.get(username="manager")
    Membership.objects.get(user=user).delete()
    put_member(Organisation.objects.get(), user, role, () if everywhere else [Property.objects.get()])


ROLES = {
    "none": lambda: Membership.objects.filter(user__username="manager").delete(),
    "a lesser one": lambda: make(Role.READ_ONLY),
    "the same for one building": lambda: make(Role.MANAGER, everywhere=False),
}


@pytest.mark.parametrize("what", ROLES)
def test_who_has_another_role_looks_no_more_until_they_are_asked_anew(building, what):
    make(Role.MANAGER)
    manager, tenant = viewer("manager"), viewer("flat1")
    assert still_may([manager, tenant]) == {manager, tenant}
    ROLES[what]()
    assert still_may([manager, tenant]) == {tenant}
    if what != "none":
        assert len(still_may([viewer("manager")])) == 1


def test_the_operator_looks_no_more_once_they_are_none(building):
    User.objects.filter(username="manager").update(is_superuser=True)
    operator = viewer("manager")
    assert still_may([operator]) == {operator}
    User.objects.filter(username="manager").update(is_superuser=False)
    assert still_may([operator]) == set()


def test_a_log_in_that_has_lasted_long_enough_looks_no_more(viewers):
    Session.objects.filter(pk=viewers[0][0]).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert still_may([*viewers, Viewer("made up", viewers[0].roles)]) == set(viewers[1:])
