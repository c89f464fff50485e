"""What a file of a protocol declares, and the operations that it has for each meter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from msgspec import Struct

from ...kernel.quantities import Quantity
from ..drivers.interface import Identity, Power
from ..meters.model import Model
from ..protocols.exchange import Conversation

Framing = Literal["line", "tcp"]
"""How a protocol packs its messages on a bus: as on a serial line (also through a converter that passes bytes on), or in
its own form for TCP (Modbus TCP, the wrapper of DLMS).
"""


class Conversations(Protocol):
    """The conversations with one meter, in its protocol. Each has the meaning of the method of the same name in
    `drivers.interface.MeterDriver`, and raises `Unsupported` for what the meter cannot do.
    """

    def identify(self) -> Conversation[Identity]: ...
    def read_register(self) -> Conversation[int]: ...
    def read_switch(self) -> Conversation[bool | None]: ...
    def read_power(self) -> Conversation[Power | None]: ...
    def read_quantities(self) -> Conversation[Mapping[Quantity, int]]: ...
    def read_tampered(self) -> Conversation[bool]: ...
    def set_switch(self, closed: bool) -> Conversation[None]: ...
    def read_clock(self) -> Conversation[int]: ...
    def set_clock(self, at: int) -> Conversation[None]: ...
    def read_own_prepaid(self) -> Conversation[str | None]: ...
    def read_allowance(self) -> Conversation[int | None]: ...
    def set_allowance(self, energy: int | None) -> Conversation[None]: ...
    def rest(self) -> Conversation[None]:
        """Leave the meter in order: close a link that is held open from one conversation to the next."""
        ...


class Access(Struct, frozen=True, forbid_unknown_fields=True):
    """What differs from meter to meter of one model: its address on the bus, passwords, keys. Each protocol has its own
    fields; `address` they all have, as it is printed on the meter or set at it. A field that ends in `_model` names the
    file of another model, such as a relay module's.
    """

    address: str

    def __repr__(self) -> str:
        """Passwords and keys do not get into logs."""
        return f"{type(self).__name__}({self.address!r})"


M = TypeVar("M", bound=Model)
A = TypeVar("A", bound=Access)


@dataclass(frozen=True)
class MeterProtocol(Generic[M, A]):
    """A protocol of meters.

    `model`: the schema of its models' files. `access`: the type of its access settings. `open(model, access, framing,
    clock)`: returns the conversations with one meter; `clock` returns the instant (µs). It raises ValueError if the
    settings are impossible.
    """

    model: type[M]
    access: type[A]
    open: Callable[[M, A, Framing, Callable[[], int]], Conversations]
