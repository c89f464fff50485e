"""Functions, commands and errors of DL/T 645, by the standard's numbers.

Sources: users' code that agrees with each other; the standard's own text was not at hand. The error bits of 1997 and the
commands 2A to 3B are general knowledge, which no published frame confirms.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Edition(StrEnum):
    """The editions of the standard. A meter speaks one of them."""

    OF_2007 = "2007"
    OF_1997 = "1997"


class Function(IntEnum):
    """What a question asks for (2007)."""

    SET_TIME = 0x08
    READ = 0x11
    READ_FOLLOWING = 0x12
    READ_ADDRESS = 0x13
    WRITE = 0x14
    WRITE_ADDRESS = 0x15
    FREEZE = 0x16
    CHANGE_BAUD = 0x17
    CHANGE_PASSWORD = 0x18
    CLEAR_DEMAND = 0x19
    CLEAR_METER = 0x1A
    CLEAR_EVENTS = 0x1B
    CONTROL = 0x1C


class OldFunction(IntEnum):
    """What a question asks for (1997)."""

    READ = 0x01
    READ_FOLLOWING = 0x02
    READ_AGAIN = 0x03
    WRITE = 0x04
    SET_TIME = 0x08
    WRITE_ADDRESS = 0x0A
    CHANGE_BAUD = 0x0C
    CHANGE_PASSWORD = 0x0F


class Command(IntEnum):
    """What function 1C orders."""

    TRIP = 0x1A
    """Open the relay."""
    PERMIT_CLOSE = 0x1B
    """The relay closes when somebody presses the meter's button."""
    CLOSE = 0x1C
    """Close the relay at once."""
    ALARM = 0x2A
    END_ALARM = 0x2B
    HOLD = 0x3A
    """Keep the supply on, whatever asks the relay to open."""
    RELEASE = 0x3B
    """End HOLD."""
