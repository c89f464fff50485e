"""Bluetooth for a browser that has no radio: what a page does by `navigator.bluetooth` goes to a virtual controller (bumble), and so
to a gateway's real GATT service. Nothing of the page, the protocol or the gateway is played; the radio alone is.
"""

import asyncio
import threading
from contextlib import suppress
from pathlib import Path

from bumble.core import UUID, BaseBumbleError
from bumble.device import Peer
from bumble.link import LocalLink

from prewatt.cli.visit import PARTING, _find
from prewatt.edge.bluetooth import Peripheral
from prewatt.wire.bluetooth import IDENTIFY, REPLY, REQUEST
from prewatt.wire.signing import VerifyKey
from tests.edge.test_bluetooth import bumble_device

SCRIPT = (Path(__file__).parent / "bluetooth_air.js").read_text()
PATIENCE = 60


class Phone:
    """A phone's radio. `tear`: the connection breaks when the gateway has got that many more messages, before it answers."""

    def __init__(self, air, name):
        self.device, self.link, self.tear, self.sizes = bumble_device(name, air.link), None, None, []

    async def connect(self):
        """Connect to the gateway that is near, and return what it says it is."""
        address = await _find(self.device, "")
        self.link = await self.device.connect(address)
        self.gone, self.heard = asyncio.Event(), asyncio.Queue()
        gone, heard = self.gone, self.heard
        self.link.on("disconnection", lambda _reason: (gone.set(), heard.put_nowait(None)))
        peer = Peer(self.link)
        await peer.request_mtu(247)
        await peer.discover_services()
        for service in peer.services:
            await service.discover_characteristics()
        identify, self.request, reply = (
            peer.get_characteristics_by_uuid(UUID(uuid))[0] for uuid in (IDENTIFY, REQUEST, REPLY)
        )
        await reply.subscribe(lambda packet: heard.put_nowait(bytes(packet)))
        return (await peer.read_value(identify)).hex()

    async def write(self, packet):
        """Write a packet, and say whether the connection stands."""
        if self.gone.is_set():
            return False
        self.sizes.append(len(packet) // 2)
        with suppress(BaseBumbleError, TimeoutError):
            await self.request.write_value(bytes.fromhex(packet), with_response=True)
        if packet.startswith("01") and self.tear is not None:
            self.tear -= 1
            if self.tear < 0:
                self.tear = None
                await self.leave()
        return not self.gone.is_set()

    async def answer(self):
        """Return the packets of the next answer, the last one at its end; None if the connection is gone."""
        packets = []
        while not packets or packets[-1][0] != 1:
            packet = await asyncio.wait_for(self.heard.get(), PATIENCE)
            if packet is None:
                return None
            packets.append(packet)
        return [each.hex() for each in packets]

    async def leave(self):
        """End the connection."""
        if self.link is not None and not self.gone.is_set():
            with suppress(BaseBumbleError, TimeoutError):
                await asyncio.wait_for(self.link.disconnect(), PARTING)
            await asyncio.wait_for(self.gone.wait(), PATIENCE)


class Air:
    """What is within reach of each other: phones, and at most one gateway at a time."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.link = self.do(self._link())

    async def _link(self):
        return LocalLink()

    def do(self, work):
        """Do something in the air's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def gateway(self, site, key, server, property_id, name):
        """Let a gateway be there."""

        async def start():
            device = bumble_device(site.gateway, self.link)
            await Peripheral(device, site, key, VerifyKey(server), property_id, name).start()
            return device

        return self.do(start())

    def leave(self, device):
        """Let a gateway be there no more."""
        self.do(device.stop_advertising())

    def phone(self, context, name):
        """Give the pages of a browser's context a radio."""

        async def start():
            made = Phone(self, name)
            await made.device.power_on()
            return made

        phone = self.do(start())
        context.expose_function("air", lambda what, *given: self.do(getattr(phone, what)(*given)))
        context.add_init_script(SCRIPT)
        return phone

    def close(self):
        """End what is under way, and the thread."""

        async def end():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.do(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
