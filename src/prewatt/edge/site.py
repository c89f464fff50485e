"""This interface is what people on site see and use of the gateway, on each way in: its own page, Bluetooth, a keypad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..kernel.orders import Action
from ..kernel.switching import SwitchProgress
from ..kernel.why_dark import Why
from ..wire.messages import LiveMeter
from ..wire.on_site import SignedRevocations, SiteMeter
from .effects import Reply
from .lines import LineView


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list of last entries: the instant, what happened, the money (nano) that it moved, the balance
    after it.
    """

    at: int
    text: str
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class View:
    """The state of a meter, as its tenant sees it. Instants are in µs, money in nano, energy in Wh.

    `unit`: the flat's name. `at`: the gateway's time. `closed`: whether the switch is closed, None if that is unknown.
    `why`: whether the supply is on, why it is not, and what to do (`kernel.why_dark`). `low`: whether the credit is low.
    `price`: micro per kWh now; `ahead`: when a kWh gets cheaper or dearer next. `seen`: the meter as it was read just
    now, None if it was not asked; if it answered, `balance` follows from that. `read_at`, `register`: those of the last
    reading. `emergency`: the emergency credit that can be taken, if `emergency_open`. `online`: whether the server is
    reached. `lines`: the last entries. `tonight`: what the off hours allow now. `switching`: how far the last order to
    the switch is, None if nobody has seen it since the gateway's start. `asked`, `unanswered`: how many questions the
    meter was asked since the gateway was started, and how many it did not answer. `days_left`: for about how many days the
    balance lasts, None if that is not known or credit does not end.
    """

    meter: str
    unit: str
    currency: str
    zone: str
    at: int
    balance: int
    closed: bool | None
    why: Why
    low: bool
    price: int
    seen: LiveMeter | None
    read_at: int
    register: int | None
    emergency: int
    emergency_open: bool
    online: bool
    lines: tuple[Line, ...]
    tonight: str = ""
    ahead: str = ""
    switching: SwitchProgress | None = None
    asked: int = 0
    unanswered: int = 0
    days_left: int | None = None


class Site(Protocol):
    """The gateway, for people in the building. A call returns when its work is done: the entry is in the journal, the
    switch has its order, and it was seen to move, or has not been for seconds. Each call raises TimeoutError if the agent
    does not do it in time.
    """

    gateway: str

    def now(self) -> int:
        """Return the instant (µs) that the gateway takes for the present."""

    def overview(self) -> tuple[bool, int, tuple[SiteMeter, ...]]:
        """Return whether the server is reached, the instant (µs), and the meters."""

    def is_night(self) -> bool:
        """Return whether it is night in the building: a page is dark then."""

    def troubles(self) -> tuple[str, ...]:
        """Return sentences that everybody in the building must read: the disk is full, a meter cannot be served."""

    def lines(self) -> Sequence[LineView]:
        """Return the state of each line of meters; empty if there are none."""

    def view(self, meter: str) -> View | None:
        """Return the state of a meter for its tenant; None if this gateway has no such meter."""

    def current(self, meter: str) -> View | None:
        """Return what `view` returns, without the last entries, for a page that stays open."""

    def pin_is(self, meter: str, pin: str) -> bool:
        """Return whether `pin` is the PIN of the meter's flat."""

    def known_mark(self, meter: str) -> str:
        """Return the mark that a browser gets when the flat's present PIN is typed there; empty without a PIN."""

    def submit_code(self, meter: str, digits: str, way: str) -> Reply:
        """Use a code that was typed, and return the answer. `way` is the way in: page, open page, keypad, bluetooth."""

    def act(self, meter: str, action: Action, by: str, grant: str = "", reason: str = "") -> Reply:
        """Give an order to a meter in the name of `by`, and return the answer. `grant`: the id of the grant that allows
        it; empty for the tenant.
        """

    def revoked(self, grant: str) -> tuple[bool, int]:
        """Return whether a staff grant is revoked, and when the present list of revoked grants was signed (µs; 0: there
        is none). The present time can't be earlier.
        """

    def take_revocations(self, signed: SignedRevocations) -> None:
        """Take up a list of revoked grants that a phone brings, if it is newer than the one that is here and the disk
        is not full. Raises OnSiteError if the server did not sign it for this property.
        """

    def journal_head(self, meter: str) -> tuple[int, str] | None:
        """Return the number of the last entry, and the hash of the chain in hexadecimal; None if this gateway has no
        such meter.
        """

    def set_clock(self, at: int, by: str) -> Reply:
        """Set the gateway's clock to `at` (µs), and return the answer. It never goes back behind a journal's last
        entry.
        """
