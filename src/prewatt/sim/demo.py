"""The demonstration: a building's month on an accelerated clock, with an outage of two days in the middle.

Broker, head-end, pages and agent are processes of their own, and talk over MQTT on the local machine. This process
directs them.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..clock import SharedClock
from ..kernel.calendar import local, zone
from ..kernel.units import DAY
from ..processes.database import setup_django
from ..processes.serve import open_pages
from ..processes.supervisor import ChildFailedError
from ..server.core.config import ConfigError, Endpoint
from .story import DemoError, Options, plan
from .wiring import FAULTS

if TYPE_CHECKING:
    from .director import Director


def _open_port(wanted: int) -> socket.socket:
    """Open the wanted port, or another one if it is taken."""
    for port in (wanted, 0):
        try:
            return open_pages(Endpoint("127.0.0.1", port))
        except ConfigError:
            continue
    raise DemoError("no port is free on 127.0.0.1")


def _empty_folder(home: Path) -> Path:
    try:
        home.mkdir(parents=True, exist_ok=True)
        taken = any(home.iterdir())
    except OSError as error:
        raise DemoError(f"--home: {home} can't be made or read ({error.strerror})") from None
    if taken:
        raise DemoError(f"--home: {home} is not empty: a demonstration begins anew, give it a folder of its own")
    return home.resolve()


def _writable(path: Path) -> None:
    """Check that a file can be written, before the month is played and not after it."""
    try:
        with path.open("a"):
            pass
    except OSError as error:
        raise DemoError(f"--json: {path} can't be written ({error.strerror})") from None


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
    from .director import Director

    return Director(options, story, home, clock, pages)


def _welcome(demo: Director) -> Panel:
    manager, tenants = demo.logins[0][0], [name for name, _, _ in demo.logins[1:]]
    from .director import PIN

    begin, end = (local(at, zone(demo.options.where)) for at in demo.story.outage)
    some = f"{tenants[0]}[/] … [bold]{tenants[-1]}" if len(tenants) > 1 else tenants[0]
    days = (demo.story.end - demo.story.begin) / DAY
    text = (
        f"[bold]{demo.address}[/]\n\n"
        f"manager   [bold]{manager}[/]\n"
        f"tenants   [bold]{some}[/]\n"
        f"password  [bold]{demo.logins[0][1]}[/] for all of them\n\n"
        f"[bold]{demo.site}[/] is the gateway's own page, PIN [bold]{PIN}[/]\n\n"
        f"{len(tenants)} homes, {days:.0f} days; no network from {begin:%a %d %b %H:%M} to {end:%a %d %b %H:%M}"
    )
    return Panel(text, title="prewatt: a building runs", title_align="left", expand=False)


def run(options: Options, headless: bool, json_path: Path | None) -> int:
    """Run the command `prewatt demo`. Returns 0 if every unit is accounted for, 1 if not, 2 if the demonstration can't
    run.
    """
    console = Console(stderr=True)
    out = Console()
    home = options.home or Path(tempfile.mkdtemp(prefix="prewatt-demo-"))
    director = None
    try:
        if json_path:
            _writable(json_path)
        director = _director(options, _empty_folder(home))
        return _play(director, console, out, headless, json_path)
    except (DemoError, ChildFailedError) as error:
        console.print(f"prewatt demo: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1 if director else 2
    except KeyboardInterrupt:
        console.print("\nStopped.")
        return 130
    finally:
        if director:
            director.close()
        if options.home is None:
            shutil.rmtree(home, ignore_errors=True)


def _play(demo: Director, console: Console, out: Console, headless: bool, json_path: Path | None) -> int:
    from .audit import table

    began = time.monotonic()
    with console.status("setting the building up"):
        demo.set_up()
    if not headless:
        out.print(_welcome(demo))
    columns = (
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=headless) as progress:
        demo.run(progress)
    account, document = demo.finish()
    if json_path:
        json_path.write_text(json.dumps(document, indent=1) + "\n")
    result = table(account, demo.story.tariff.currency)
    # A narrow terminal may fold the lines, but no figure is cut.
    Console(width=max(out.width, Console(width=1000).measure(result).maximum)).print(result)
    waiting = "1 home" if demo.waited == 1 else f"{demo.waited} homes"
    cuts, back = (sum(len(getattr(each, name)) for each in account.meters) for name in ("cut_offs", "restorations"))
    out.print(
        f"{len(account.top_ups)} payments, {cuts} times cut off, {back} times restored. In the outage {demo.typed} codes "
        f"were typed; {waiting} waited, and had their credit {demo.catch_up:.1f} s after its end. "
        f"The whole took {time.monotonic() - began:.0f} s."
    )
    if demo.options.faults:
        out.print(
            "Faults that were switched on: " + "; ".join(FAULTS[each].words for each in demo.options.faults) + "."
        )
        out.print("\n".join(["What the pages say of the meters:", *account.told]), markup=False)
    if account.failures:
        out.print("\n".join(account.failures), style="bold red", markup=False)
        return 1
    out.print(
        "Every unit is accounted for: no difference, each payment applied once, nobody cut off with credit.",
        style="bold green",
    )
    if not headless:
        out.print(f"The pages stay up at {demo.address} until Ctrl-C.")
        try:
            demo.stay()
        except KeyboardInterrupt:
            out.print("\nGood night.")
    return 0
