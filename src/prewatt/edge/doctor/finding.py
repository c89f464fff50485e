"""What a check of a gateway is given, and how checks are done."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ...findings import Finding, State
from ..settings import EdgeSettings
from ..texts import _
from .journal import JournalFacts

WITHIN = 10.0
"""Seconds in which a broker or a page must answer."""


@dataclass(frozen=True)
class Agent:
    """The user as whom the agent runs: the owner of its folder."""

    name: str
    uid: int
    groups: frozenset[int]

    def may_use(self, path: Path) -> bool:
        """Return whether this user may read and write a file. Raises OSError."""
        status = path.stat()
        if self.uid == 0:
            return True
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid in self.groups else 0
        return status.st_mode >> shift & 0o6 == 0o6


@dataclass(frozen=True)
class Gateway:
    """A gateway that is looked at. `config`: its settings' file; `settings`: what stands there. `is_running`: whether an agent
    runs. `agent`: its user. `journal`: what its journal says.
    """

    config: Path
    settings: EdgeSettings
    is_running: bool
    agent: Agent
    journal: JournalFacts

    @property
    def folder(self) -> Path:
        """Return the folder of key, settings and journal."""
        return self.config.absolute().parent


Check = Callable[[Gateway], Iterable[Finding]]


def owner(folder: Path) -> Agent:
    """Return the user who owns a folder. Raises OSError."""
    status = folder.stat()
    try:
        user = pwd.getpwuid(status.st_uid)
        return Agent(user.pw_name, user.pw_uid, frozenset(os.getgrouplist(user.pw_name, user.pw_gid)))
    except KeyError:
        return Agent(f"user {status.st_uid}", status.st_uid, frozenset({status.st_gid}))


def group_of(path: Path) -> str:
    """Return the name of the group of a file. Raises OSError."""
    number = path.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def examined(gateway: Gateway, checks: Iterable[Check]) -> Iterable[Finding]:
    """Yield what the checks find. A check that fails itself is a finding too, and the others go on."""
    for check in checks:
        try:
            yield from check(gateway)
        except Exception as fault:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            yield Finding(
                name,
                State.BAD,
                _("the check itself failed: %(fault)s") % {"fault": f"{type(fault).__name__}: {fault}"},
                _("Look at this by hand, and report the fault"),
            )
