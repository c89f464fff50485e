"""Associations over TCP that the meter has ended by itself, as when it closes a connection that was idle."""

import pytest

from prewatt.edge.protocols.dlms.acse import RLRQ
from prewatt.edge.protocols.dlms.wrapper import Wrapped
from tests.edge.protocols.dlms_wall import Wall


@pytest.mark.parametrize("name", ["dlms-lls", "dlms-gmac"])
@pytest.mark.parametrize("release", [b"\xd8\x01\x02", b""], ids=["an exception", "nothing"])
def test_a_meter_that_knows_no_association_to_be_released_is_asked_in_a_new_one_at_once(name, release, monkeypatch):
    wall = Wall(name, "tcp")
    wall.run(wall.meter.read_register())
    wall.server.associations.clear()
    feed = wall.responder.feed

    def without_association(received):
        if received[8:9] == bytes((RLRQ,)) and not wall.server.associations:
            return [Wrapped(17, wall.model.client, release).encode()] if release else []
        return feed(received)

    monkeypatch.setattr(wall.responder, "feed", without_association)
    wall.run(wall.meter.set_switch(closed=False))
    assert wall.load.closed is False
    wall.server.associations.clear()
    assert wall.run(wall.meter.read_register()) == 1_661_974
