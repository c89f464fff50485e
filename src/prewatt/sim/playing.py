"""Plays the demonstration from its beginning to its end, and prints what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..kernel.calendar import local, zone
from ..kernel.units import DAY
from ..server.core import local_forms
from ..terminal_texts import _, ngettext
from .audit import table
from .director import PIN, Director
from .naming import named_table


def _welcome(demo: Director) -> Panel:
    manager, tenants = demo.logins[0][0], [name for name, _, _ in demo.logins[1:]]
    begin, end = (local(at, zone(demo.options.zone)) for at in demo.story.outage)
    some = f"{tenants[0]}[/] … [bold]{tenants[-1]}" if len(tenants) > 1 else tenants[0]
    days = (demo.story.end - demo.story.begin) / DAY
    begins, ends = (local_forms.moment(each.replace(tzinfo=None), "D j M, H:i") for each in (begin, end))
    lines = [
        f"[bold]{demo.address}[/]",
        "",
        _("Manager: %(login)s", login=f"[bold]{manager}[/]"),
        _("Tenants: %(logins)s", logins=f"[bold]{some}[/]"),
        _("Password of all of them: %(password)s", password=f"[bold]{demo.logins[0][1]}[/]"),
        "",
        _("The gateway's own page: %(address)s, PIN %(pin)s", address=f"[bold]{demo.site}[/]", pin=f"[bold]{PIN}[/]"),
        "",
        _("Homes: %(homes)s. Days: %(days)s.", homes=len(tenants), days=f"{days:.0f}"),
        _("No network from %(begins)s to %(ends)s.", begins=begins, ends=ends),
    ]
    return Panel(
        "\n".join(lines), title=_("prewatt: the demonstration building runs"), title_align="left", expand=False
    )


def _waited(demo: Director) -> str:
    """Return the sentence that says for whom money came only after the outage."""
    if not demo.waited:
        return _("No home waited for its credit.")
    return ngettext(
        "%(number)s home waited, and got its credit %(seconds)s s after the end of the outage.",
        "%(number)s homes waited, and got their credit %(seconds)s s after the end of the outage.",
        demo.waited,
        seconds=local_forms.number(f"{demo.catch_up:.1f}"),
    )


def _print_named(demo: Director, sentences: Sequence[str], out: Console) -> None:
    """Print which pages name the faults, and `sentences` of what else they have told."""
    named = demo.named()
    out.print(named_table(demo.options.faults, named))
    # Of what stands in the table nothing is said again.
    more = [each for each in sentences if not any(row.words.startswith(each.split(": ", 1)[1]) for row in named)]
    if more:
        out.print("\n".join([_("What else the pages say about the meters:"), *more]), markup=False)


def _stay(demo: Director, out: Console) -> None:
    """Keep the pages up until somebody has seen enough."""
    out.print(_("The pages stay at %(address)s until you press Ctrl-C.", address=demo.address))
    try:
        demo.stay()
    except KeyboardInterrupt:
        out.print(f"\n{_('The demonstration has ended.')}")


def play(demo: Director, console: Console, out: Console, headless: bool, json_path: Path | None) -> int:
    """Play the whole month, and print on `out` what came of it. `console`: for progress. `headless`: end after the month;
    otherwise the pages stay up until Ctrl-C, if nothing failed. `json_path`: the file for the account. Returns 0 if
    every unit is accounted for, else 1.
    """
    began = time.monotonic()
    with console.status(_("setting the building up")):
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
    cuts, back = (sum(len(getattr(each, name)) for each in account.meters) for name in ("cut_offs", "restorations"))
    out.print(
        _(
            "Payments: %(paid)s. Times cut off: %(cuts)s, restored: %(back)s.",
            paid=len(account.top_ups),
            cuts=cuts,
            back=back,
        ),
        _("Codes that were typed in the outage: %(count)s.", count=demo.typed),
        _waited(demo),
        _("The demonstration took %(seconds)s s.", seconds=f"{time.monotonic() - began:.0f}"),
    )
    if demo.options.faults:
        _print_named(demo, account.sentences, out)
    if account.failures:
        out.print("\n".join(account.failures), style="bold red", markup=False)
        return 1
    out.print(
        _("Every unit is accounted for: no difference, each payment applied once, nobody cut off with credit."),
        style="bold green",
    )
    if not headless:
        _stay(demo, out)
    return 0
