"""This is the command `prewatt edge run`: the agent's process, its ways in, and its exit codes."""

from __future__ import annotations

import faulthandler
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from .. import folder
from ..kernel.recovery import JournalDamaged
from ..wire.signing import VerifyKey
from .agent_thread import AgentThread
from .copies import serve_copies
from .drivers.interface import DriverError
from .journal_file import is_damage
from .loading import MENDED_BY
from .page import serve_page
from .service_manager import ServiceManager
from .settings import EdgeSettings, SettingsError, load_settings, page_address
from .shell import Shell
from .site_service import SiteService

log = logging.getLogger("prewatt.edge")


def run(path: Path) -> int:
    """Run the agent until a signal tells it to stop. Returns what `serve` returns."""

    def stop_at_signals(shell: Shell) -> None:
        signal.signal(signal.SIGTERM, lambda *_: shell.stop())
        signal.signal(signal.SIGINT, lambda *_: shell.stop())

    # A loop that stands still is killed by the service manager: the log then shows where it stood.
    faulthandler.enable(sys.__stderr__ or sys.stderr)
    return serve(path, stop_at_signals, ServiceManager())


def serve(path: Path, started: Callable[[Shell], object], manager: ServiceManager | None = None) -> int:
    """Run the agent of the settings at `path` in this thread until it is told to stop. `started` gets its shell before the
    first meter is read; `manager` hears that its loop turns. Returns 0 when told to stop, 1 if the journal cannot be
    written, 2 for a wrong setting, 3 for a damaged journal.
    """
    try:
        folder.use(path.parent)
        settings = load_settings(path)
        shell = Shell(settings, manager)
    except JournalDamaged as error:
        return _damaged(error)
    except (SettingsError, DriverError, BlockingIOError, ValueError) as error:
        print(f"prewatt edge: {error}", file=sys.stderr)
        return 2
    except sqlite3.Error as error:
        return _unwritable(settings, error)
    started(shell)
    for open_door in (_open_copies, _open_page, _open_bluetooth):
        try:
            open_door(shell, settings)
        except (OSError, ValueError) as error:
            # Who stands before a closed door still has the lights on: the meters come first.
            log.error("%s", error)
    try:
        shell.run()
    except JournalDamaged as error:
        return _damaged(error)
    except sqlite3.DatabaseError as error:
        # The rules in memory are ahead of the journal now: only a new start from the journal is right.
        return _damaged(f"{settings.journal}: {error}") if is_damage(error) else _unwritable(settings, error)
    finally:
        shell.close()
    return 0


def _open_copies(shell: Shell, settings: EdgeSettings) -> None:
    """Begin to copy the journal on request. Raises OSError if the socket cannot be opened."""
    serve_copies(shell.journal, Path(settings.journal))


def _site(shell: Shell, settings: EdgeSettings) -> SiteService:
    return SiteService(shell, AgentThread(shell.inbox), {meter.name: meter.unit for meter in settings.meters})


def _open_page(shell: Shell, settings: EdgeSettings) -> None:
    """Begin to serve the page, if the settings name one. Raises OSError if its port is taken."""
    if settings.page:
        serve_page(_site(shell, settings), settings, page_address(settings.page))


def _open_bluetooth(shell: Shell, settings: EdgeSettings) -> None:
    """Begin to serve Bluetooth, if the settings name an adapter. Raises ValueError or OSError if the adapter cannot be
    used.
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
