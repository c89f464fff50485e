"""How meters of DL/T 645 are looked for: all are asked at once, the edition of 2007 before that of 1997."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ...meters.dlt645_model import Dlt645Model
from ...meters.model import Model
from ...protocols.conversation import Conversation
from ...protocols.dlt645.codes import Edition
from ...protocols.dlt645.exchanges import Read
from ...protocols.dlt645.frame import ADDRESS, WILD
from ...protocols.dlt645.search import ENERGY, search
from ...protocols.listening import is_doubled
from ..protocol import Framing, Sighting

KINDS = {f"dlt645-{edition.value}": edition for edition in (Edition.OF_2007, Edition.OF_1997)}
"""The editions by their kind; a meter that speaks both is found by the first."""


class Dlt645Search:
    """What the methods return is said in `conversations.protocol.Search`."""

    kinds = tuple(KINDS)
    only_listens: frozenset[str] = frozenset()

    def framings(self, kind: str) -> tuple[Framing, ...]:  # noqa: ARG002
        """Return the forms of its messages."""
        return ("line",)

    def kind_of(self, model: Model) -> str:
        """Return the kind by the model's edition of the standard."""
        assert isinstance(model, Dlt645Model)
        return next(kind for kind, edition in KINDS.items() if edition == model.edition)

    def seek(
        self,
        kind: str,
        framing: Framing,
        addresses: Iterable[int],  # noqa: ARG002
        models: Iterable[Model],  # noqa: ARG002
    ) -> Conversation[list[Sighting]]:
        """Return the meters that answer to the address for all, narrowed down until each is known by its own address."""
        meters = yield from search(KINDS[kind])
        sightings = [Sighting(address, is_doubled=True) for address in sorted(meters.doubled)]
        for address in sorted(meters.addresses - meters.doubled):
            twice = False
            if not self.is_for_all(address):
                twice = bool((yield from self.is_doubled(kind, framing, address)))
            sightings.append(Sighting(address, twice))
        return sightings

    def is_doubled(self, kind: str, framing: Framing, address: str) -> Conversation[bool | None]:  # noqa: ARG002
        """Return whether several meters answer at one address; None if none does."""
        edition = KINDS[kind]
        return is_doubled(partial(Read, address, ENERGY[edition], edition))

    def address_of(self, typed: str) -> str:
        """Return an address of 12 digits, with zeros in front."""
        return typed.strip().zfill(2 * ADDRESS)

    def is_for_all(self, address: str) -> bool:
        """Return whether the meter answers with the address for all itself."""
        return address == WILD
