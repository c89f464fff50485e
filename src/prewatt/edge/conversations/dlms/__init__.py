"""What is asked of meters that speak DLMS/COSEM."""

from __future__ import annotations

from ...meters.dlms_model import DlmsModel
from ...protocols.dlms.acse import Mechanism
from ...protocols.dlms.client import Credentials
from ...protocols.dlms.link import Link
from ...protocols.dlms.security import Keys
from ..protocol import Access, AnswerTimes, MeterProtocol, OnBus
from .links import link_to
from .meter import DlmsMeter
from .pushed import PushingMeter
from .search import DlmsSearch

SYSTEM_TITLE = "5052570000000001"
"""Our system title, where the settings name none: a maker's three letters, and a number."""


class DlmsAccess(Access, frozen=True):
    """What differs from meter to meter. `address`: the physical address on a line; on TCP the meter's service access point,
    which is mostly 1; any number for a meter that sends by itself. `password`: for low level security; `hex:` in front of
    one that is no text. `encryption_key`, `authentication_key`: for high level security, in hexadecimal digits.
    `system_title`: ours, 16 hexadecimal digits.
    """

    password: str = ""
    encryption_key: str = ""
    authentication_key: str = ""
    system_title: str = SYSTEM_TITLE


def open_meter(model: DlmsModel, access: DlmsAccess, bus: OnBus) -> DlmsMeter | PushingMeter:
    """Return the conversations with one meter. Raises ValueError, which names the setting, if they are impossible."""
    if model.push is not None:
        if bus.framing == "tcp":
            raise ValueError(
                "framing: what a meter sends by itself is read from a line; a converter passes it on as it is"
            )
        return PushingMeter(model, model.push, bus.clock)
    if not access.address.isdecimal():
        raise ValueError(f"address: {access.address!r} is no number")
    address = int(access.address)
    if bus.framing == "tcp" and not 1 <= address <= 0xFFFF:
        raise ValueError(f"address: {address} is no service access point from 1 to 65535")

    def link_of(client: int) -> Link:
        return link_to(bus.framing, client, address, model.address_bytes, model.logical, model.information)

    link_of(model.client)
    return DlmsMeter(model, link_of, credentials_of(model, access), bus.clock)


def credentials_of(model: DlmsModel, access: DlmsAccess) -> Credentials:
    """Return how we show a meter who we are. Raises ValueError, which names the setting."""
    mechanism = {"none": Mechanism.NONE, "lls": Mechanism.LLS, "hls-gmac": Mechanism.HLS_GMAC}[model.authentication]
    if mechanism is not Mechanism.HLS_GMAC:
        password = access.password.removeprefix("hex:")
        as_bytes = _unhex("password", password) if password != access.password else password.encode()
        return Credentials(mechanism, as_bytes)
    keys = (_unhex(name, getattr(access, name)) for name in ("encryption_key", "authentication_key"))
    title = _unhex("system_title", access.system_title)
    return Credentials(mechanism, keys=Keys(*keys), title=title, is_general=model.general_ciphering)


def _unhex(name: str, digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise ValueError(f"{name}: it is not written in hexadecimal digits") from None


PROTOCOL = MeterProtocol(DlmsModel, DlmsAccess, open_meter, DlmsSearch(), AnswerTimes(), rank=3)
