"""This is the command `prewatt edge run`: the agent's process, its ways in, and its exit codes."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import folder
from ..kernel.recovery import JournalDamaged
from ..wire.link import Call
from ..wire.signing import VerifyKey
from .agent_thread import AgentThread
from .commissioning import SURVEY
from .copies import serve_copies
from .drivers.interface import DriverError
from .journal_file import is_damage
from .loading import MENDED_BY
from .page import serve_page
from .service_manager import ServiceManager
from .serving import Part
from .settings import EdgeSettings, SettingsError, load_settings, page_address
from .shell import Shell
from .site_service import SiteService
from .texts import use
from .wsgi import Start

if TYPE_CHECKING:
    from .commissioning.gateway import SetUp

log = logging.getLogger("prewatt.edge")

AGAIN = 75
"""The status with which the agent ends to be started again, by itself or by the service manager."""
ANSWERED_AFTER = 0.5
"""Seconds after which the page has answered the form by which the agent is started again."""


def run(path: Path) -> int:
    """Run the agent until a signal tells it to stop. Returns what `serve` returns."""

    def stop_at_signals(shell: Shell) -> None:
        signal.signal(signal.SIGTERM, lambda *_: shell.stop())
        signal.signal(signal.SIGINT, lambda *_: shell.stop())

    # A loop that stands still is killed by the service manager: the log then shows where it stood.
    faulthandler.enable(sys.__stderr__ or sys.stderr)
    status = serve(path, stop_at_signals, ServiceManager(), can_restart=True)
    if status == AGAIN and not os.environ.get("NOTIFY_SOCKET"):
        # Nobody starts it again: the same process loads its program again.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
    return status


def serve(
    path: Path,
    started: Callable[[Shell], object],
    manager: ServiceManager | None = None,
    can_restart: bool = False,
) -> int:
    """Run the agent of the settings at `path` in this thread until it is told to stop. `started` gets its shell before the
    first meter is read; `manager` hears that its loop turns. Returns 0 when told to stop, 1 if the journal cannot be
    written, 2 for a wrong setting, 3 for a damaged journal; if it `can_restart`, `AGAIN` once meters were set up. Nothing of
    it is left in the process then.
    """
    try:
        folder.use(path.parent)
        if path.exists():
            _keep_private(path.parent)
        settings = load_settings(path)
        use(settings.language)
        shell = Shell(settings, manager)
    except JournalDamaged as error:
        return _damaged(error)
    except (SettingsError, DriverError, BlockingIOError, ValueError) as error:
        print(f"prewatt edge: {error}", file=sys.stderr)
        return 2
    except sqlite3.Error as error:
        return _unwritable(settings, error)
    started(shell)
    restart = Restart(shell)
    setup = SettingUp(path.parent.absolute(), shell, settings, restart if can_restart else None)
    if setup.has_open_switch():
        threading.Thread(target=setup.close_switches, name="tests", daemon=True).start()
    doors = _open_doors(setup, shell, settings)
    try:
        shell.run()
    except JournalDamaged as error:
        return _damaged(error)
    except sqlite3.DatabaseError as error:
        # The rules in memory are ahead of the journal now: only a new start from the journal is right.
        return _damaged(f"{settings.journal}: {error}") if is_damage(error) else _unwritable(settings, error)
    finally:
        # The same process may open them again (`hosting`).
        doors.close()
        setup.end()
        shell.close()
    return AGAIN if restart.is_asked else 0


def _keep_private(path: Path) -> None:
    """Close the gateway's folder to others. If it can't be, that is said, and the agent runs: the lights come first."""
    try:
        folder.keep_private(path)
    except folder.OpenFolderError as error:
        log.error("%s", error)
    except OSError:
        # Without a folder there are no settings either, which is said in its own words.
        return


def _open_doors(setup: SettingUp, shell: Shell, settings: EdgeSettings) -> ExitStack:
    """Open the ways in: for copies, the page, Bluetooth. One that can't be opened is logged. Returns what closes them."""
    doors = ExitStack()
    for open_door in (_open_copies, partial(_open_page, setup), _open_bluetooth):
        try:
            doors.callback(open_door(shell, settings))
        except (OSError, ValueError) as error:
            # Who stands before a closed door still has the lights on: the meters come first.
            log.error("%s", error)
    return doors


class SettingUp:
    """Setting meters up beside the running agent. It is loaded when somebody opens its page: it knows all protocols, and
    the agent needs only those of its meters.
    """

    def __init__(self, folder: Path, shell: Shell, settings: EdgeSettings, restart: Restart | None) -> None:
        self._folder, self._shell, self._settings, self._restart = folder, shell, settings, restart
        self._loading = threading.Lock()
        self._page: Part | None = None
        self._setup: SetUp | None = None

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer as the page of setting up."""
        return self._loaded()(environ, start)

    def has_open_switch(self) -> bool:
        """Return whether a switch was open for a test when the gateway stopped."""
        file = self._folder / SURVEY
        return file.exists() and b'"test":"off"' in file.read_bytes()

    def close_switches(self) -> None:
        """Close the switches that were open for a test."""
        self._loaded()

    def end(self) -> None:
        """End with the agent: its buses are closed. The next start closes switches that are still open for a test."""
        with self._loading:
            if self._setup is not None:
                self._setup.switches.end()

    def _loaded(self) -> Part:
        with self._loading:
            if self._page is None:
                # An optional part: most gateways are never set up again, and have no memory to spend on it.
                from .commissioning.gateway import in_agent
                from .commissioning.page import SetUpPage

                shell, settings = self._shell, self._settings
                restart = self._restart.ask if self._restart else None
                setup = in_agent(self._folder, settings, shell.drivers, lambda: shell.moment().now, restart)
                threading.Thread(target=setup.switches.close_after_tests, name="tests", daemon=True).start()
                self._setup = setup
                self._page = SetUpPage(
                    setup, settings.property or settings.gateway, language=settings.language, names=settings.page_names
                )
            return self._page


class Restart:
    """The wish for a new start of the agent, whose settings have changed. Switches stay as they are meanwhile."""

    def __init__(self, shell: Shell) -> None:
        self._shell, self.is_asked = shell, False

    def ask(self) -> None:
        """Have the agent end its present work, to start again, once the page has answered. Other threads may call this."""
        self.is_asked = True
        later = threading.Timer(ANSWERED_AFTER, lambda: self._shell.inbox.put(Call(self._shell.stop)))
        later.daemon = True
        later.start()


def _open_copies(shell: Shell, settings: EdgeSettings) -> Callable[[], None]:
    """Begin to copy the journal on request. Returns what ends it. Raises OSError if the socket cannot be opened."""
    return serve_copies(shell.journal, Path(settings.journal))


def _site(shell: Shell, settings: EdgeSettings) -> SiteService:
    return SiteService(shell, AgentThread(shell.inbox), {meter.name: meter.unit for meter in settings.meters})


def _open_page(setup: SettingUp, shell: Shell, settings: EdgeSettings) -> Callable[[], None]:
    """Begin to serve the page, if the settings name one. Returns what ends it. Raises OSError if its port is taken."""
    if not settings.page:
        return _nothing
    return serve_page(_site(shell, settings), settings, page_address(settings.page), setup).close


def _nothing() -> None:
    """End what was not begun."""


def _open_bluetooth(shell: Shell, settings: EdgeSettings) -> Callable[[], None]:
    """Begin to serve Bluetooth, if the settings name an adapter. It ends with the process. Raises ValueError or OSError if
    the adapter cannot be used.
    """
    if settings.bluetooth:
        # An optional part: a gateway without an adapter needs neither the library nor its memory.
        try:
            from .bluetooth import serve_bluetooth
        except ModuleNotFoundError as error:
            raise ValueError(
                f"bluetooth: this part needs prewatt[bluetooth] ({error}): pip install 'prewatt[bluetooth]'"
            ) from None
        server = VerifyKey(bytes.fromhex(settings.server_key))
        serve_bluetooth(_site(shell, settings), settings, shell.key, server)
    return _nothing


def _damaged(error: Exception | str) -> int:
    print(
        f"prewatt edge: the journal is damaged. {error}. Nothing was changed, and meters stay as they are. To mend it, "
        f"{MENDED_BY}.",
        file=sys.stderr,
    )
    return 3


def _unwritable(settings: EdgeSettings, error: sqlite3.Error) -> int:
    print(
        f"prewatt edge: {settings.journal}: can't be written ({error}). Meters stay as they are; see to the disk and start "
        "again.",
        file=sys.stderr,
    )
    return 1
