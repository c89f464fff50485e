"""The staff's side of Bluetooth, on bumble: it finds a gateway, talks to its service and checks its signatures.

`prewatt onsite` is this on a command line. An app on a phone speaks the same protocol (`docs/installer/onsite.md`).
"""

from __future__ import annotations

import asyncio
import os
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Advertisement, Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import Address
from bumble.transport import open_transport

from ..terminal_texts import _
from ..wire.bluetooth import IDENTIFY, REPLY, REQUEST, SERVICE, address_bytes
from ..wire.on_site import (
    Answer,
    AskStatus,
    Assembler,
    Challenge,
    Downward,
    Grant,
    Instruction,
    OnSiteError,
    SignedGrant,
    SignedStatus,
    SiteStatus,
    TypedCode,
    Upward,
    answer_is_signed,
    decode_down,
    encode,
    open_status,
    packets,
    read_grant,
    sign_instruction,
)
from ..wire.signing import SigningKey, VerifyKey

PATIENCE = 20.0
"""The most seconds for finding a gateway, and for waiting for an answer."""
PARTING = 3.0
"""The most seconds for ending a connection. A gateway that has ended it before does not answer."""
MTU = 247
_GRANT = msgspec.msgpack.Decoder(SignedGrant)


def grant_text(signed: SignedGrant) -> str:
    """Return a grant as text, to be sent to its holder."""
    return b64encode(encode(signed)).decode()


def load_grant(path: Path) -> SignedGrant:
    """Return the grant in a file. Raises OnSiteError that names the file if it holds none."""
    try:
        return _GRANT.decode(b64decode(path.read_text().strip(), validate=True))
    except (OSError, ValueError, msgspec.DecodeError) as error:
        raise OnSiteError(_("%(path)s: there is no grant in this file (%(error)s)", path=path, error=error)) from None


class Visit:
    """A connection to one gateway. Every answer that can be checked is checked."""

    def __init__(
        self, peer: Peer, request: CharacteristicProxy[bytes], reply: CharacteristicProxy[bytes], identity: str
    ):
        self.gateway, _, self.property = identity.removeprefix("prewatt/1 ").partition("\n")
        self._peer, self._request, self._reply = peer, request, reply
        self._assembler = Assembler()
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._key: SigningKey | None = None
        self._challenge: Challenge | None = None
        self._gateway_key: VerifyKey | None = None
        self._count = 0

    async def begin(self) -> None:
        """Listen for answers."""
        await self._reply.subscribe(self._on_packet)

    def _on_packet(self, packet: bytes) -> None:
        message = self._assembler.take(bytes(packet))
        if message is not None:
            self._answers.put_nowait(message)

    async def send(self, message: bytes) -> Downward:
        """Send a message as it stands, and return its answer. Raises OnSiteError if no answer comes."""
        size = max(self._peer.connection.att_mtu, 23) - 3
        for packet in packets(message, size):
            await self._request.write_value(packet, with_response=True)
        try:
            return decode_down(await asyncio.wait_for(self._answers.get(), PATIENCE))
        except TimeoutError:
            raise OnSiteError(_("the gateway does not answer. Go nearer and try again")) from None

    async def _ask(self, message: Upward) -> Downward:
        return await self.send(encode(message))

    async def status(self, key: VerifyKey | None = None) -> SiteStatus:
        """Return the gateway's status, checked with its `key` if that is known. Raises OnSiteError if the gateway did
        not sign it, or does not answer.
        """
        nonce = os.urandom(32)
        answer = await self._ask(AskStatus(nonce))
        if not isinstance(answer, SignedStatus):
            raise OnSiteError(_("the gateway sent an answer that is not its status. Try again"))
        return open_status(key, nonce, answer)

    async def submit_code(self, meter: str, digits: str) -> Answer:
        """Type a 20-digit code for a meter. Returns the gateway's answer. Raises OnSiteError if that is none to a code."""
        answer = await self._ask(TypedCode(meter, digits))
        if not isinstance(answer, Answer):
            raise OnSiteError(_("the gateway did not say whether it accepted the code. Look at the meter itself"))
        return answer

    async def open_session(self, key: SigningKey, signed: SignedGrant) -> Grant:
        """Show a grant to the gateway, which opens a session. Returns the grant. Raises OnSiteError if the gateway
        refuses it, or if the grant does not cover the gateway.
        """
        grant = read_grant(signed)
        answer = await self._ask(signed)
        if not isinstance(answer, Challenge):
            raise OnSiteError(
                answer.text if isinstance(answer, Answer) else _("the gateway did not open a session. Try again")
            )
        keys = {gateway.gateway: gateway.key for gateway in grant.gateways}
        if answer.gateway not in keys:
            raise OnSiteError(
                _(
                    "the grant does not cover gateway '%(gateway)s'. Ask the manager for a new grant",
                    gateway=answer.gateway,
                )
            )
        self._key, self._challenge, self._count = key, answer, 0
        self._gateway_key = VerifyKey(keys[answer.gateway])
        return grant

    async def instruct(self, instruction: Instruction) -> Answer:
        """Send an instruction in the open session. Returns the gateway's answer. Raises OnSiteError if no session is
        open, or if the gateway did not sign the answer; only a refusal may be unsigned.
        """
        if self._key is None or self._challenge is None or self._gateway_key is None:
            raise OnSiteError(_("show a grant first"))
        self._count += 1
        answer = await self._ask(sign_instruction(self._key, self._challenge, self._count, instruction))
        if not isinstance(answer, Answer):
            raise OnSiteError(_("the gateway did not say whether it did this. Look at the meter itself"))
        if answer.signature or answer.done:
            signed = answer_is_signed(self._gateway_key, self._challenge.nonce, answer)
            if not signed or answer.count != self._count:
                raise OnSiteError(
                    _("this gateway did not sign the answer, so it may be false. Look at the meter itself")
                )
        return answer


async def _find(device: Device, wanted: str) -> Address:
    """Return the address of the gateway named `wanted`, or of the first one if that is empty."""
    address: asyncio.Future[Address] = asyncio.get_running_loop().create_future()

    def on_advertisement(advertisement: Advertisement) -> None:
        services = advertisement.data.get_all(AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS)
        ours = any(UUID(SERVICE) in (each if isinstance(each, list) else [each]) for each in services)
        if not address.done() and ours and (not wanted or bytes(advertisement.address) == address_bytes(wanted)):
            address.set_result(advertisement.address)

    device.on("advertisement", on_advertisement)
    await device.start_scanning(active=True)
    try:
        return await asyncio.wait_for(address, PATIENCE)
    except TimeoutError:
        raise OnSiteError(
            _("gateway %(wanted)s is not in reach. Go nearer and try again", wanted=wanted)
            if wanted
            else _("no gateway is in reach. Go nearer and try again")
        ) from None
    finally:
        await device.stop_scanning()


@asynccontextmanager
async def visit_with(device: Device, gateway: str = "") -> AsyncIterator[Visit]:
    """Open a visit by a bumble device that is powered on. Raises OnSiteError if no such gateway is near."""
    address = await _find(device, gateway)
    connection = await device.connect(address)
    try:
        peer = Peer(connection)
        await peer.request_mtu(MTU)
        await peer.discover_services()
        for service in peer.services:
            await service.discover_characteristics()
        parts = {uuid: peer.get_characteristics_by_uuid(UUID(uuid)) for uuid in (IDENTIFY, REQUEST, REPLY)}
        if not all(parts.values()):
            raise OnSiteError(_("this Bluetooth device is not a gateway of prewatt"))
        identity = (await peer.read_value(parts[IDENTIFY][0])).decode("utf-8", "replace")
        visit = Visit(peer, parts[REQUEST][0], parts[REPLY][0], identity)
        await visit.begin()
        yield visit
    finally:
        # Always end the connection: a gateway that believes it has a visitor makes the next one wait.
        with suppress(BaseBumbleError, TimeoutError):
            await asyncio.wait_for(connection.disconnect(), PARTING)


@asynccontextmanager
async def visit(adapter: str, gateway: str = "") -> AsyncIterator[Visit]:
    """Open a visit through an adapter in bumble's words, such as `hci-socket:0` or `usb:0`."""
    async with await open_transport(adapter) as transport:
        address = Address(bytes([*os.urandom(5), 0xC0 | os.urandom(1)[0]]), Address.RANDOM_DEVICE_ADDRESS)
        device = Device.with_hci("prewatt staff", address, transport.source, transport.sink)
        await device.power_on()
        async with visit_with(device, gateway) as opened:
            yield opened


def run(adapter: str, gateway: str, work: Callable[[Visit], AsyncIterator[str]]) -> list[str]:
    """Do `work` during a visit, and return the lines that it yields. Raises OnSiteError if the gateway refuses or is
    not near.
    """

    async def go() -> list[str]:
        async with visit(adapter, gateway) as opened:
            return [line async for line in work(opened)]

    return asyncio.run(go())
