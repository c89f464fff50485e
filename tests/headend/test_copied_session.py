"""Who has a gateway's key has its session too, since the server's answers name it: what they claim is noticed, and ends."""

import pytest

from prewatt.headend.dispatch import Dispatch, DispatchPolicy
from prewatt.headend.shell import Worker
from prewatt.kernel.units import NANO, SECOND
from prewatt.server.core.config import load_config
from prewatt.server.metering.models import Alarm, Gateway
from prewatt.server.sales.top_ups import top_up
from prewatt.wire.messages import Live, Receipt, Status
from prewatt.wire.signing import seal
from tests.gateway import Edge
from tests.headend.test_set_back import agree, gateway, world

pytestmark = pytest.mark.database
__all__ = ["gateway", "world"]


def forge(world, process, epoch, number, kind=Status):
    """What somebody with the key says under the process's session."""
    session = process.agent.outbox.session
    given = (world.clock.at, False, (), session) if kind is Status else (session, ())
    world.arrive(process, seal(world.key, kind("g1", epoch, number, *given)))
    world.talk()


FORGED = {
    "the greatest number": lambda outbox: (outbox.epoch, 2**63 - 1),
    "the next number": lambda outbox: (outbox.epoch, outbox.number + 1),
    "a number that is soon over": lambda outbox: (outbox.epoch, outbox.number + 3),
    "the next epoch": lambda outbox: (outbox.epoch + 1, outbox.number + 1),
}


@pytest.mark.parametrize("kind", [Status, Live])
@pytest.mark.parametrize("name", FORGED)
def test_what_is_claimed_under_a_gateways_own_session_is_told_and_it_is_heard_on(world, gateway, tenancy, name, kind):
    forge(world, gateway, *FORGED[name](gateway.agent.outbox), kind)
    world.later(10 * SECOND, used=1)
    assert Alarm.objects.get().kind == "two-gateways"
    top_up(tenancy, NANO, "more")
    world.talk()
    world.later(10 * SECOND, used=1)
    agree(world, gateway, tenancy)
    assert Gateway.objects.get().number == gateway.agent.outbox.number


def test_a_worker_tells_of_it_although_all_that_came_was_refused(transactional_db, building, clock, tmp_path):
    edge = Edge(building.code, clock)
    worker = Worker(load_config({"PREWATT_HOME": str(tmp_path)}), DispatchPolicy())
    for at in (1, 1, 2):
        assert not Alarm.objects.exists()
        said = edge.send(Status("g1", 1, 1, at, session=b"s"))
        worker._ingest([said], Dispatch(0.0, DispatchPolicy(), []))
    assert Alarm.objects.get().kind == "two-gateways"


def test_an_epoch_that_no_gateway_counts_to_is_told(world, gateway):
    forge(world, gateway, 2**62, 1)
    assert Alarm.objects.get().kind == "two-gateways"


def test_who_repeats_what_a_gateway_said_changes_no_epoch(world, gateway):
    """They hold the broker, and have no key."""
    said = []
    original = world.arrive
    world.arrive = lambda process, data: (said.append(data), original(process, data))
    for _time in range(4):
        world.later(10 * SECOND, used=1)
    epoch = gateway.agent.outbox.epoch
    for data in tuple(said):
        original(gateway, data)
        world.talk()
        world.later(SECOND, used=0)
    assert gateway.agent.outbox.epoch == epoch
    assert not Alarm.objects.exists()


def test_the_answer_to_a_message_that_was_repeated_is_not_for_one_that_is_new(world, gateway):
    outbox = gateway.agent.outbox
    for answers in (outbox.number - 1, outbox.number + 1):
        receipt = Receipt("g1", (), outbox.epoch, answers, session=outbox.session, known=outbox.epoch)
        world.down(receipt)
    assert outbox.epoch == 1


def test_who_says_that_a_gateway_has_the_newest_list_of_lost_phones_is_believed_for_seconds(world, gateway):
    """Until then the list is not sent, and the lost phone opens what it may open."""
    outbox = gateway.agent.outbox
    session, number = outbox.session, outbox.number + 1
    world.arrive(gateway, seal(world.key, Status("g1", outbox.epoch, number, 0, session=session, revocations=2**62)))
    world.talk()
    assert Gateway.objects.get().told_revocations == 2**62
    world.later(10 * SECOND, used=1)
    assert Gateway.objects.get().told_revocations == 0
