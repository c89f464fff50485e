"""Who may go on looking at a page that is open."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from prewatt.server.accounts.memberships import Membership
from prewatt.server.estate.models import Resident
from prewatt.server.web.watching import still_may
from tests.building import PASSWORD

pytestmark = pytest.mark.database


@pytest.fixture
def viewers(building):
    """Two log-ins of one person, and one of a neighbour."""
    sessions = []
    for name in ("flat1", "flat1", "flat2"):
        client = Client()
        assert client.login(username=name, password=PASSWORD)
        sessions.append((client.session.session_key, None))
    return sessions


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


def test_who_has_lost_their_role_looks_no_more(building):
    client = Client()
    assert client.login(username="manager", password=PASSWORD)
    manager = (client.session.session_key, None)
    assert still_may([manager]) == {manager}
    Membership.objects.filter(user__username="manager").delete()
    assert still_may([manager]) == set()


def test_a_log_in_that_has_lasted_long_enough_looks_no_more(viewers):
    Session.objects.filter(pk=viewers[0][0]).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert still_may([*viewers, ("made up", None)]) == set(viewers[1:])
