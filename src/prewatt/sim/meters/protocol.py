"""What a played protocol declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .plan import HousePlan, HungMeter, HungModule, LinePlan
from .played import PlayedMeter, Responder


def no_module(meters: Sequence[PlayedMeter], module: HungModule, line: LinePlan) -> Responder:  # noqa: ARG001
    """Raise ValueError: the protocol has no relay modules."""
    raise ValueError(f"{module.model}: its protocol has no relay modules")


@dataclass(frozen=True)
class PlayedProtocol:
    """How meters of a protocol are played.

    `meter(meter, hung, line, plan)`: returns a meter's side. `wire(serials, recordings)`: returns a line for a building whose
    meters have these numbers; `recordings` are theirs, by number. `module(meters, module, line)`: returns the side of a relay
    module that switches these meters. `settings(plan)`: returns what `edge.toml` says of each meter beside its address.
    """

    meter: Callable[[PlayedMeter, HungMeter, LinePlan, HousePlan], Responder]
    wire: Callable[[Sequence[str], Mapping[str, str]], LinePlan]
    module: Callable[[Sequence[PlayedMeter], HungModule, LinePlan], Responder] = no_module
    settings: Callable[[HousePlan], dict[str, Any]] = lambda _: {}
