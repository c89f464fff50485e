"""How meters of DLMS/COSEM are looked for: at the addresses that they often have from the factory, as the public client; and
those that send by themselves, by listening.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from ...meters.dlms_model import DlmsModel
from ...meters.model import Model
from ...protocols.conversation import Conversation
from ...protocols.dlms.axdr import Data, obis_text
from ...protocols.dlms.pushed import Pushed
from ...protocols.dlms.search import PUBLIC_CLIENT, USUAL_ADDRESSES, probe
from ...protocols.errors import NoAnswer
from ..protocol import Framing, Sighting
from .links import link_to

LOGICAL = 1
"""The logical device of nearly all meters: the one that manages the others."""
ASKED, PUSHES = "dlms", "dlms-push"
"""The kinds of meters: those that are asked, and those that send by themselves."""
LISTENS_S = 12.0
"""Seconds that one listens for a meter that sends by itself: most do every 5 or 10."""


class DlmsSearch:
    """What the methods return is said in `conversations.protocol.Search`."""

    kinds = (ASKED, PUSHES)
    only_listens = frozenset((PUSHES,))

    def framings(self, kind: str) -> tuple[Framing, ...]:
        """Return the forms of a kind: what a meter sends by itself is read from a line."""
        return ("line", "tcp") if kind == ASKED else ("line",)

    def kind_of(self, model: Model) -> str:
        """Return whether meters of a model are asked or listened for."""
        assert isinstance(model, DlmsModel)
        return PUSHES if model.push is not None else ASKED

    def seek(
        self,
        kind: str,
        framing: Framing,
        addresses: Iterable[int],  # noqa: ARG002
        models: Iterable[Model],
    ) -> Conversation[list[Sighting]]:
        """Return the meters that let the public client in at one of the usual addresses, with their names and serial
        numbers; or the one that sends by itself, with the names of what it sends.
        """
        if kind == PUSHES:
            return (yield from _listen())
        known = [each for each in models if isinstance(each, DlmsModel) and each.push is None]
        forms = sorted({(model.address_bytes, model.logical) for model in known}, reverse=True)
        sightings = []
        for address in USUAL_ADDRESSES:
            for address_bytes, logical in forms if framing == "line" else forms[:1]:
                device = yield from probe(link_to(framing, PUBLIC_CLIENT, address, address_bytes, logical))
                if device is not None:
                    number = device.serial.decode("ascii", "replace").strip("\0 ")
                    name = device.name.decode("ascii", "replace")
                    sightings.append(Sighting(str(address), words=f"{name} {number}".strip()))
                    break
        return sightings

    def is_doubled(self, kind: str, framing: Framing, address: str) -> Conversation[bool | None]:
        """Return False, or None if none answers: a link with two meters at its end is never opened."""
        if kind == PUSHES:
            return False if (yield from _listen()) else None
        physical = int(address)
        lengths: tuple[Literal[1, 2, 4], ...] = (4, 2, 1) if framing == "line" else (4,)
        for address_bytes in lengths:
            try:
                link = link_to(framing, PUBLIC_CLIENT, physical, address_bytes, LOGICAL)
            except ValueError:
                # This address does not fit so few bytes.
                continue
            if (yield from probe(link)) is not None:
                return False
        return None

    def address_of(self, typed: str) -> str:
        """Return what was typed, without blanks."""
        return typed.strip()

    def is_for_all(self, address: str) -> bool:  # noqa: ARG002
        """Return False: a meter never answers to the address for all."""
        return False


def _listen() -> Conversation[list[Sighting]]:
    """Return the meter that sends by itself; such a line has one, whose address nobody needs."""
    try:
        values: Mapping[bytes, Data] = yield Pushed((), LISTENS_S)
    except NoAnswer:
        return []
    return [Sighting("1", words=", ".join(sorted(obis_text(name) for name in values)))]
