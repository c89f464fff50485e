"""What is asked of a bus to find the meters on it: a plan of probes, and what each probe asks. It owns no port.

The plan is made from the files of the models: each names the settings of the serial line that such meters have from the
factory. A bus whose meters are in service is never probed (`scanning`): other baud rates and questions to all would
disturb them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..conversations import find_protocol, known_protocols
from ..conversations.protocol import Framing, Sighting
from ..meters.model import Model, find_model_file, model_names, protocol_of, read_model
from ..protocols.conversation import Conversation

BEHIND: dict[Framing, str] = {"line": "2400 8E1", "tcp": "9600 8N1"}
"""Nobody knows how fast the line behind a converter is: it is given the time of a slow one."""
MOST_LINES = 4
"""The most settings of a serial line that are tried for a kind."""


class Probe(NamedTuple):
    """One kind of meter, looked for with one setting of the line."""

    line: str
    framing: Framing
    kind: str

    @property
    def protocol(self) -> str:
        """Return the protocol of the kind."""
        return self.kind.split("-")[0]


def load_models(folders: Iterable[Path] = ()) -> dict[str, Model]:
    """Return all models by name. A file of the user that cannot be read, or whose protocol is unknown, is left out; the agent
    says what is wrong with it.
    """
    folders = list(folders)
    models: dict[str, Model] = {}
    for name in model_names(folders):
        with suppress(ValueError):
            path = find_model_file(name, folders)
            models[name] = read_model(path, find_protocol(protocol_of(path)).model)
    return models


def name_of(model: Model) -> str:
    """Return the name of a model's protocol."""
    return str(model.__struct_config__.tag)


def kind_of(model: Model) -> str:
    """Return which kind of probe finds a model."""
    return find_protocol(name_of(model)).search.kind_of(model)


def kinds() -> list[str]:
    """Return what is looked for, in this order: a meter that speaks two protocols or editions is found by the first."""
    return [kind for protocol in known_protocols().values() for kind in protocol.search.kinds]


def answers_for_all(protocol: str, address: str) -> bool:
    """Return whether a meter answers only to the address that means all."""
    return find_protocol(protocol).search.is_for_all(address)


def plan(models: Iterable[Model], is_serial: bool, only: Sequence[str] = ()) -> list[Probe]:
    """Return the probes of a bus in their order: quick ones before slow ones, and first the settings of the line by
    which most models would be found. `only`: settings of the line that a person knows, in place of the models'.
    """
    if not is_serial:
        return _behind_network()
    if only:
        return [Probe(line, "line", kind) for kind in kinds() for line in only]
    weights: dict[str, Counter[str]] = {kind: Counter() for kind in kinds()}
    for model in [each for each in models if kind_of(each) in weights]:
        for place, line in enumerate(model.serial_line.lines[:MOST_LINES]):
            weights[kind_of(model)][line] += MOST_LINES - place
    return [Probe(line, "line", kind) for kind in weights for line, _ in weights[kind].most_common(MOST_LINES)]


def _behind_network() -> list[Probe]:
    """Return the probes of a bus over TCP: as on a line, then in the protocols' own forms, where they have one."""
    searches = [protocol.search for protocol in known_protocols().values()]
    return [
        Probe(line, framing, kind)
        for framing, line in BEHIND.items()
        for search in searches
        for kind in search.kinds
        if framing in search.framings(kind)
    ]


def still(probes: Iterable[Probe], lines: Collection[str]) -> list[Probe]:
    """Return the probes that are left to do on a bus where meters answered with `lines`: all meters of a bus are set alike,
    and none sends by itself among others that are asked.
    """
    if not lines:
        return list(probes)
    asking = [probe for probe in probes if probe.kind not in find_protocol(probe.protocol).search.only_listens]
    return [probe for probe in asking if probe.line in lines]


def seek(probe: Probe, addresses: Iterable[int] = (), models: Iterable[Model] = ()) -> Conversation[list[Sighting]]:
    """Return what answers to a probe. `addresses`: those to try; none: the usual ones. Raises WrongAnswer if a line is too
    disturbed to tell.
    """
    return find_protocol(probe.protocol).search.seek(probe.kind, probe.framing, addresses, models)


def is_doubled(probe: Probe, address: str) -> Conversation[bool | None]:
    """Return whether several meters answer at one address; None if none does."""
    return find_protocol(probe.protocol).search.is_doubled(probe.kind, probe.framing, address)
