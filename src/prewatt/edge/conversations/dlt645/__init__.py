"""What is asked of meters that speak DL/T 645."""

from __future__ import annotations

from collections.abc import Callable

from ...meters.dlt645_model import Dlt645Model
from ..protocol import Framing, MeterProtocol
from .meter import Dlt645Access, Dlt645Meter


def _open(model: Dlt645Model, access: Dlt645Access, framing: Framing, clock: Callable[[], int]) -> Dlt645Meter:
    if framing != "line":
        raise ValueError("framing: DL/T 645 has none of its own for TCP; a converter passes its bytes on as they are")
    return Dlt645Meter(model, access, clock)


PROTOCOL = MeterProtocol(Dlt645Model, Dlt645Access, _open)
