"""Bluetooth LE at the gateway, on bumble: a GATT service by which a nearby phone asks for the status, types a code, or
opens a staff session (`staff.Session`). `docs/installer/onsite.md` has its UUIDs and packets.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.transport import open_transport

from ..wire.bluetooth import IDENTIFY, REPLY, REQUEST, SERVICE, address_bytes
from ..wire.on_site import Answer, Assembler, OnSiteError, encode, packets
from ..wire.signing import SigningKey, VerifyKey
from .settings import EdgeSettings
from .site import Site
from .staff import Session, is_code
from .texts import _, use
from .turns import CODES, Turns

log = logging.getLogger("prewatt.edge")

SMALLEST_MTU = 23
MOST_VISITORS = 4
"""The most connections that stay. If one more comes, the oldest that has shown no grant is closed."""
IDLE = 60.0
"""Seconds of silence after which a connection is closed."""
ADVERTISES_EVERY = 152.5
"""Milliseconds between advertisements. The gateway hangs on the mains: it need not save, and a phone finds it at once. One of the
intervals that Apple recommends (Accessory Design Guidelines, Bluetooth Low Energy).
"""
HEADER = 3
"""Bytes of a notification that Bluetooth itself uses."""


@dataclass(slots=True)
class _Visitor:
    """A phone that is connected. `heard_at`: when it said something last, by the steady clock (s)."""

    connection: Connection
    session: Session
    assembler: Assembler
    heard_at: float


class Peripheral:
    """The service on one bumble device. A session lasts as long as its connection. `pause` waits so many seconds."""

    def __init__(
        self,
        device: Device,
        site: Site,
        key: SigningKey,
        server: VerifyKey,
        property_id: int,
        property_name: str,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.device = device
        self._site, self._key, self._server, self._property = site, key, server, property_id
        self._visitors: dict[int, _Visitor] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns, self._pause = Turns(), pause
        identity = f"prewatt/1 {site.gateway}\n{property_name}".encode()
        properties, permissions = Characteristic.Properties, Characteristic.Permissions
        self._reply = Characteristic(REPLY, properties.NOTIFY, permissions.READABLE, b"")
        written: CharacteristicValue[bytes] = CharacteristicValue(write=self._on_request)
        request: Characteristic[bytes] = Characteristic(REQUEST, properties.WRITE, permissions.WRITEABLE, written)
        identify = Characteristic(IDENTIFY, properties.READ, permissions.READABLE, identity)
        device.add_service(Service(SERVICE, [identify, request, self._reply]))
        device.on("connection", self._on_connection)

    async def start(self) -> None:
        """Power the device on and advertise the service."""
        await self.device.power_on()
        name = f"prewatt {self._site.gateway}"[:20].encode()
        self.device.advertising_data = bytes(
            AdvertisingData(
                [
                    (AdvertisingData.FLAGS, bytes([0x06])),
                    (AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, bytes(UUID(SERVICE))),
                ]
            )
        )
        self.device.scan_response_data = bytes(AdvertisingData([(AdvertisingData.COMPLETE_LOCAL_NAME, name)]))
        await self._advertise()

    async def _advertise(self) -> None:
        """Advertise the service as long as nobody has to give way, so that phones that stay connected keep nobody out."""
        if len(self._visitors) <= MOST_VISITORS and not self.device.is_advertising:
            await self.device.start_advertising(
                auto_restart=False,
                advertising_interval_min=ADVERTISES_EVERY,
                advertising_interval_max=ADVERTISES_EVERY,
            )

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_off(self, connection: Connection) -> None:
        """Close a connection that has been silent for a while."""
        while (visitor := self._visitors.get(connection.handle)) is not None:
            idle = time.monotonic() - visitor.heard_at
            if idle >= IDLE:
                with suppress(BaseBumbleError, TimeoutError):
                    await asyncio.wait_for(connection.disconnect(), 5)
                return
            await asyncio.sleep(IDLE - idle)

    async def _make_room(self, newest: Connection) -> None:
        """Close the oldest connection whose phone has shown no grant; the newest one if all others have."""
        others = (each.connection for each in self._visitors.values() if not each.session.has_grant)
        with suppress(BaseBumbleError, TimeoutError):
            await asyncio.wait_for(next(others, newest).disconnect(), 5)

    def _on_disconnection(self, connection: Connection) -> None:
        self._visitors.pop(connection.handle, None)
        self._later(self._advertise())

    def _on_connection(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()

        def was_no_guess() -> None:
            loop.call_soon_threadsafe(self._turns.was_right, CODES)

        session = Session(self._site, self._key, self._server, self._property, lambda: os.urandom(32), was_no_guess)
        self._visitors[connection.handle] = _Visitor(connection, session, Assembler(), time.monotonic())
        connection.on("disconnection", lambda _reason: self._on_disconnection(connection))
        self._later(self._see_off(connection))
        if len(self._visitors) > MOST_VISITORS:
            self._later(self._make_room(connection))
        self._later(self._advertise())

    async def _on_request(self, connection: Connection, packet: bytes) -> None:
        visitor = self._visitors.get(connection.handle)
        if visitor is None:
            return
        visitor.heard_at = time.monotonic()
        try:
            message = visitor.assembler.take(bytes(packet))
        except OnSiteError as error:
            await self._notify(connection, encode(Answer(False, str(error))))
            return
        if message is None:
            return
        if is_code(message):
            turn = self._turns.take(CODES, f"{connection.handle}", time.monotonic_ns() // 1000)
            if turn.refused:
                await self._notify(connection, encode(visitor.session.too_early(turn.wait)))
                return
            if turn.wait:
                await self._pause(turn.wait / 1_000_000)
        try:
            # The agent answers from its own thread; meanwhile the radio goes on.
            answer = await asyncio.to_thread(visitor.session.handle, message)
        except (TimeoutError, sqlite3.Error):
            answer = Answer(False, _("The gateway is busy: please try again."))
        await self._notify(connection, encode(answer))

    async def _notify(self, connection: Connection, message: bytes) -> None:
        size = max(connection.att_mtu, SMALLEST_MTU) - HEADER
        for packet in packets(message, size):
            await self.device.notify_subscriber(connection, self._reply, packet)


async def _serve(site: Site, settings: EdgeSettings, key: SigningKey, server: VerifyKey) -> None:
    async with await open_transport(settings.bluetooth) as transport:
        address = Address(address_bytes(settings.gateway), Address.RANDOM_DEVICE_ADDRESS)
        device = Device.with_hci(f"prewatt {settings.gateway}", address, transport.source, transport.sink)
        await Peripheral(device, site, key, server, settings.property_id, settings.property).start()
        log.info("Bluetooth is on (%s)", settings.bluetooth)
        await transport.source.wait_for_termination()


def serve_bluetooth(site: Site, settings: EdgeSettings, key: SigningKey, server: VerifyKey) -> None:
    """Serve Bluetooth from a thread. If the adapter fails or is missing, it is tried again and again."""

    def run() -> None:
        use(settings.language)
        pause = 1.0
        while True:
            try:
                asyncio.run(_serve(site, settings, key, server))
            except Exception as error:  # whatever an adapter or its driver raises: the meters go on
                log.warning("Bluetooth (%s): %s; trying again in %.0f s", settings.bluetooth, error, pause)
            threading.Event().wait(pause)
            pause = min(pause * 2, 60.0)

    threading.Thread(target=run, name="bluetooth", daemon=True).start()
