"""Looking for meters: a bus is probed, and each meter that answers is asked by all models that it may be.

A bus whose meters are in service is not probed: only its own meters are asked, each by its address, in turn with the agent.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from functools import partial
from typing import Any, NamedTuple

from msgspec import structs

from ..buses.bus import Bus
from ..buses.ports import PortFailed
from ..buses.turns import Urgency, urgent
from ..conversations import find_protocol
from ..conversations.protocol import Conversations, Framing, Sighting
from ..meters.model import Model
from ..protocols.errors import ProtocolError
from ..texts import _
from .live import LiveBus
from .probing import BEHIND, Probe, answers_for_all, is_doubled, kinds, plan, seek, still
from .survey import BusNote, FoundMeter, SurveyError
from .trying import Look, agrees, candidates, look, open_conversations, ranked
from .workbench import Workbench, again, in_words

log = logging.getLogger("prewatt.edge")


class _Search(NamedTuple):
    """What is looked for; the fields are explained at `Scanner.scan`."""

    lines: tuple[str, ...]
    more: dict[str, Any]
    thorough: bool


class Scanner:
    """Looks for meters. `addresses`: those that are tried where a protocol cannot ask all at once; none: the usual ones."""

    def __init__(self, bench: Workbench, addresses: Sequence[int] = ()) -> None:
        self._bench, self._addresses = bench, addresses

    def scan(
        self,
        ports: Sequence[str],
        lines: Sequence[str] = (),
        more: Mapping[str, Any] | None = None,
        thorough: bool = False,
    ) -> None:
        """Look for meters on buses, on all at the same time. `lines`: settings of the line that a person knows. `more`:
        passwords and the like. `thorough`: go on with other settings where meters were found. Raises SurveyError if another
        work is being done.
        """
        with self._bench.working(_("meters are being looked for")), ThreadPoolExecutor(max(len(ports), 1)) as pool:
            search = _Search(tuple(lines), dict(more or {}), thorough)
            for done in [pool.submit(copy_context().run, self._bus, port, search) for port in ports]:
                done.result()

    def start(self, ports: Sequence[str], thorough: bool = False) -> None:
        """Look for meters, in a thread of its own. Raises SurveyError if another work is being done."""
        if self._bench.doing:
            raise SurveyError(_("Please wait: %(what)s.") % {"what": self._bench.doing})
        self._bench.doing = _("meters are being looked for")
        # What is said of it is in the language of who began it.
        scan = partial(copy_context().run, self._scan_and_tell, ports, thorough)
        threading.Thread(target=scan, name="scan", daemon=True).start()

    def _scan_and_tell(self, ports: Sequence[str], thorough: bool) -> None:
        try:
            self.scan(ports, thorough=thorough)
        except SurveyError as error:
            log.warning("%s", error)

    def _bus(self, port: str, search: _Search) -> None:
        """Look for the meters of one bus, and note what is to be said of it."""
        live = self._bench.live.get(port)
        with urgent(Urgency.PERSON):
            words = self._ask_own(live) if live else self._probe(port, search)
        with self._bench.changing() as survey:
            notes = [note for note in survey.buses if note.port != port]
            survey.buses = (*notes, BusNote(port, words, self._bench.clock()))

    def _ask_own(self, live: LiveBus) -> str:
        """Ask the meters of a bus in service. Returns what is to be said of the bus."""
        for name, meter in live.meters.items():
            place = meter.place
            try:
                model = self._bench.models[place.model]
                seen = again(partial(_run_look, live, name, place.model, model, meter.conversations))
            except ProtocolError as error:
                seen = Look(place.model, refusal=in_words(error))
            looks = (seen,) if not seen.refusal else ()
            with self._bench.changing() as survey:
                survey.take(
                    structs.replace(place, looks=looks, is_silent=bool(seen.refusal), seen_at=self._bench.clock())
                )
        return _("This bus is in service: only its own meters were asked.")

    def _probe(self, port: str, search: _Search) -> str:
        """Look for meters on a bus that is not in service. Returns what is to be said of it."""
        lines_by_meter: dict[tuple[str, str], str] = {}
        words = ""
        left = plan(self._bench.models.values(), port.startswith("/"), search.lines)
        while left:
            probe, *left = left
            self._bench.doing = _("looking on %(port)s for meters of %(kind)s, %(line)s") % {
                "port": port,
                "kind": probe.kind,
                "line": probe.line,
            }
            try:
                self._seek(port, probe, search, lines_by_meter)
            except PortFailed as error:
                return str(error)
            except ProtocolError as error:
                words = str(error)
            if not search.thorough:
                left = still(left, set(lines_by_meter.values()))
        with self._bench.changing() as survey:
            here = [meter for meter in survey.meters if meter.port == port]
            for meter in here:
                if (meter.protocol, meter.address) not in lines_by_meter:
                    survey.change(meter.id, is_silent=True)
        return words if words or lines_by_meter else _("Nothing answers on this bus.")

    def _seek(self, port: str, probe: Probe, search: _Search, lines_by_meter: dict[tuple[str, str], str]) -> None:
        """Make one probe. `lines_by_meter`: the line at which each (protocol, address) answered first; a meter that answers at
        several lines is asked at the first. Raises ProtocolError or PortFailed.
        """
        with self._bench.opened(port, probe.line, probe.protocol) as bus:
            for sighting in bus.run(f"{probe}", seek(probe, self._addresses, self._bench.models.values())):
                if lines_by_meter.setdefault((probe.protocol, sighting.address), probe.line) == probe.line:
                    self._take(bus, port, probe, sighting, search.more)

    def _take(self, bus: Bus, port: str, probe: Probe, sighting: Sighting, more: Mapping[str, Any]) -> FoundMeter:
        """Ask a meter that has answered, and note it. Returns it."""
        before = next(
            (each for each in self._bench.survey.meters if each.place == (port, probe.protocol, sighting.address)), None
        )
        given = {**more, **(before.more if before else {})}
        looks: tuple[Look, ...] = ()
        is_ambiguous = False
        if not sighting.is_doubled and not answers_for_all(probe.protocol, sighting.address):
            looks, is_ambiguous = self._looks(bus, probe.kind, probe.framing, sighting.address, given)
        meter = FoundMeter(
            0,
            port,
            probe.line,
            probe.framing,
            probe.protocol,
            probe.kind,
            sighting.address,
            sighting.is_doubled,
            sighting.words,
            is_ambiguous,
            looks,
            more=given,
            seen_at=self._bench.clock(),
        )
        with self._bench.changing() as survey:
            return survey.take(meter)

    def _looks(
        self, bus: Bus, kind: str, framing: Framing, address: str, more: Mapping[str, Any]
    ) -> tuple[tuple[Look, ...], bool]:
        """Ask a meter by all models that it may be. Returns what it says by each, the likeliest first, and whether they
        show different registers.
        """
        looks = [
            self._look(bus, name, framing, address, more, f"{kind} {address} {name}")
            for name in candidates(self._bench.models, kind)
        ]
        readable = [each for each in looks if not each.refusal]
        is_ambiguous = False
        if len({each.register for each in readable}) > 1:
            first = readable[0].model
            after = self._look(bus, first, framing, address, more, f"{kind} {address} {first}")
            step = max(self._bench.models[each.model].energy_step for each in readable)
            is_ambiguous = not agrees(readable, after, step)
        return tuple(ranked(looks)), is_ambiguous

    def _look(
        self, bus: Bus, name: str, framing: Framing, address: str, more: Mapping[str, Any], as_meter: str
    ) -> Look:
        model = self._bench.models[name]
        try:
            meter = open_conversations(model, address, framing, more, self._bench.clock)
            return again(lambda: bus.run(as_meter, look(name, model, meter)))
        except (ProtocolError, ValueError) as error:
            return Look(name, refusal=in_words(error))

    def ask(self, port: str, line: str, kind: str, address: str, more: Mapping[str, Any]) -> FoundMeter:
        """Ask the one address that a person typed. This may be done on a bus in service, with that bus's own settings.
        Raises SurveyError if nothing answers.
        """
        if kind not in kinds():
            raise SurveyError(_("%(kind)s is not a known kind of meter. Choose one from the list.") % {"kind": kind})
        live = self._bench.live.get(port)
        if live is not None:
            probe = Probe(live.line, live.framing, kind)
        else:
            probe = Probe(line if port.startswith("/") else BEHIND["line"], "line", kind)
        with self._bench.working(_("a meter is being asked")), ExitStack() as stack:
            try:
                opened = self._bench.opened(port, probe.line, probe.protocol)
                bus = live.bus if live else stack.enter_context(opened)
                return self._asked(bus, port, probe, address.strip(), more)
            except (ProtocolError, ValueError) as error:
                raise SurveyError(in_words(error)) from None

    def _asked(self, bus: Bus, port: str, probe: Probe, address: str, more: Mapping[str, Any]) -> FoundMeter:
        """Ask an address as it was typed, and note the meter that answers. Raises SurveyError if none does, and for the
        address of all: on a bus in service all of them would answer at the same time. Raises ProtocolError.
        """
        typed = find_protocol(probe.protocol).search.address_of(address)
        if answers_for_all(probe.protocol, typed):
            raise SurveyError(
                _("%(address)s means all meters at once. Type the address of one meter.") % {"address": address}
            )
        try:
            twice = bus.run(f"{probe.kind} {typed}", is_doubled(probe, typed))
        except ProtocolError:
            raise
        except (ValueError, OverflowError):
            raise SurveyError(
                _("%(address)s is not an address of a meter of this kind. Type it as printed on the meter.")
                % {"address": address}
            ) from None
        if twice is None:
            raise SurveyError(_("Nothing answers at address %(address)s on this bus.") % {"address": address})
        return self._take(bus, port, probe, Sighting(typed, twice), more)

    def set_more(self, number: int, more: Mapping[str, str]) -> None:
        """Take up settings such as a password, and ask the meter again by all its models. Raises SurveyError."""
        meter = self._bench.survey.changeable(number)
        if meter.port in self._bench.live and meter.in_service:
            raise SurveyError(_("This meter is in service. Its settings are in edge.toml."))
        known = find_protocol(meter.protocol).access.__struct_fields__
        given = {name: value for name, value in {**meter.more, **more}.items() if value != "" and name in known}
        with self._bench.working(_("a meter is being asked")), ExitStack() as stack:
            live = self._bench.live.get(meter.port)
            try:
                bus = (
                    live.bus
                    if live
                    else stack.enter_context(self._bench.opened(meter.port, meter.line, meter.protocol))
                )
                looks, is_ambiguous = self._looks(bus, meter.kind, meter.framing, meter.address, given)
            except ProtocolError as error:
                raise SurveyError(in_words(error)) from None
        with self._bench.changing() as survey:
            survey.change(number, more=given, looks=looks, is_ambiguous=is_ambiguous, compared=None, test="")


def _run_look(live: LiveBus, name: str, model_name: str, model: Model, meter: Conversations) -> Look:
    return live.bus.run(name, look(model_name, model, meter))
