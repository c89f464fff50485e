"""This is the command `prewatt edge host`: the agents of many gateways in one process, beside the server.

For buildings without a gateway, whose meters call by a SIM card. Each gateway has a folder of its own, with the files that
enrolment wrote, and a thread of its own; what happens to one of them does not touch the others. They share the address at
which converters call (`edge.buses.listening`). A gateway whose settings change starts again with them by itself, and one that
is added is started.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ..wire.link import Call
from . import lines
from .drivers.bus import BusDriverSettings, check_meters
from .process import AGAIN, serve
from .service_manager import ServiceManager
from .settings import EdgeSettings, SettingsError, load_settings
from .shell import Shell

log = logging.getLogger("prewatt.edge")

MOST = 50
"""Gateways in one process: each has some ten files and connections open, and a process may have a thousand."""
AGAIN_AFTER = 30.0
"""Seconds until a gateway is started again whose journal could not be written."""
LOOK_EVERY = 1.0
"""Seconds between looks for settings that have changed."""
UNWRITABLE = 1
"""The status of `process.serve` after which a new start may help."""
_State = tuple[int, int, int] | None


def now() -> int:
    """Return the machine's instant (µs)."""
    return time.time_ns() // 1000


class Hosted:
    """One gateway of the process. `path`: its settings. `ended`: called when it runs no more."""

    def __init__(self, path: Path, ended: Callable[[], object]) -> None:
        self.path, self.name = path, path.parent.name
        self.gateway = ""
        self.status = 0
        self._ended = ended
        self._stopping, self._again = threading.Event(), threading.Event()
        self._shell: Shell | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread()
        self._started_with: _State = None

    @property
    def runs(self) -> bool:
        """Return whether it runs, or is to be started again."""
        return self._thread.is_alive()

    @property
    def is_changed(self) -> bool:
        """Return whether its settings have changed since it was started."""
        return _state(self.path) not in (None, self._started_with)

    def start(self) -> None:
        """Start its agent."""
        self._started_with = _state(self.path)
        self._thread = threading.Thread(target=self._run, name=self.name)
        self._thread.start()

    def start_anew(self) -> None:
        """Have its agent end, and start with its settings of now."""
        if self.runs:
            self._again.set()
            self._stop_shell()
        else:
            self.start()

    def stop(self) -> None:
        """Tell its agent to stop."""
        self._stopping.set()
        self._stop_shell()

    def _stop_shell(self) -> None:
        with self._lock:
            if self._shell is not None:
                self._shell.stop()
                # It may wait for its next event.
                self._shell.inbox.put(Call(lambda: None))

    def join(self) -> None:
        """Wait until its agent has stopped."""
        self._thread.join()

    def _started(self, shell: Shell) -> None:
        with self._lock:
            self._shell = shell
        if self._stopping.is_set() or self._again.is_set():
            self._stop_shell()

    def _free_buses(self) -> None:
        """Close the buses of the agent that has ended: the next one opens them."""
        with self._lock:
            shell, self._shell = self._shell, None
        if shell is not None:
            lines.close(shell.drivers.values())

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._again.clear()
            self._started_with = _state(self.path)
            try:
                self.status = serve(self.path, self._started, can_restart=True)
            except Exception:
                log.exception("gateway %s: a fault of the program", self.name)
                self.status = UNWRITABLE
            self._free_buses()
            if self.status == AGAIN or (self.status == 0 and self._again.is_set()):
                log.info("gateway %s starts anew: its settings have changed", self.name)
                continue
            if self.status != UNWRITABLE:
                break
            log.error("gateway %s is started again in %.0f s", self.name, AGAIN_AFTER)
            self._stopping.wait(AGAIN_AFTER)
        if not self._stopping.is_set():
            log.error(
                "gateway %s has ended with status %d. It starts again when its edge.toml is mended",
                self.name,
                self.status,
            )
        self._ended()


class Hosting:
    """All gateways of the process, whose folders lie in `folder`. Raises ValueError if there are none, or too many."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.changed = folder, threading.Event()
        self.gateways = [Hosted(path, self.changed.set) for path in _settings_in(folder)]
        for gateway in self.gateways:
            gateway.gateway = load_settings(gateway.path).gateway
        # What was refused already, so that it is told once.
        self._refused = {path: _state(path) for path in self._paths() if path not in self._known()}

    def start(self) -> None:
        """Start all."""
        for gateway in self.gateways:
            gateway.start()

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*/edge.toml"))

    def _known(self) -> dict[Path, Hosted]:
        return {each.path: each for each in self.gateways}

    def look(self) -> None:
        """Start gateways again whose settings have changed, and start those that were added or mended."""
        known = self._known()
        for path in self._paths():
            hosted = known.get(path)
            state = _state(path)
            if (hosted and not hosted.is_changed) or state in (None, self._refused.get(path)):
                continue
            try:
                settings = self._checked(path)
            except ValueError as error:
                self._refused[path] = state
                log.error("%s. %s", error, "It goes on as it was" if hosted and hosted.runs else "It does not run")
                continue
            self._refused.pop(path, None)
            if hosted is None:
                hosted = Hosted(path, self.changed.set)
                self.gateways.append(hosted)
            hosted.gateway = settings.gateway
            hosted.start_anew()

    def _checked(self, path: Path) -> EdgeSettings:
        """Return the settings that a gateway has now. Raises ValueError if it can't run with them."""
        settings = load_settings(path)
        others = [each for each in self.gateways if each.path != path]
        if same := [each for each in others if each.gateway == settings.gateway]:
            raise ValueError(
                f"{path.parent} is gateway {settings.gateway}, as {same[0].path.parent} is. Move the copy away"
            )
        if len(others) >= MOST:
            raise ValueError(f"{path.parent}: {MOST} gateways run here already. Put this one into another folder")
        section = settings.drivers.get("bus")
        if isinstance(section, BusDriverSettings):
            try:
                check_meters(section, [each.name for each in settings.meters if each.driver == "bus"], now)
            except ValueError as error:
                raise ValueError(f"{path}: drivers.bus: {error}") from None
        return settings

    def stop(self) -> None:
        """Stop all, and wait for it."""
        for gateway in self.gateways:
            gateway.stop()
        for gateway in self.gateways:
            gateway.join()


def host(folder: Path) -> int:
    """Run the agents of all gateways whose folders lie in `folder`, until a signal says to stop. Returns 0 when told to
    stop; 2 if there is nothing to run; the highest status of all if they all have ended.
    """
    try:
        hosting = Hosting(folder)
    except ValueError as error:
        print(f"prewatt edge: {error}", file=sys.stderr)
        return 2
    stopping = threading.Event()

    def stop(*_: object) -> None:
        stopping.set()
        hosting.changed.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    hosting.start()
    log.info("%d gateways run here: %s", len(hosting.gateways), ", ".join(each.name for each in hosting.gateways))
    _wait(hosting, stopping)
    hosting.stop()
    return 0 if stopping.is_set() else max(gateway.status for gateway in hosting.gateways)


def _wait(hosting: Hosting, stopping: threading.Event) -> None:
    """Wait until this process is told to stop, or no gateway runs any more. The service manager watches the process, not
    each gateway: one that stands still must not end the others.
    """
    manager = ServiceManager()
    while not stopping.is_set() and any(each.runs for each in hosting.gateways):
        manager.turned(lambda: f"{sum(each.runs for each in hosting.gateways)} gateways run")
        # One that has just said that it ends is seen to have ended a moment later.
        hosting.changed.wait(LOOK_EVERY)
        hosting.changed.clear()
        if not stopping.is_set():
            hosting.look()
    manager.ending()


def _state(path: Path) -> _State:
    """Return what differs once a file was written again; None if it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _settings_in(folder: Path) -> list[Path]:
    """Return the settings of the gateways to run. Two of one name are both left out: a copy of a folder would act in
    its gateway's name. Raises ValueError if there are none, or too many.
    """
    paths = sorted(folder.glob("*/edge.toml"))
    names: dict[str, list[Path]] = {}
    for path in paths:
        try:
            names.setdefault(load_settings(path).gateway, []).append(path)
        except SettingsError as error:
            log.error("%s. Its gateway does not run; the others do", error)
    for name, same in names.items():
        if len(same) > 1:
            folders = " and ".join(str(path.parent) for path in same)
            log.error("%s are both gateway %s: neither runs. Move the one that is a copy away", folders, name)
    alone = [same[0] for same in names.values() if len(same) == 1]
    if not alone:
        raise ValueError(f"{folder}: it contains no folder of a gateway with an edge.toml that can be used")
    if len(alone) > MOST:
        raise ValueError(
            f"{folder}: {len(alone)} gateways are too many for one process: put at most {MOST} in a folder"
        )
    return alone
