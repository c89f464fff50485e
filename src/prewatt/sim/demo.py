"""The demonstration: a building's month on an accelerated clock, with an outage of two days in the middle.

Broker, head-end, pages and agent are processes of their own, and talk over MQTT on the local machine. This process
directs them.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import override, to_language
from rich.console import Console

from ..clock import SharedClock
from ..processes.database import setup_django
from ..processes.serve import open_pages
from ..processes.supervisor import ChildFailedError
from ..server.core.server_config import ConfigError, Endpoint
from ..terminal_texts import _, spoken
from .story import DemoError, Options, plan

if TYPE_CHECKING:
    from .director import Director


def _open_port(wanted: int) -> socket.socket:
    """Open the wanted port, or another one if it is taken."""
    for port in (wanted, 0):
        try:
            return open_pages(Endpoint("127.0.0.1", port))
        except ConfigError:
            continue
    raise DemoError(_("no port is free on 127.0.0.1"))


def _empty_folder(home: Path) -> Path:
    try:
        home.mkdir(parents=True, exist_ok=True)
        taken = any(home.iterdir())
    except OSError as error:
        raise DemoError(
            _("--home: %(home)s can't be made or read (%(cause)s)", home=home, cause=error.strerror)
        ) from None
    if taken:
        raise DemoError(
            _(
                "--home: %(home)s is not empty. Name an empty folder for the demonstration",
                home=home,
            )
        )
    return home.resolve()


def _writable(path: Path) -> None:
    """Check that a file can be written, before the month is played and not after it."""
    try:
        with path.open("a"):
            pass
    except OSError as error:
        raise DemoError(_("--json: %(path)s can't be written (%(cause)s)", path=path, cause=error.strerror)) from None


def _director(options: Options, home: Path) -> Director:
    """Make this process the server's own, in `home`: only then can its models be imported."""
    story = plan(options)
    pages = _open_port(options.http_port)
    with _open_port(0) as free:
        mqtt = free.getsockname()[1]
    clock = SharedClock(home / "clock", story.begin)
    for name in [name for name in os.environ if name.startswith("PREWATT_")]:
        del os.environ[name]
    os.environ |= {
        "PREWATT_HOME": str(home),
        "PREWATT_HTTP": f"127.0.0.1:{pages.getsockname()[1]}",
        "PREWATT_MQTT": f"127.0.0.1:{mqtt}",
        "PREWATT_SHARED_CLOCK": str(home / "clock"),
    }
    setup_django()
    directing: Any = import_module(".director", __package__)
    director: Director = directing.Director(options, story, home, clock, pages)
    return director


def run(options: Options, headless: bool, json_path: Path | None) -> int:
    """Run the command `prewatt demo`. Returns 0 if every unit is accounted for, 1 if not or if the run
    fails on its way, 2 if it can't begin, 130 after Ctrl-C.
    """
    console = Console(stderr=True)
    out = Console()
    home = options.home or Path(tempfile.mkdtemp(prefix="prewatt-demo-"))
    director = None
    try:
        if json_path:
            _writable(json_path)
        director = _director(options, _empty_folder(home))
        # Loaded here, because it imports the models.
        playing: Any = import_module(".playing", __package__)
        with override(to_language(spoken()) if spoken() else None):
            status: int = playing.play(director, console, out, headless, json_path)
        return status
    except (DemoError, ChildFailedError) as error:
        console.print(f"prewatt demo: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1 if director else 2
    except KeyboardInterrupt:
        console.print(f"\n{_('Stopped.')}")
        return 130
    finally:
        if director:
            director.close()
        if options.home is None:
            shutil.rmtree(home, ignore_errors=True)
