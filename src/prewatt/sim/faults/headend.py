"""The head-end in the virtual world: workers with the product's rules. They die and race each other, and their database
refuses.
"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING

from ...headend import ingest
from ...headend.dispatch import Dispatch, DispatchPolicy
from ...kernel.units import MINUTE, SECOND
from ...wire import topics
from ...wire.messages import Orders, Receipt, States, Status
from ...wire.signing import SigningKey, seal
from .database import Database, MemoryStore, Outrun, Refuses

if TYPE_CHECKING:
    from ...headend.batch import Plan
    from .world import World

RESEND = 20.0
"""Seconds after which a command that is not taken up is sent again."""
LOOK = SECOND
"""How soon a new command is seen."""


class HeadEnd:
    """Workers on one database. Until `racing_until`, a second worker stores the same messages."""

    def __init__(self, world: World, database: Database, key: SigningKey) -> None:
        self._world = world
        self._key = key
        self.database = database
        self.up = True
        self.acknowledges_first = False
        """A planted bug."""
        self.racing_until = 0
        self.outrun = 0
        self._stores = [MemoryStore(database, world.swarm.copying) for _ in range(2)]
        silence = world.swarm.heartbeat / SECOND * 2.5
        self._policy = DispatchPolicy(resend=RESEND, silence=silence)
        self._dispatch = Dispatch(self._mono(), self._policy)
        self._look_at = -1
        self._in_vain = 0
        self._second_waits = False

    def _mono(self) -> float:
        return self._world.now / 1e6

    # -- what comes in -----------------------------------------------------------------------------------------------

    def arrive(self, gateway: str, data: bytes) -> None:
        """Take in a frame from the broker."""
        if not self.up:
            self._lost(gateway)
            return
        if self._world.now < self.racing_until and not self._second_waits:
            self._take_in_second(gateway, data)
        rng, dying = self._world.chance, self._world.swarm.dying
        if dying and self._world.lossy and rng.random() < dying:
            self._die_with(gateway, data, rng)
            return
        store = self._stores[0]
        batch, plan = self._plan(store, gateway, data, self.database.refuses)
        try:
            if self.acknowledges_first:
                self._acknowledge(plan)
            self._commit(store, batch, plan)
        except Refuses:
            self._lost(gateway)
            return
        if not self.acknowledges_first:
            self._acknowledge(plan)
        self._dispatch.heard(self._mono(), batch.messages)
        if self.database.has_open or not self.database.gateways[gateway].online:
            self.look()

    def _plan(self, store: MemoryStore, gateway: str, data: bytes, stale: bool) -> tuple[ingest.Sorted, Plan]:
        batch = ingest.sort([(topics.up(gateway), data)], store.gateways([gateway]))
        return batch, ingest.plan(self._world.now, batch, store.views(batch.meters(), stale))

    def _commit(self, store: MemoryStore, batch: ingest.Sorted, plan: Plan) -> None:
        before = {name: self.database.meters[name].seq for name in plan.meters}
        store.commit(plan)
        for name, change in plan.meters.items():
            self._world.oracle.stored(name, before[name], change.entries)
        for message in batch.messages:
            if isinstance(message, Status):
                is_reported = any(
                    (alarm.kind, alarm.gateway) == ("two-gateways", message.gateway) for alarm in plan.alarms
                )
                self._world.oracle.spoke(message.gateway, message.session, is_reported)

    def _acknowledge(self, plan: Plan) -> None:
        answers: list[States | Receipt] = [*plan.states, *plan.receipts]
        for message in answers:
            self._send(message)

    def _lost(self, gateway: str) -> None:
        for each in self._world.named(gateway):
            each.line.lost()

    def _send(self, message: States | Receipt | Orders) -> None:
        """Send a message to every gateway with a name, because two may have it."""
        sealed = seal(self._key, message)
        for each in self._world.named(message.gateway):
            each.line.send_down(sealed)

    def _die_with(self, gateway: str, data: bytes, rng: Random) -> None:
        """End the process while it handles a message: before the commit, or after the commit and before the receipts."""
        committed = rng.random() < 0.5
        store = self._stores[0]
        batch, plan = self._plan(store, gateway, data, stale=True)
        if self.acknowledges_first:
            self._acknowledge(plan)
        if committed and not self.database.refuses:
            self._commit(store, batch, plan)
        self._lost(gateway)
        self.die(rng.randrange(1, 20 * MINUTE))

    def _take_in_second(self, gateway: str, data: bytes) -> None:
        """Let the other worker take in the same message, and commit a little later."""
        self._second_waits = True
        store = self._stores[1]
        batch, plan = self._plan(store, gateway, data, stale=True)
        later = self._world.now + self._world.chance.randrange(1, 2 * SECOND)
        self._world.at(later, partial(self._commit_second, store, batch, plan))

    def _commit_second(self, store: MemoryStore, batch: ingest.Sorted, plan: Plan) -> None:
        self._second_waits = False
        if not self.up:
            return
        try:
            self._commit(store, batch, plan)
        except Outrun:
            self.outrun += 1
            return
        except Refuses:
            return
        self._acknowledge(plan)

    # -- what goes out -----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Look for commands to send, soon."""
        self._in_vain = 0
        self._look_in(LOOK)

    def _look_in(self, delay: int) -> None:
        when = self._world.now + delay
        if not self._world.now < self._look_at <= when:
            self._look_at = when
            self._world.at(when, partial(self._look, when))

    def _look(self, planned: int) -> None:
        if not self.up or planned != self._look_at:
            return
        self._look_at = -1
        pending = self._stores[0].pending()
        result = self._dispatch.tick(self._mono(), pending)
        for orders in result.orders:
            self._send(orders)
        self._stores[0].set_presence(result.presence)
        if result.presence:
            self._look_in(LOOK)
        elif pending:
            # The product looks ten times a second; what nobody takes up is looked at here ever more seldom.
            self._look_in((int(RESEND * SECOND) + LOOK) << self._in_vain)
            self._in_vain = min(self._in_vain + 1, 3)

    # -- what goes wrong ---------------------------------------------------------------------------------------------

    def die(self, rest: int) -> None:
        """End the process. It starts again after `rest` µs."""
        if self.up:
            self.up = False
            self._world.at(self._world.now + rest, self.start)

    def start(self) -> None:
        """Start the process."""
        if self.up:
            return
        self.up = True
        self._second_waits = False
        self._dispatch = Dispatch(self._mono(), self._policy, self._stores[0].online())
        for gateway in self._world.all_gateways():
            gateway.line.troubled()
        self.look()
