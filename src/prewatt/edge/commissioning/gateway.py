"""Setting up at one gateway as a whole: what the page and the command do is done here, and what is written is written here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from ..devices import open_drivers
from ..drivers.bus import BusDriverSettings
from ..drivers.interface import DriverError, MeterDriver
from ..meters.model import Model
from ..settings import EdgeSettings, SettingsError, load_settings
from ..texts import _
from . import rules
from .calling import Caller, unknown_callers, with_converter
from .finding import Adapter, adapters
from .live import LiveBus, live_buses
from .port_names import check_port, same_port
from .probing import load_models
from .scanning import Scanner
from .serial_devices import devices
from .server_list import ask_server, to_tell
from .survey import BusNote, FoundMeter, Survey, SurveyError, plain
from .switch_test import SwitchTest
from .taking_up import take_up
from .workbench import Workbench
from .writing import DRIVER, bus_settings, with_meters, write

SETTINGS = "edge.toml"


class SetUp:
    """Setting up at the gateway of a folder. `settings`: None before it is enrolled. `live`: the buses in service. `restart`
    has the agent start again; None if none runs here.
    """

    def __init__(
        self,
        folder: Path,
        settings: EdgeSettings | None,
        models: Mapping[str, Model],
        live: Mapping[str, LiveBus],
        clock: Callable[[], int],
        restart: Callable[[], None] | None = None,
        addresses: Sequence[int] = (),
    ) -> None:
        self.folder, self.settings, self._clock, self._restart = folder, settings, clock, restart
        self.bench = Workbench(folder, models, live, clock)
        self.scanner, self.switches = Scanner(self.bench, addresses), SwitchTest(self.bench)
        if settings is not None:
            with self.bench.changing() as survey:
                take_up(survey, settings, models)

    @property
    def survey(self) -> Survey:
        """Return what was found, and what was done with it."""
        return self.bench.survey

    @property
    def starts_anew(self) -> bool:
        """Return whether an agent runs here, which starts again once meters are put into service."""
        return self._restart is not None

    @property
    def _enrolled(self) -> EdgeSettings:
        if self.settings is None:
            raise SurveyError(rules.not_enrolled())
        return self.settings

    @property
    def _section(self) -> BusDriverSettings | None:
        return bus_settings(self.settings) if self.settings is not None else None

    def callers(self) -> list[Caller]:
        """Return the converters that have called here and that nobody knows."""
        return unknown_callers(self._section)

    def take_on(self, kind: str, caller: str) -> str:
        """Give a converter that has called a bus. Returns what was done. Raises SurveyError."""
        assert self.settings is not None
        with self.bench.working(_("the settings are being written")):
            written = with_converter(self.settings, self._section, kind, caller, self.folder)
            write(self.folder / SETTINGS, written)
            self.settings = written
        if self._restart is not None:
            self._restart()
        return _("The converter %(caller)s was added as a bus. Look for meters after it has called again.") % {
            "caller": caller
        }

    def buses(self) -> list[Adapter]:
        """Return all buses that there are: adapters, those in service, and those that a person has named."""
        live = [port for port in self.bench.live if port.startswith("/")]
        # An adapter in service is known by the name that `edge.toml` has.
        there = [each for each in adapters(devices()) if not any(same_port(each.path, port) for port in live)]
        known = {each.path for each in there}
        written = [bus.port for bus in self._section.buses.values()] if self._section is not None else []
        for port in (*self.bench.live, *written, *(note.port for note in self.survey.buses)):
            if port not in known:
                known.add(port)
                there.append(Adapter(port, ""))
        return there

    def port(self, typed: str) -> str:
        """Return the port that a person names. If it is known here under another name, return that name: else a bus in
        service would not be recognised. Raises SurveyError if it is no port.
        """
        try:
            port = check_port(typed)
        except ValueError as error:
            raise SurveyError(str(error)) from None
        # Those in service come first: two names of one adapter may both be known.
        known = [*self.bench.live, *(each.path for each in self.buses())]
        return next((each for each in known if same_port(each, port)), port)

    def add_bus(self, typed: str) -> None:
        """Add a bus that a person names. Raises SurveyError."""
        port = self.port(typed)
        with self.bench.changing() as survey:
            if all(note.port != port for note in survey.buses):
                survey.buses += (BusNote(port),)

    def ask_server(self) -> str:
        """Ask the server for its list, and tell it of meters at flats that have none. Returns what was done. Raises
        SurveyError.
        """
        settings, meters = self._enrolled, to_tell(self.survey)
        flats = ask_server(settings, meters, self._clock)
        with self.bench.changing() as survey:
            survey.flats, survey.listed_at = tuple(flats), self._clock()
            for meter in meters:
                survey.change(meter.id, told_at=self._clock())
            keys = {flat.key for flat in flats}
            for meter in [each for each in survey.meters if each.flat and each.flat not in keys]:
                survey.change(meter.id, flat="")
        if meters:
            return _("The server was told of %(count)d meters. The manager has to confirm them.") % {
                "count": len(meters)
            }
        return _("The server lists %(count)d flats and meters.") % {"count": len(flats)}

    def put_into_service(self) -> str:
        """Write the meters that are ready into `edge.toml`, and have the agent start again. Returns what was done. Raises
        SurveyError.
        """
        settings = self._enrolled
        with self.bench.working(_("the settings are being written")), self.bench.changing() as survey:
            if not (fresh := rules.fresh(survey)):
                raise SurveyError(rules.none_ready())
            self._write(settings, survey, rules.ready(survey))
        words = {"meters": ", ".join(meter.serial for meter in fresh)}
        if self._restart is None:
            return _("In service as soon as the agent is restarted: %(meters)s.") % words
        self._restart()
        return _("In service: %(meters)s.") % words

    def _write(self, settings: EdgeSettings, survey: Survey, meters: Sequence[FoundMeter]) -> None:
        written = with_meters(settings, survey, meters, self.folder, self._clock)
        write(self.folder / SETTINGS, written)
        self.settings = written
        take_up(survey, written, self.bench.models)

    def write_by_number(self) -> list[FoundMeter]:
        """Put each meter to the flat where the server lists its number, and write those into `edge.toml`. Returns them.
        Raises SurveyError.
        """
        settings = self._enrolled
        with self.bench.changing() as survey:
            rules.put_by_number(survey)
            names = {flat.key: flat for flat in survey.flats}
            fits = [
                meter
                for meter in survey.meters
                if meter.flat in names
                and names[meter.flat].name
                and not meter.in_service
                and plain(meter.serial) == plain(names[meter.flat].serial)
                and not rules.problems(survey, meter)
            ]
            if fits:
                self._write(settings, survey, fits)
        return fits


def models_of(folder: Path, settings: EdgeSettings | None) -> dict[str, Model]:
    """Return all models, those of the user's folder too."""
    section = bus_settings(settings) if settings is not None else None
    return load_models([section.models if section is not None else folder / "models"])


def alone(folder: Path, clock: Callable[[], int], addresses: Sequence[int] = ()) -> SetUp:
    """Return the `SetUp` of a folder where no agent runs. `addresses`: see `Scanner`. Raises SurveyError if the
    settings can't be read, or their meters can't be opened.
    """
    settings = None
    if (folder / SETTINGS).exists():
        try:
            settings = load_settings(folder / SETTINGS)
        except SettingsError as error:
            raise SurveyError(str(error)) from None
    models = models_of(folder, settings)
    live: dict[str, LiveBus] = {}
    section = bus_settings(settings) if settings is not None else None
    if settings is not None and section is not None:
        mine = tuple(meter for meter in settings.meters if meter.driver == DRIVER)
        try:
            live = live_buses(open_drivers(structs.replace(settings, meters=mine), clock), section, models)
        except (SettingsError, DriverError) as error:
            raise SurveyError(str(error)) from None
    return SetUp(folder, settings, models, live, clock, None, addresses)


def in_agent(
    folder: Path,
    settings: EdgeSettings,
    drivers: Mapping[str, MeterDriver],
    clock: Callable[[], int],
    restart: Callable[[], None] | None,
) -> SetUp:
    """Return the `SetUp` of a folder whose agent runs; the buses of its `drivers` are in service."""
    models = models_of(folder, settings)
    section = bus_settings(settings)
    live = live_buses(drivers, section, models) if section is not None else {}
    return SetUp(folder, settings, models, live, clock, restart)
