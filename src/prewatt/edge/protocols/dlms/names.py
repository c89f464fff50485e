"""What is asked of a meter, and the names of its errors (Blue Book; Green Book, "DLMS/COSEM application layer services")."""

from __future__ import annotations

from typing import NamedTuple

from .axdr import Reader, obis, obis_text

DATA, REGISTER, EXTENDED_REGISTER, CLOCK, ASSOCIATION_LN, REGISTER_MONITOR, DISCONNECT_CONTROL = 1, 3, 4, 8, 15, 21, 70
"""Interface classes."""


class Attribute(NamedTuple):
    """An attribute of an object, or a method. `class_id`: of its interface class. `name`: its logical name, 6 bytes.
    `number`: of the attribute or method.
    """

    class_id: int
    name: bytes
    number: int

    def __str__(self) -> str:
        return f"class {self.class_id}, {obis_text(self.name)}, {self.number}"

    def encode(self) -> bytes:
        """Return the descriptor as it stands in an APDU."""
        return self.class_id.to_bytes(2) + self.name + bytes((self.number,))


def read_attribute(reader: Reader) -> Attribute:
    """Return the next descriptor of an APDU."""
    return Attribute(reader.integer(2), reader.take(6), reader.integer())


LOGICAL_DEVICE_NAME = Attribute(DATA, obis("0-0:42.0.0*255"), 2)
CURRENT_ASSOCIATION = obis("0-0:40.0.0*255")
REPLY_TO_HLS = Attribute(ASSOCIATION_LN, CURRENT_ASSOCIATION, 1)
"""The method that takes our proof, and returns the meter's."""

RESULTS = {
    1: "hardware fault",
    2: "temporary failure",
    3: "not permitted (read-write denied)",
    4: "there is no such object",
    9: "the object is of another class",
    11: "the object is not available",
    12: "a value of another type belongs there",
    13: "not permitted to this client (scope of access violated)",
    14: "the block is not available",
    15: "it broke the long answer off",
    16: "there is no long answer going on",
    17: "it broke the long question off",
    18: "there is no long question going on",
    19: "the number of the block is wrong",
    250: "other reason",
}
"""Data access results and action results but 0, success. They share their numbers as far as they share their meaning."""
NEVER = frozenset((3, 4, 9, 11, 13))
"""Results that stay as they are in an association: the meter has not got what was asked, or does not give it to us."""


def result_text(result: int) -> str:
    """Return a result in words."""
    return RESULTS.get(result, f"error {result}")
