"""What a protocol declares, and the operations that it has for each meter."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from ...kernel.quantities import Quantity
from ..drivers.interface import Identity, Power
from ..meters.model import Model
from ..protocols.conversation import Conversation

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
    def read_rates(self) -> Conversation[Mapping[int, int]]:
        """Return the energies by rate (Wh), by the rate's number; without those that the meter does not give."""
        ...

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


@dataclass(frozen=True)
class OnBus:
    """What the conversations of all meters of one bus have in common. `clock`: returns the instant (µs). `shared`: what
    several meters use, such as a relay module; each protocol keeps there what it likes, by keys of its own.
    """

    framing: Framing
    clock: Callable[[], int]
    shared: dict[Hashable, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AnswerTimes:
    """The seconds that a device may take until the first byte of its answer, on a line and through a converter. While
    meters are looked for, most questions are to nobody, and one waits less.
    """

    line_s: float = 0.6
    converter_s: float = 2.0
    seeking_line_s: float = 0.6
    seeking_converter_s: float = 1.0

    def at(self, port: str) -> float:
        """Return the time of a device in service at a port."""
        return self.converter_s if "://" in port else self.line_s

    def seeking(self, port: str) -> float:
        """Return the time while meters are looked for."""
        return self.seeking_converter_s if "://" in port else self.seeking_line_s


class Sighting(NamedTuple):
    """An address at which something answers. `is_doubled`: several meters seem to answer there. `words`: what it says of
    itself.
    """

    address: str
    is_doubled: bool = False
    words: str = ""


class Search(Protocol):
    """How the meters of a protocol are looked for on a bus where nobody knows them."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return what is looked for one after the other: the protocol's name, or that and an edition (`dlt645-2007`)."""
        ...

    @property
    def only_listens(self) -> frozenset[str]:
        """Return the kinds of meters that send by themselves: one listens for them where nothing answers."""
        ...

    def framings(self, kind: str) -> tuple[Framing, ...]:
        """Return the forms that messages of a kind have behind a converter."""
        ...

    def kind_of(self, model: Model) -> str:
        """Return the kind by which meters of a model are found."""
        ...

    def seek(
        self, kind: str, framing: Framing, addresses: Iterable[int], models: Iterable[Model]
    ) -> Conversation[list[Sighting]]:
        """Return what answers. `addresses`: those that a person names, where a protocol cannot ask all at once; none: the
        usual ones. `models`: all that there are. Raises WrongAnswer if a line is too disturbed to tell.
        """
        ...

    def is_doubled(self, kind: str, framing: Framing, address: str) -> Conversation[bool | None]:
        """Return whether several meters answer at one address; None if none does."""
        ...

    def address_of(self, typed: str) -> str:
        """Return an address as it is written everywhere, from what a person types."""
        ...

    def is_for_all(self, address: str) -> bool:
        """Return whether a meter that answers with this address answers only to the address for all."""
        ...


M = TypeVar("M", bound=Model)
A = TypeVar("A", bound=Access)


@dataclass(frozen=True)
class MeterProtocol(Generic[M, A]):
    """A protocol of meters.

    `model`: the schema of its models' files. `access`: the type of its access settings. `open(model, access, bus)`: returns
    the conversations with one meter; it raises ValueError if the settings are impossible. `rank`: its place in the order in
    which protocols are tried where nobody knows what hangs there; a meter that speaks two is found by the first.
    """

    model: type[M]
    access: type[A]
    open: Callable[[M, A, OnBus], Conversations]
    search: Search
    answers: AnswerTimes
    rank: int
