"""The link of a client to a meter, in the form of its bus."""

from __future__ import annotations

from typing import Literal

from ...protocols.dlms.acse import PDU_SIZE
from ...protocols.dlms.hdlc import INFORMATION_DEFAULT, client_address, server_address
from ...protocols.dlms.link import HdlcLink, Link
from ...protocols.dlms.wrapper_link import WrapperLink
from ..protocol import Framing

WRAPPED_LONGEST = PDU_SIZE + 64
"""The longest APDU over TCP that is believed: ciphering adds to what we say that we take."""


def link_to(
    framing: Framing,
    client: int,
    address: int,
    address_bytes: Literal[1, 2, 4],
    logical: int,
    information: int = INFORMATION_DEFAULT,
) -> Link:
    """Return the link of `client` to the meter at an address. The others are explained in `meters.dlms_model.DlmsModel`.
    Raises ValueError for an address that cannot be.
    """
    if framing == "tcp":
        return WrapperLink(client, address, WRAPPED_LONGEST)
    upper, lower = (address, 0) if address_bytes == 1 else (logical, address)
    return HdlcLink(client_address(client), server_address(upper, lower, address_bytes), information)
