"""The commands `prewatt edge install` and `prewatt edge rollback`: the gateway's machine and its releases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ..edge.machine.installing import Machine, described_service, present_release, steps, unit_manager
from ..edge.machine.releases import roll_back
from ..edge.machine.unit import JOURNAL_BOUND, unit_text
from ..terminal_texts import _
from .command import CommandError

FOLDER = Path("/var/lib/prewatt")
StateOption = Annotated[Path, typer.Option(help="Folder of the gateway's key, settings and journal.")]


def install(
    folder: StateOption = FOLDER,
    release: Annotated[
        Path | None,
        typer.Option(
            help="Virtual environment of the release of prewatt to use from now on.",
            show_default="the one that runs this command",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the steps and the systemd unit, and change nothing.")
    ] = False,
) -> None:
    """Make the agent a service of systemd, or update it to another release.

    If the agent of the release does not get ready, the release that was used before is used again, and the exit status
    is 2. The journal stays as it is. Needs root.
    """
    machine = Machine(systemd=True) if dry_run else Machine()
    new = present_release() if release is None else release
    service = described_service(folder, machine)
    if dry_run:
        for step in steps(service, new, machine, unit_manager(service)):
            typer.echo(f"# {step.words}")
        typer.echo(f"\n{unit_text(service)}\n# /etc/systemd/journald.conf.d/prewatt.conf\n{JOURNAL_BOUND}", nl=False)
        return
    _only_root(machine)
    for step in steps(service, new, machine, unit_manager(service)):
        typer.echo(step.words)
        step.work()
    if service.config.exists():
        typer.echo(_("The agent runs. Its log: journalctl -u %(service)s", service=service.name))
        return
    typer.echo(_("This gateway is not enrolled yet. Now:"))
    program = machine.releases.program
    typer.echo(f"  sudo -u {service.name} {program} edge enrol SERVER CODE --folder {service.folder}")
    typer.echo(f"  sudo {program} edge install")


def rollback(folder: StateOption = FOLDER) -> None:
    """Go back to the release of prewatt that was in use before.

    The journal stays as it is. If that release can't read it, or does not get ready, the present one is used again, and
    the exit status is 2. Needs root.
    """
    machine = Machine()
    _only_root(machine)
    used = roll_back(machine.releases, unit_manager(described_service(folder, machine)))
    typer.echo(_("%(release)s is in use again, and the agent runs.", release=used))


def _only_root(machine: Machine) -> None:
    if os.geteuid() != 0:
        raise CommandError(_("only root can do this: put sudo before the command"))
    if not machine.systemd:
        raise CommandError(
            _("systemd does not run here. Let your service manager run `prewatt edge run`, and start it again")
        )
