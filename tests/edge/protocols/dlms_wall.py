"""A played meter of DLMS/COSEM on a wall, and our side of it, with a line between that owns no port."""

import msgspec

from prewatt.edge.conversations.dlms import DlmsAccess, credentials_of, open_meter
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.drivers.interface import Power
from prewatt.edge.meters.dlms_model import DlmsModel
from prewatt.edge.meters.model import find_model_file, read_model
from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.dlms.hdlc import decode_frame
from prewatt.edge.protocols.errors import NoAnswer
from prewatt.kernel.units import SECOND
from prewatt.sim.meters.dlms import DlmsServer, HdlcResponder, WrapperResponder
from prewatt.sim.meters.dlms_objects import Habits
from prewatt.sim.meters.played import PlayedMeter

BEGIN = 1_767_225_600 * SECOND
REGISTER = 1_661_974
ACCESS = DlmsAccess(
    "17", password="00000000", encryption_key=bytes(range(16)).hex(), authentication_key=bytes(range(16, 32)).hex()
)


def model_of(name):
    return read_model(find_model_file(name), DlmsModel)


class Load:
    """A switch and a register."""

    def __init__(self):
        self.register, self.closed, self.watts = REGISTER, True, 2300

    def read_register(self):
        return self.register

    def read_switch(self):
        return self.closed

    def read_power(self):
        return Power(self.watts if self.closed else 0)

    def set_switch(self, closed):
        self.closed = closed


class Wall:
    """`habits`: of the played meter. `changes`: of its model. `lose` drops the next answers, `log` keeps the questions."""

    def __init__(self, name="dlms-lls", framing="line", access=ACCESS, played_access=None, changes=None, **habits):
        self.now = BEGIN
        self.framing, self.access = framing, access
        self.model = msgspec.structs.replace(model_of(name), **(changes or {}))
        self.load = Load()
        self.played = PlayedMeter(self.load, "52207839", self.clock)
        self.habits = Habits(**habits)
        credentials = credentials_of(self.model, played_access or access)
        self.server = DlmsServer(self.played, self.model, credentials, self.habits, lambda count: b"\x5a" * count)
        self.responder = WrapperResponder(self.server, 17) if framing == "tcp" else HdlcResponder(self.server, 17)
        self.log, self.lose = [], 0
        self.meter = self.start()

    def start(self):
        """Return our side as it is when the gateway was just started."""
        return open_meter(self.model, self.access, OnBus(self.framing, self.clock))

    def clock(self):
        return self.now

    def ask(self, exchange):
        self.log.append(exchange.request)
        pieces = self.responder.feed(exchange.request)
        if pieces and self.lose:
            self.lose -= 1
            pieces = []
        for piece in pieces:
            answer = exchange.feed(piece)
            if answer is not None:
                assert len(piece) <= exchange.longest
                return answer.value
        raise NoAnswer(exchange.seen())

    def run(self, conversation):
        return converse(conversation, self.ask)

    def kinds(self):
        kinds = [decode_frame(each).kind for each in self.log]
        self.log.clear()
        return kinds
