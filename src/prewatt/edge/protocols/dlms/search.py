"""Whether a meter answers at an address, and which: for setting up. Nobody has to know a password: meters let a public client
read their name and their number.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..conversation import Conversation
from ..errors import NoAnswer, ProtocolError
from .axdr import obis
from .client import Client, Credentials
from .link import Link
from .names import DATA, LOGICAL_DEVICE_NAME, Attribute

PUBLIC_CLIENT = 16
SERIAL = Attribute(DATA, obis("0-0:96.1.0*255"), 2)
USUAL_ADDRESSES = (1, 16, 17)
"""Physical addresses that meters often have from the factory, beside one made of the last digits of their number."""


@dataclass(frozen=True)
class Found:
    """What a meter says of itself to anybody. `name`: its logical device name, which begins with three letters of its maker.
    `serial`: its number. Both are bytes as they came, and empty if it does not give them.
    """

    name: bytes = b""
    serial: bytes = b""


def probe(link: Link) -> Conversation[Found | None]:
    """Return what the meter at the end of a public client's link says of itself; None if none answers. A meter that answers,
    but takes no public client, is found without name and number.
    """
    client = Client(link, Credentials(), bytes)
    try:
        yield from client.open()
    except NoAnswer:
        return None
    except ProtocolError:
        return Found()
    values = []
    for attribute in (LOGICAL_DEVICE_NAME, SERIAL):
        try:
            values.append((yield from client.get(attribute)).octets)
        except ProtocolError:
            values += [b""]
    yield from client.close()
    return Found(*values)
