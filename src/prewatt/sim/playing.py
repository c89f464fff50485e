"""Plays the demonstration from its beginning to its end, and prints what came of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..kernel.calendar import local, zone
from ..kernel.units import DAY
from .audit import table
from .director import PIN, Director
from .naming import named_table


def _welcome(demo: Director) -> Panel:
    manager, tenants = demo.logins[0][0], [name for name, _, _ in demo.logins[1:]]
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


def play(demo: Director, console: Console, out: Console, headless: bool, json_path: Path | None) -> int:
    """Play the whole month, and print on `out` what came of it. `console`: for progress. `headless`: end after the month;
    otherwise the pages stay up until Ctrl-C. `json_path`: the file for the account. Returns 0 if every unit is accounted
    for, else 1.
    """
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
    homes = "1 home" if demo.waited == 1 else f"{demo.waited} homes"
    waited = (
        f"{homes} waited, and had their credit {demo.catch_up:.1f} s after its end" if demo.waited else "no home waited"
    )
    cuts, back = (sum(len(getattr(each, name)) for each in account.meters) for name in ("cut_offs", "restorations"))
    out.print(
        f"{len(account.top_ups)} payments, {cuts} times cut off, {back} times restored. In the outage {demo.typed} codes "
        f"were typed; {waited}. "
        f"The whole took {time.monotonic() - began:.0f} s."
    )
    if demo.options.faults:
        named = demo.named()
        out.print(named_table(demo.options.faults, named))
        # Of what stands in the table nothing is said again.
        more = [each for each in account.told if not any(row.words.startswith(each.split(": ", 1)[1]) for row in named)]
        if more:
            out.print("\n".join(["What else the pages say of the meters:", *more]), markup=False)
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
