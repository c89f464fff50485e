"""This module copies a gateway and puts the copy back: the journal, the key by which the server knows the gateway, its
settings, and what was found and done while its meters were set up.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from .. import folder
from ..edge.commissioning import SURVEY
from ..edge.copies import CopyError, copy_by_agent
from ..edge.driver_settings import missing_paths, with_paths
from ..edge.journal import Journal, Loaded
from ..edge.settings import EdgeSettings, SettingsError, load_settings, write_settings
from ..kernel.account import Account
from ..kernel.currencies import format_money
from ..kernel.recovery import JournalDamaged
from ..kernel.units import moment
from ..terminal_texts import _
from . import archive, databases
from .archive import BackupError, Manifest

SIDE = "gateway"
JOURNAL, KEY, SETTINGS = "journal.sqlite3", "gateway.key", "edge.toml"


class Restored(NamedTuple):
    """A copy that was put back: its manifest, its settings, each meter's journal, and the folder `aside` that keeps the
    earlier content (None if there was none).
    """

    copy: Manifest
    settings: EdgeSettings
    meters: dict[str, Loaded]
    aside: Path | None


def back_up(config: Path, target: Path) -> Manifest:
    """Write a gateway's copy, whether or not its agent runs. Raises SettingsError if `config` is no settings file,
    BackupError if the copy can't be made.
    """
    with folder.using(config.parent), archive.workplace(target) as work:
        settings = load_settings(config)
        journal = Path(settings.journal)
        try:
            copied = copy_by_agent(journal)
        except CopyError as error:
            raise BackupError(f"{journal}: {error}") from None
        if copied:
            shutil.move(copied, work / JOURNAL)
        else:
            databases.copy(journal, work / JOURNAL)
        databases.check(work / JOURNAL, journal)
        shutil.copyfile(settings.key, work / KEY)
        shutil.copyfile(config, work / SETTINGS)
        # Before its meters are set up a gateway has none.
        with suppress(FileNotFoundError):
            shutil.copyfile(config.parent / SURVEY, work / SURVEY)
        formats = {"journal": _format(work / JOURNAL)}
        return archive.pack(work, target, archive.manifest(SIDE, settings.gateway, config.parent, formats, {}))


def put_back(source: Path, into: Path) -> Restored:
    """Put a gateway's copy into a folder, in the place of its content. Raises BackupError or folder.BusyError if that
    is not possible; then nothing was changed.
    """
    copied = archive.check(source, SIDE)
    into = into.absolute()
    with folder.alone(into), folder.gathering(into) as part:
        archive.extract(source, copied, part)
        databases.check(part / JOURNAL, source)
        try:
            # A relative path was read as a path in the folder in which the copy is gathered.
            settings = _moved(load_settings(part / SETTINGS), (Path(copied.folder), part.absolute()), into)
            if settings != load_settings(part / SETTINGS):
                write_settings(part / SETTINGS, settings)
            meters = _load(part / JOURNAL, settings)
        except (SettingsError, JournalDamaged, ValueError) as error:
            # People do not know the folder `part`; the message names the copy instead.
            raise BackupError(f"{source}: {str(error).replace(f'{part}/', '')}") from None
        return Restored(copied, settings, meters, folder.put(into))


def _moved(settings: EdgeSettings, folders: Sequence[Path], now: Path) -> EdgeSettings:
    """Return settings whose files lie in the folder `now` if they lay in one of `folders`. Files elsewhere stay there."""

    def moved(path: Path) -> Path:
        return next((now / path.relative_to(was) for was in folders if path.is_relative_to(was)), path)

    drivers = {name: with_paths(section, moved) for name, section in settings.drivers.items()}
    return msgspec.structs.replace(settings, key=str(now / KEY), journal=str(now / JOURNAL), drivers=drivers)


def _load(path: Path, settings: EdgeSettings) -> dict[str, Loaded]:
    """Return each meter's journal, replayed as the agent does at its start."""
    with closing(Journal(path)) as journal:
        return {meter.name: journal.load(meter.name) for meter in settings.meters}


def _format(journal: Path) -> str:
    try:
        with closing(databases.unread(journal)) as opened:
            return str(opened.execute("SELECT value FROM meta WHERE name='format'").fetchone()[0])
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(
            _("%(journal)s: this file is not a journal (%(error)s)", journal=journal.name, error=error)
        ) from None


def _of_meter(name: str, account: Account) -> str:
    """Return what a copy knows of a meter."""
    values = {"meter": name, "entry": account.seq, "balance": format_money(account.balance, account.currency)}
    if not account.seq:
        return _("%(meter)s: entry %(entry)s, balance %(balance)s", **values)
    until = f"{moment(account.at):%Y-%m-%d %H:%M:%S}"
    return _("%(meter)s: entry %(entry)s, balance %(balance)s, until %(until)s UTC", until=until, **values)


def after_restore(done: Restored, into: Path) -> list[str]:
    """Return the lines that tell a person what was put back, and what happens now."""
    settings = done.settings
    lines = [
        _(
            "Gateway %(gateway)s is in %(folder)s as it was at %(at)s.",
            gateway=settings.gateway,
            folder=into.absolute(),
            at=done.copy.made,
        )
    ]
    lines += [f"  {_of_meter(meter, loaded.account)}" for meter, loaded in done.meters.items()]
    if done.aside:
        lines.append(
            _(
                "The earlier content is in %(aside)s. It contains the key, so remove it when all is well.",
                aside=done.aside,
            )
        )
    lines += [
        _("%(file)s is missing. Meters of the kind %(kind)s need it, so copy it here.", file=path, kind=name)
        for name, section in settings.drivers.items()
        for path in missing_paths(section)
    ]
    return [
        *lines,
        "",
        _("Now start it: prewatt edge run --config %(settings)s", settings=into / SETTINGS),
        _(
            "- The server sees at once that this journal is behind, and sends the present state of the meters. The "
            "energy used since the copy was made is charged from the meters' registers. Codes that were typed since "
            "then stay used."
        ),
        _(
            "- Without a network you need to do nothing. The gateway serves the meters according to the copy, and "
            "waits. Payments made since the copy count again as soon as the gateway reaches the server."
        ),
        _(
            "- Only one machine may run as this gateway. If the other one may come back, run prewatt "
            "gateway code %(gateway)s on the server, and enrol this one again.",
            gateway=settings.gateway,
        ),
    ]
