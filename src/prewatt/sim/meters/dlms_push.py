"""A played meter of DLMS/COSEM that sends its values by itself, and answers nothing."""

from __future__ import annotations

from ...edge.meters.dlms_model import DlmsModel, Push
from ...edge.meters.model import BASE_UNITS
from ...edge.protocols.dlms.axdr import Data, Type, obis
from ...edge.protocols.dlms.hdlc import UI, Frame, client_address, server_address
from ...edge.protocols.dlms.link import LLC_ANSWER
from ...edge.protocols.dlms.names import DATA, REGISTER
from ...edge.protocols.dlms.xdlms import DataNotification
from ...kernel.units import SECOND
from .played import PlayedMeter

PUSH_SETUP, PUSH_LIST = 40, obis("0-0:25.9.0*255")
"""The object that says what is pushed, whose list stands first in each push."""
PIECE = 100
"""Bytes of information in a frame; what is longer goes in segments."""


class PushingResponder:
    """A meter's side, by its model's file."""

    def __init__(self, meter: PlayedMeter, model: DlmsModel, push: Push) -> None:
        self._meter, self._model, self._push = meter, model, push
        self._sent_at: int | None = None

    def feed(self, received: bytes) -> list[bytes]:  # noqa: ARG002
        """Return nothing, whatever it is asked."""
        return []

    def unasked(self) -> list[bytes]:
        """Return the frames of a push, if it is time for one."""
        now = self._meter.clock()
        due = self._sent_at is None or not 0 <= now - self._sent_at < self._push.every_s * SECOND
        if self._meter.faults.silent or not due:
            return []
        self._sent_at = now
        return self.push()

    def push(self) -> list[bytes]:
        """Return the frames of a push."""
        values = [(DATA, self._model.serial, Data(Type.OCTET_STRING, self._meter.serial.encode(self._model.text)))]
        values += [(REGISTER, name, self._register(name)) for name in self._push.scales]
        names = [(PUSH_SETUP, PUSH_LIST), *((kind, obis(name)) for kind, name, _ in values)]
        definitions = Data(Type.ARRAY, tuple(_definition(kind, name) for kind, name in names))
        body = Data(Type.STRUCTURE, (definitions, *(value for _, _, value in values)))
        content = LLC_ANSWER + DataNotification(1, body).encode()
        pieces = [content[at : at + PIECE] for at in range(0, len(content), PIECE)]
        to, own = client_address(1), server_address(1, 17, 2)
        return [
            Frame(to, own, UI, piece, segmented=number < len(pieces)).encode() for number, piece in enumerate(pieces, 1)
        ]

    def _register(self, name: str) -> Data:
        scale = self._push.scales[name]
        value = self._meter.register() if name == self._model.energy else self._meter.voltage
        return Data(Type.DOUBLE_LONG_UNSIGNED, int(value / BASE_UNITS[scale.unit]))


def _definition(class_id: int, name: bytes) -> Data:
    parts = (Data(Type.LONG_UNSIGNED, class_id), Data(Type.OCTET_STRING, name), Data(Type.INTEGER, 2))
    return Data(Type.STRUCTURE, (*parts, Data(Type.LONG_UNSIGNED, 0)))
