"""What people on site see of the gateway and have it do, whichever way they come in: its own page, Bluetooth, a keypad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..kernel.orders import Action
from ..wire.messages import LiveMeter
from ..wire.on_site import SiteMeter
from .effects import Reply


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the last entries: instant, what happened, money (nano) that it moved, balance after it."""

    at: int
    text: str
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class View:
    """How a meter stands, for its tenant. Money in nano; `price` is micro per kWh; `why` says why the supply is off, `advice`
    what to do about it, `tonight` what the off hours of this moment allow, `ahead` when a kWh gets cheaper or dearer next.
    `pays_after`: whether electricity is paid after use; `limit`: what may be owed then until the supply ends, nano, 0: it does
    not end for that.

    `seen`: the meter as it was read just now, by which `balance` is reckoned where it answered; None if it was not asked.
    `read_at`: when the journal last has a reading.
    `energy`: Wh that the balance is worth at that price; `warned_at`: when a step of low credit was told last that the
    balance has not risen above since, 0 if none was.
    """

    meter: str
    unit: str
    currency: str
    zone: str
    at: int
    balance: int
    closed: bool | None
    why: str
    low: bool
    price: int
    seen: LiveMeter | None
    read_at: int
    register: int | None
    emergency: int
    emergency_open: bool
    allowance: int
    online: bool
    lines: tuple[Line, ...]
    advice: str = ""
    tonight: str = ""
    energy: int = 0
    warned_at: int = 0
    ahead: str = ""
    pays_after: bool = False
    limit: int = 0


class Site(Protocol):
    """The gateway as seen from near by. Every call is done when it returns: journalled, and the switch told."""

    gateway: str

    def now(self) -> int:
        """The instant that the gateway believes it to be."""

    def overview(self) -> tuple[bool, int, tuple[SiteMeter, ...]]:
        """Whether the server is reached, the instant, and the meters."""

    def troubles(self) -> tuple[str, ...]:
        """What everybody here has to know: a full disk, a meter that can't be served."""

    def view(self, meter: str) -> View | None:
        """How a meter stands; None if it is none of this gateway's."""

    def current(self, meter: str) -> View | None:
        """The same without the last entries, for who looks on."""

    def pin_is(self, meter: str, pin: str) -> bool:
        """Whether this is the PIN of the meter's flat."""

    def submit_code(self, meter: str, digits: str, way: str) -> Reply:
        """A code was typed."""

    def act(self, meter: str, action: Action, by: str, grant: str = "", reason: str = "") -> Reply:
        """A person does something."""

    def journal_head(self, meter: str) -> tuple[int, str] | None:
        """The last entry's number, and the hash of the chain, hexadecimal; None if the meter is none of this gateway's."""

    def set_clock(self, at: int, by: str) -> Reply:
        """Set the gateway's clock. It does not go back behind what is journalled."""
