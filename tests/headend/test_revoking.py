"""Lists of revoked grants go to each gateway of their property until it tells that it has them, and to no gateway that knows none."""

import pytest

from prewatt.headend.revoking import RESEND, Lacking, Revoking, told
from prewatt.kernel.units import HOUR
from prewatt.server.metering.grants import GrantRequest, make_grant
from prewatt.server.metering.models import Gateway, RevocationList, StaffGrant
from prewatt.server.metering.revoking import revoke
from prewatt.wire.messages import Revoked, Status
from prewatt.wire.signing import SigningKey
from tests.gateway import Edge, take
from tests.recorded import recorded_once

LIST = Lacking("g1", 5, b"body", bytes(64))


def test_a_list_is_sent_at_once_and_again_after_a_while():
    revoking, other = Revoking(), LIST._replace(gateway="g2")
    assert revoking.tick(0, [LIST]) == [Revoked("g1", b"body", bytes(64))]
    assert revoking.tick(1, [LIST, other]) == [Revoked("g2", b"body", bytes(64))]
    assert [each.gateway for each in revoking.tick(RESEND, [LIST, other])] == ["g1"]
    assert revoking.tick(RESEND + 1, []) == []
    assert revoking.tick(RESEND + 1, [LIST]) and revoking.tick(RESEND + 1, [LIST._replace(number=6)])


@pytest.mark.parametrize(
    ("status", "number"),
    [
        (Status("g1", 1, 1, 0, fresh=True, revocations=7), 7),
        (Status("g1", 1, 2, 0, revocations=8), 8),
        (Status("g1", 1, 2, 0), None),
        (Status("g1", 1, 1, 0, fresh=True), -1),
    ],
)
def test_a_status_tells_which_list_is_there_or_that_the_software_knows_none(status, number):
    assert told(status) == number


@pytest.fixture
@recorded_once
def edge(building, clock):
    return Edge(building.code, clock)


def granted(property_, clock):
    request = GrantRequest(
        property=property_,
        holder="Sam",
        key=SigningKey.generate().public().hex(),
        actions=["close"],
        begins=clock.now(),
        ends=clock.now() + HOUR,
    )
    return make_grant(request, "manager")


def say(store, edge, fresh=False, **more):
    edge.number += 1
    return take(store, edge.send(Status("g1", 1, edge.number, 0, fresh, **more)))


@pytest.mark.database
@pytest.mark.django_db
def test_a_gateway_lacks_a_list_from_the_revocation_until_it_tells_its_number(building, edge, store, clock):
    store.set_presence({"g1": True}, clock.now())
    say(store, edge, fresh=True, revocations=0)
    grant = granted(building.property, clock)
    assert store.lacking_revocations() == []
    assert revoke(StaffGrant.objects.filter(pk=grant.pk), "manager") == 1
    (lacking,) = store.lacking_revocations()
    made = RevocationList.objects.get()
    assert (lacking.gateway, lacking.number, lacking.body) == ("g1", made.number, bytes(made.body))
    say(store, edge)
    say(store, edge, revocations=made.number - 1)
    assert store.lacking_revocations(), "an older one does not do"
    say(store, edge, revocations=made.number)
    assert store.lacking_revocations() == []
    # Its memory is another one: it has none again.
    say(store, edge, fresh=True, revocations=0)
    assert store.lacking_revocations() == [lacking]


@pytest.mark.django_db
def test_a_gateway_of_older_software_or_one_that_is_silent_is_sent_none(building, edge, store, clock):
    grant = granted(building.property, clock)
    revoke(StaffGrant.objects.filter(pk=grant.pk), "manager")
    store.set_presence({"g1": True}, clock.now())
    say(store, edge, fresh=True)
    assert Gateway.objects.get().told_revocations == -1 and store.lacking_revocations() == []
    say(store, edge, fresh=True, revocations=0)
    assert store.lacking_revocations()
    store.set_presence({"g1": False}, clock.now())
    assert store.lacking_revocations() == []
