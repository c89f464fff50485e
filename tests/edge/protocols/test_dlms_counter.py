"""The invocation counter of high level security, where somebody else has counted on under our title."""

import pytest

from prewatt.edge.protocols.errors import PasswordRefused
from prewatt.kernel.units import MINUTE
from tests.edge.protocols.dlms_wall import Wall


@pytest.mark.parametrize("framing", ["line", "tcp"])
@pytest.mark.parametrize("idle", [0, 5 * MINUTE])
def test_a_meter_that_was_asked_beside_the_agent_with_the_same_keys_is_read_and_switched_on(framing, idle):
    wall = Wall("dlms-gmac", framing)
    wall.run(wall.meter.read_register())
    beside = wall.start()
    assert wall.run(beside.identify()).serial == "52207839"
    wall.run(beside.rest())
    wall.now += idle
    wall.load.closed = False
    wall.run(wall.meter.set_switch(closed=True))
    assert wall.load.closed is True
    assert wall.run(wall.meter.read_register()) == 1_661_974


def test_keys_that_are_refused_at_a_counter_that_is_right_are_not_tried_again():
    wall = Wall("dlms-gmac")
    wall.run(wall.meter.read_register())
    counter = wall.server.objects.counter
    wall.run(wall.meter.rest())
    wall.server.credentials = Wall("dlms-gmac", access=wall.access).server.credentials
    keys = wall.server.credentials.keys
    wall.server.credentials = type(wall.server.credentials)(
        wall.server.credentials.mechanism, keys=type(keys)(bytes(16), bytes(16)), title=wall.server.credentials.title
    )
    for _ in range(3):
        with pytest.raises(PasswordRefused):
            wall.run(wall.meter.read_register())
    assert wall.server.tries == 1 and wall.server.objects.counter == counter
