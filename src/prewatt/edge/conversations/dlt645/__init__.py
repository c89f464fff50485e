"""What is asked of meters that speak DL/T 645."""

from __future__ import annotations

from ...meters.dlt645_model import Dlt645Model
from ..protocol import AnswerTimes, MeterProtocol, OnBus
from .meter import Dlt645Access, Dlt645Meter
from .search import Dlt645Search


def _open(model: Dlt645Model, access: Dlt645Access, bus: OnBus) -> Dlt645Meter:
    if bus.framing != "line":
        raise ValueError("framing: DL/T 645 has none of its own for TCP; a converter passes its bytes on as they are")
    return Dlt645Meter(model, access, bus.clock)


PROTOCOL = MeterProtocol(Dlt645Model, Dlt645Access, _open, Dlt645Search(), AnswerTimes(), rank=1)
