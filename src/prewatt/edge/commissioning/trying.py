"""A meter that answers somewhere is asked by each model that may be its own: what it says by one of them shows whether the
model is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ...kernel.quantities import Quantity
from ..conversations import find_protocol
from ..conversations.protocol import Access, Conversations, Framing, OnBus
from ..meters.model import Model
from ..protocols.conversation import Conversation
from ..protocols.errors import NoAnswer, ProtocolError
from .probing import kind_of, name_of

VOLTAGES = (Quantity("voltage-l1"), Quantity("voltage-l2"), Quantity("voltage-l3"))
MAINS = (80_000, 280_000)
"""The voltages of a phase that are believed, mV."""


class Look(Struct, frozen=True):
    """What a meter says by the file of a model. Wh, mV, W; None: it does not say. `closed`: how its switch stands.
    `can_switch`: the model names a switch. `own_prepaid`: a prepaid mode of its own is on, by which it may open its switch.
    `values`: how many of its phases' voltages, power, switch and number it gave. `refusal`: why it can't be read by this
    model; empty: it can.
    """

    model: str
    serial: str = ""
    register: int | None = None
    voltage: int | None = None
    power: int | None = None
    closed: bool | None = None
    can_switch: bool = False
    own_prepaid: bool = False
    values: int = 0
    refusal: str = ""


def candidates(models: Mapping[str, Model], kind: str) -> list[str]:
    """Return the names of the models of meters that a probe of this kind may have found. Relay modules are none."""
    return [name for name, model in models.items() if kind_of(model) == kind and model.is_looked_for]


def access_of(protocol: str, address: str, more: Mapping[str, Any]) -> Access:
    """Return a meter's access; of `more` its protocol's settings count. Raises ValueError, which says what is wrong."""
    kind = find_protocol(protocol).access
    known = {name: value for name, value in more.items() if name in kind.__struct_fields__ and value != ""}
    access: Access = msgspec.convert({**known, "address": address}, kind, strict=False)
    return access


def open_conversations(
    model: Model, address: str, framing: Framing, more: Mapping[str, Any], clock: Callable[[], int]
) -> Conversations:
    """Return the conversations with a meter. Raises ValueError if they are impossible, as where a password is missing."""
    protocol = name_of(model)
    return find_protocol(protocol).open(model, access_of(protocol, address, more), OnBus(framing, clock))


def look(name: str, model: Model, meter: Conversations) -> Conversation[Look]:
    """Ask a meter by a model, and return what it says. Raises NoAnswer if it does not answer at all."""
    try:
        identity = yield from meter.identify()
        register = yield from meter.read_register()
        power = yield from meter.read_power()
        quantities = yield from meter.read_quantities()
        closed = (yield from meter.read_switch()) if model.can_switch else None
        own_prepaid = yield from _own_prepaid(meter)
    except NoAnswer:
        raise
    except ProtocolError as error:
        yield from _rest(meter)
        return Look(name, refusal=str(error))
    yield from _rest(meter)
    voltages = [quantities[each] for each in VOLTAGES if each in quantities]
    refusal = "" if not voltages or any(MAINS[0] <= each <= MAINS[1] for each in voltages) else _no_mains(voltages)
    return Look(
        name,
        identity.serial,
        register,
        max(voltages, default=None),
        power.active if power else None,
        closed,
        model.can_switch,
        own_prepaid,
        len(voltages) + (power is not None) + (closed is not None) + bool(identity.serial),
        refusal if closed is not False else "",
    )


def _no_mains(voltages: Iterable[int]) -> str:
    return f"by this model it has {', '.join(f'{each / 1000:.1f} V' for each in voltages)}, which no mains have"


def _own_prepaid(meter: Conversations) -> Conversation[bool]:
    """Return whether a prepaid mode of the meter's own is seen to be on."""
    try:
        return bool((yield from meter.read_own_prepaid()))
    except ProtocolError:
        return False


def _rest(meter: Conversations) -> Conversation[None]:
    try:
        yield from meter.rest()
    except ProtocolError:
        return


def ranked(looks: Iterable[Look]) -> list[Look]:
    """Return the looks at one meter: those by which it can be read, the fullest and plainest first, and then the others."""
    return sorted(looks, key=lambda each: (bool(each.refusal), -each.values, len(each.model), each.model))


def agrees(looks: Iterable[Look], after: Look, step: int) -> bool:
    """Return whether all models by which a meter can be read show the same register: then any of them bills right. The
    meter counts on while it is asked, so `after` is what the first model reads once more, after all others. `step`: the
    coarsest register's, Wh.
    """
    registers = [each.register for each in looks if not each.refusal]
    if None in registers or after.register is None:
        return len(set(registers)) == 1
    known = [register for register in registers if register is not None]
    low, high = sorted((known[0], after.register))
    return all(low - step < register < high + step for register in known)
