"""The world leaps over looks at meters from which nothing can follow.

Each minute, the product asks every meter that is silent or foreign, shows no value, or has a power limit. As long as
nothing changes there, and the gateway has said all that it has to say, each further look is the same as the one before.
The world knows when something changes next, and asks again shortly before or after that. Nothing else is left out. A
gateway that has other work is waked as always, and then looks at such meters too if they are due.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...edge.agent import Agent
from ...edge.effects import Effect
from ...edge.guarding import Guard
from ...edge.meter import Foreign, Observed
from ...kernel.account import Account
from ...kernel.plausible import NO_VALUE
from ...kernel.units import INSTANT_MAX, MINUTE
from .grid import is_passed

if TYPE_CHECKING:
    from .gateway import Gateway
    from .meters import Meter
    from .world import World

LONGEST = 20 * MINUTE
"""No meter rests for longer."""


class RestingAgent(Agent):
    """The product's agent. It also says when the first meter that does not rest is due."""

    def next_due_besides(self, resting: Container[str]) -> int:
        """Return when, by the steady clock (µs), the next meter not in `resting` is due; INSTANT_MAX if none is."""
        return min((due for name, due in self._due.items() if name not in resting), default=INSTANT_MAX)

    def look_by(self, name: str, steady: int) -> None:
        """Let a meter be due no later than at an instant of the steady clock (µs)."""
        self._due[name] = min(self._due[name], steady)


class Rest(NamedTuple):
    """A meter that is not asked before the true instant `until`, as long as the `facts` hold."""

    until: int
    facts: tuple[object, ...]


class Rests:
    """The meters of one gateway that rest."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self._rests: dict[str, Rest] = {}

    def next_due(self, agent: RestingAgent) -> int:
        """Return the true instant at which the agent must be waked to read a meter."""
        if not self._rests:
            return self._gateway.clocks.when_steady(agent.next_due())
        now = self._world.now
        self._rests = {
            name: rest
            for name, rest in self._rests.items()
            if now < rest.until and rest.facts == self._facts(agent, name)
        }
        due = self._gateway.clocks.when_steady(agent.next_due_besides(self._rests))
        return min([due, *(rest.until for rest in self._rests.values())])

    def _facts(self, agent: RestingAgent, name: str) -> tuple[object, ...]:
        """Return what must change before anything can follow, beside the time."""
        meter = self._world.meters[name]
        account = agent.meters[name].account
        return agent, account.seq, meter.serial, meter.silent_until, meter.lie_until, self._gateway.clock_set

    def seen(
        self, agent: RestingAgent, seen: Mapping[str, Observed | Foreign | str], effects: Sequence[Effect]
    ) -> None:
        """Let meters rest after a look at them from which nothing followed."""
        for name, each in seen.items():
            # A switch that does not stand as ordered is told again at each look.
            restless = effects or agent.meters[name].switching.unseen
            if restless or (isinstance(each, Observed) and not self._shows_no_value(agent, name)):
                self._rests.pop(name, None)
            else:
                self._rests[name] = Rest(self._until(agent, name), self._facts(agent, name))

    def _shows_no_value(self, agent: RestingAgent, name: str) -> bool:
        meter, doubt = self._world.meters[name], agent.meters[name].account.doubt
        return self._world.now < meter.lie_until and doubt is not None and doubt.cause == NO_VALUE

    def _until(self, agent: RestingAgent, name: str) -> int:
        """Return until when a meter rests: until it changes, or the rules of its supply do."""
        now, chance, meter = self._world.now, self._world.chance, self._world.meters[name]
        until = now + chance.randrange(MINUTE, LONGEST)
        for change in (meter.silent_until, meter.lie_until):
            if now < change < until:
                until = change + chance.randrange(MINUTE)
        believed = self._gateway.time()
        return min(until, now + agent.meters[name].next_change(believed) - believed)


class LeapingGuard(Guard):
    """The product's guard of a meter. While less power is drawn than it has to watch for, and the load is known to stay
    so, it looks again a minute before that changes.
    """

    def __init__(self, world: World, meter: Meter) -> None:
        super().__init__()
        self._world, self._meter = world, meter

    def watch(self, now: int, account: Account, shortest: int) -> int | None:
        """Return in how many µs the meter must be read again at the latest; None if nothing needs to be watched."""
        soon = super().watch(now, account, shortest)
        limit = account.power_limit(now)
        too_much = self._over_since is not None or (limit and self._meter.power > limit)
        too_much = too_much or any(is_passed(each, self._meter.volts) for each in account.settings.limits)
        if soon is None or too_much or account.supply.unsafe or self._passed:
            return soon
        return max(soon, self._meter.next_change - self._world.now - MINUTE)
