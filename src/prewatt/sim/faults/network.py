"""The line between one gateway and the broker. It loses, repeats, delays, reorders and alters messages, and is cut in
one direction or in both. A stranger may put messages on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from ...edge.effects import Refuse
from ...kernel.entries import Command, GrantCredit
from ...kernel.units import NANO, SECOND
from ...wire.messages import Orders, Status
from ...wire.signing import seal, sign_command
from .headend import RESEND
from .keys import pair

if TYPE_CHECKING:
    from .gateway import Gateway
    from .world import World

QUICK = SECOND
"""Most messages take less time than this (µs)."""
RECONNECT = 15 * SECOND


class Line:
    """The line of one gateway. Since `calm_since` nothing on it was lost, late, cut or dead. The oracle's bounds on
    time count from then.
    """

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self.connected = False
        self.cut_up = self.cut_down = False
        self.calm_since = world.now
        self.session = 0
        self._waiting = False
        self._heard: list[bytes] = []
        self.forged = self.altered = 0

    @property
    def calm(self) -> bool:
        """Return whether messages pass now, both ways."""
        up = self.connected and self._gateway.agent is not None and self._world.headend.up
        return up and not (self.cut_up or self.cut_down or self._world.headend.database.refuses)

    def troubled(self, until: int = 0) -> None:
        """Note trouble on the line: the calm begins again now, or later."""
        self.calm_since = max(self.calm_since, self._world.now, until)

    def lost(self) -> None:
        """Note that a message was lost. What it asked for may wait for the next sign of life."""
        self.troubled(self._world.now + self._world.swarm.heartbeat + 2 * int(RESEND) * SECOND)

    # -- the connection ----------------------------------------------------------------------------------------------

    def connect_soon(self, longest: int = RECONNECT) -> None:
        """Let the gateway try to connect within `longest` µs."""
        if not self._waiting:
            self._waiting = True
            self._world.at(self._world.now + self._world.chance.randrange(1, longest), self._connect)

    def _connect(self) -> None:
        self._waiting = False
        gateway = self._gateway
        # While it is cut nobody comes through; whoever mends it calls again.
        if gateway.agent is None or self.connected or self.cut_up or self.cut_down:
            return
        self.connected = True
        self.session += 1
        self.troubled()
        gateway.do(gateway.agent.on_connected(gateway.moment()))

    def drop(self) -> None:
        """End the connection, because it was found to be dead."""
        if self.connected:
            self.connected = False
            if self._gateway.agent is not None:
                self._gateway.agent.on_disconnected()
                self._gateway.arm()
        self.connect_soon()

    def cut(self, up: bool, down: bool, noticed: int, lasts: int) -> None:
        """Let nothing pass `up`, `down` or both ways, for `lasts` µs. Both ends notice it only after `noticed` µs."""
        self.cut_up, self.cut_down = up, down
        self._world.at(self._world.now + noticed, self.drop)
        self._world.at(self._world.now + lasts, self.mend)

    def mend(self) -> None:
        """Mend a line that was cut."""
        if self.cut_up or self.cut_down:
            self.cut_up = self.cut_down = False
            self.lost()
            self.connect_soon()

    # -- messages ----------------------------------------------------------------------------------------------------

    def send_up(self, data: bytes) -> None:
        """Publish a message of the gateway."""
        if not self.connected:
            return
        self._carry(data, self.cut_up, self._arrive_up)
        if self._strangers():
            self._forge_up(data)

    def send_down(self, data: bytes) -> None:
        """Publish a message of the head-end to the gateway."""
        self._carry(data, self.cut_down or not self.connected, partial(self._arrive_down, self.session))
        if self._strangers():
            self._forge_down()

    def _carry(self, data: bytes, cut: bool, deliver: Callable[[bytes], None]) -> None:
        world, swarm = self._world, self._world.swarm
        chance = world.chance
        if cut or self._befalls(swarm.loss):
            self.lost()
            return
        copies = 2 if self._befalls(swarm.repeat) else 1
        for _ in range(copies):
            delay = chance.randrange(1, QUICK)
            if swarm.delay_longest > QUICK and self._befalls(0.2):
                delay = chance.randrange(1, swarm.delay_longest)
                self.troubled(world.now + delay + 2 * int(RESEND) * SECOND)
            if swarm.alter and self._befalls(swarm.alter):
                self.altered += 1
                self.lost()
                data = _altered(data, chance)
            world.at(world.now + delay, partial(deliver, data))

    def _befalls(self, rate: float) -> bool:
        """Draw whether something that comes at this rate befalls a message now."""
        return self._world.lossy and self._world.chance.random() < rate

    def _arrive_up(self, data: bytes) -> None:
        if self.cut_up:
            self.lost()
            return
        self._world.headend.arrive(self._gateway.name, data)

    def _arrive_down(self, session: int, data: bytes) -> None:
        gateway = self._gateway
        if self.cut_down or gateway.agent is None or not self.connected or session != self.session:
            self.lost()
            return
        effects = gateway.agent.on_frame(gateway.moment(), data)
        gateway.do(effects)
        self._world.oracle.acknowledged(gateway)

    # -- what others put on it ---------------------------------------------------------------------------------------

    def _strangers(self) -> bool:
        forge = self._world.swarm.forge
        return bool(forge) and self._befalls(forge)

    def _forge_up(self, data: bytes) -> None:
        """Repeat an old message of the gateway, or speak in its name, as an attacker does."""
        chance, gateway, headend = self._world.chance, self._gateway, self._world.headend
        self._heard = [*self._heard[-5:], data]
        if not headend.up or headend.database.refuses:
            return
        self.forged += 1
        if chance.random() < 0.5:
            headend.arrive(gateway.name, self._heard[0])
            return
        stranger, _ = pair(self._world.swarm.real_keys, chance.randbytes(32))
        refused = headend.database.refused.get("signature", 0)
        headend.arrive(gateway.name, seal(stranger, Status(gateway.name, 2**40, 1, self._world.now, fresh=True)))
        if headend.up and headend.database.refused.get("signature", 0) == refused:
            self._world.broken(f"gateway {gateway.name}: the head-end took a stranger's message for the gateway's")

    def _forge_down(self) -> None:
        """Publish to the gateway as an attacker does who has none of the server's keys."""
        gateway, chance = self._gateway, self._world.chance
        if gateway.agent is None or not self.connected:
            return
        self.forged += 1
        stranger, _ = pair(self._world.swarm.real_keys, chance.randbytes(32))
        name = chance.choice(gateway.meters)
        number = gateway.agent.meters[name].account.command + 1
        command = sign_command(stranger, Command(name, number, self._world.now, GrantCredit("forged", 100 * NANO)))
        orders = Orders(gateway.name, (command,))
        # Either all is a stranger's, or the frame is the server's and the command in it is not.
        sealed = seal(stranger if chance.random() < 0.5 else self._world.server_key, orders)
        effects = gateway.agent.on_frame(gateway.moment(), sealed)
        if not any(isinstance(effect, Refuse) for effect in effects):
            self._world.broken(f"gateway {gateway.name}: a forged command was not refused")
        gateway.do(effects)


def _altered(data: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
