"""How meters of Modbus are looked for: each address is asked for a register of either kind. A refusal, too, says that
somebody is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ...meters.model import Model
from ...protocols.conversation import Conversation
from ...protocols.listening import is_doubled
from ...protocols.modbus import ReadRegisters
from ...protocols.modbus_frames import Function, Rtu, Tcp
from ..protocol import Framing, Sighting

UNITS = range(1, 33)
"""The addresses that are tried, if a person names no others."""
COUNT = 2


class ModbusSearch:
    """What the methods return is said in `conversations.protocol.Search`."""

    kinds = ("modbus",)
    only_listens: frozenset[str] = frozenset()

    def framings(self, kind: str) -> tuple[Framing, ...]:  # noqa: ARG002
        """Return the forms of its messages."""
        return ("line", "tcp")

    def kind_of(self, model: Model) -> str:  # noqa: ARG002
        """Return `modbus`: there is one kind."""
        return self.kinds[0]

    def seek(
        self,
        kind: str,  # noqa: ARG002
        framing: Framing,
        addresses: Iterable[int],
        models: Iterable[Model],  # noqa: ARG002
    ) -> Conversation[list[Sighting]]:
        """Return the units that answer or refuse when they are asked for an input register, then for a holding
        register.
        """
        sightings = []
        for unit in list(addresses) or UNITS:
            for function in (Function.READ_INPUT_REGISTERS, Function.READ_HOLDING_REGISTERS):
                twice = yield from self._ask(framing, unit, function)
                if twice is not None:
                    sightings.append(Sighting(str(unit), twice))
                    break
        return sightings

    def is_doubled(self, kind: str, framing: Framing, address: str) -> Conversation[bool | None]:  # noqa: ARG002
        """Return whether several units answer at one address; None if none does."""
        return self._ask(framing, int(address), Function.READ_HOLDING_REGISTERS)

    def _ask(self, framing: Framing, unit: int, function: Function) -> Conversation[bool | None]:
        packing = Tcp() if framing == "tcp" else Rtu()
        return is_doubled(partial(ReadRegisters, packing, unit, function, 0, COUNT))

    def address_of(self, typed: str) -> str:
        """Return what was typed, without blanks."""
        return typed.strip()

    def is_for_all(self, address: str) -> bool:  # noqa: ARG002
        """Return False: a unit never answers to the address for all."""
        return False
