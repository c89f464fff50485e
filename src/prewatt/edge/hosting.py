"""This is the command `prewatt edge host`: the agents of many gateways in one process, beside the server.

For buildings without a gateway, whose meters call by a SIM card. Each gateway has a folder of its own, with the files that
enrolment wrote, and a thread of its own; what happens to one of them does not touch the others. They share the address at
which converters call (`edge.buses.listening`).
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from ..wire.link import Call
from .process import serve
from .service_manager import ServiceManager
from .settings import SettingsError, load_settings
from .shell import Shell

log = logging.getLogger("prewatt.edge")

MOST = 50
"""Gateways in one process: each has some ten files and connections open, and a process may have a thousand."""
AGAIN_AFTER = 30.0
"""Seconds until a gateway is started again whose journal could not be written."""
UNWRITABLE = 1
"""The status of `process.serve` after which a new start may help."""


class Hosted:
    """One gateway of the process. `path`: its settings. `ended`: called when it runs no more."""

    def __init__(self, path: Path, ended: Callable[[], object]) -> None:
        self.name = path.parent.name
        self.status = 0
        self._path, self._ended = path, ended
        self._stopping = threading.Event()
        self._shell: Shell | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=self.name)

    @property
    def runs(self) -> bool:
        """Return whether it runs, or is to be started again."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start its agent."""
        self._thread.start()

    def stop(self) -> None:
        """Tell its agent to stop."""
        self._stopping.set()
        with self._lock:
            if self._shell is not None:
                self._shell.stop()
                # It may wait for its next event.
                self._shell.inbox.put(Call(lambda: None))

    def join(self) -> None:
        """Wait until its agent has stopped."""
        self._thread.join()

    def _started(self, shell: Shell | None) -> None:
        with self._lock:
            self._shell = shell
        if self._stopping.is_set():
            self.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.status = serve(self._path, self._started)
            except Exception:
                log.exception("gateway %s: a fault of the program", self.name)
                self.status = UNWRITABLE
            self._started(None)
            if self.status != UNWRITABLE:
                break
            log.error("gateway %s is started again in %.0f s", self.name, AGAIN_AFTER)
            self._stopping.wait(AGAIN_AFTER)
        if not self._stopping.is_set():
            log.error("gateway %s has ended with status %d: mend it, then start all again", self.name, self.status)
        self._ended()


def host(folder: Path) -> int:
    """Run the agents of all gateways whose folders lie in `folder`, until a signal says to stop. Returns 0 when told to
    stop; 2 if there is nothing to run; the highest status of all if they all have ended.
    """
    try:
        paths = _settings_in(folder)
    except ValueError as error:
        print(f"prewatt edge: {error}", file=sys.stderr)
        return 2
    changed, told = threading.Event(), threading.Event()
    gateways = [Hosted(path, changed.set) for path in paths]

    def stop(*_: object) -> None:
        told.set()
        changed.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for gateway in gateways:
        gateway.start()
    log.info("%d gateways run here: %s", len(gateways), ", ".join(each.name for each in gateways))
    _wait(gateways, changed, told)
    for gateway in gateways:
        gateway.stop()
    for gateway in gateways:
        gateway.join()
    return 0 if told.is_set() else max(gateway.status for gateway in gateways)


def _wait(gateways: Sequence[Hosted], changed: threading.Event, told: threading.Event) -> None:
    """Wait until this process is told to stop, or no gateway runs any more. The service manager watches the process, not
    each gateway: one that stands still must not end the others.
    """
    manager = ServiceManager()
    while not told.is_set() and any(each.runs for each in gateways):
        manager.turned(lambda: f"{sum(each.runs for each in gateways)} gateways run")
        # One that has just said that it ends is seen to have ended a moment later.
        changed.wait(1.0)
        changed.clear()
    manager.ending()


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
            where = " and ".join(str(path.parent) for path in same)
            log.error("%s are both gateway %s: neither runs. Move the one that is a copy away", where, name)
    alone = [same[0] for same in names.values() if len(same) == 1]
    if not alone:
        raise ValueError(f"{folder}: there is no folder of a gateway in it, with an edge.toml that can be used")
    if len(alone) > MOST:
        raise ValueError(
            f"{folder}: {len(alone)} gateways are too many for one process: put at most {MOST} in a folder"
        )
    return alone
