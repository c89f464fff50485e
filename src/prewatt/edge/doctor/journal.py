"""The journal as the doctor reads it: from a copy, so that nothing is changed."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from ...kernel.recovery import JournalDamaged
from ..anchor import Anchor, load_anchor
from ..journal import Journal
from ..memory import ANCHOR
from ..settings import EdgeSettings
from ..texts import _


class JournalFacts(Struct, frozen=True):
    """What a journal says. `trouble`: why it was not read, or could not be; empty if it was. `entries`: of all meters.
    `serials`: the number that each meter must report. `anchor`: the last time that was believed. `broken`: parts that can't be
    read and do no harm, in words.
    """

    trouble: str = ""
    is_damaged: bool = False
    is_newer: bool = False
    entries: int = 0
    serials: dict[str, str] = {}
    anchor: Anchor | None = None
    broken: tuple[str, ...] = ()


def read_journal(settings: EdgeSettings, is_running: bool) -> JournalFacts:
    """Return what the journal says. While the agent runs it is not read, and `trouble` says so."""
    path = Path(settings.journal)
    if is_running:
        return JournalFacts(_("not read, because the running agent has it open. The agent checked it at its start"))
    if not path.exists():
        return JournalFacts(_("there is none yet"))
    size = sum(each.stat().st_size for each in (path, Path(f"{path}-wal")) if each.exists())
    if shutil.disk_usage(tempfile.gettempdir()).free < 2 * size:
        return JournalFacts(
            _("not read: %(folder)s has no room for a copy of %(size)s MB")
            % {"folder": tempfile.gettempdir(), "size": size >> 20}
        )
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        try:
            with (
                closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(copy)) as to,
            ):
                source.backup(to)
            with closing(Journal(copy)) as journal:
                return _facts(settings, journal)
        except JournalDamaged as error:
            return JournalFacts(str(error).replace(str(copy), str(path)), is_damaged=True)
        except sqlite3.DatabaseError as error:
            return JournalFacts(f"{path}: {error}", is_damaged=True)
        except ValueError as error:
            return JournalFacts(str(error).replace(str(copy), str(path)), is_newer=True)


def _facts(settings: EdgeSettings, journal: Journal) -> JournalFacts:
    accounts = {meter.name: journal.load(meter.name).account for meter in settings.meters}
    anchor = journal.kept(ANCHOR).get("")
    return JournalFacts(
        entries=sum(account.seq for account in accounts.values()),
        serials={name: account.serial or name for name, account in accounts.items()},
        anchor=load_anchor(anchor) if anchor else None,
        broken=journal.broken,
    )
