"""The whole examination of a server, check by check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.db import DatabaseError, InterfaceError, connection

from ... import __version__
from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...terminal_texts import _
from .alarms import check_alarms
from .broker import check_broker
from .disk import check_disk
from .gateways import check_gateways
from .last_copy import check_copy
from .pages import check_pages
from .processes import check_processes
from .signs_of_life import check_signs_of_life
from .version import check_version

Check = Callable[[ServerConfig], Iterable[Finding]]


OF_THE_MACHINE: tuple[Check, ...] = (check_processes, check_pages, check_broker, check_disk, check_copy)
OF_THE_DATABASE: tuple[Check, ...] = (check_version, check_signs_of_life, check_gateways, check_alarms)


def examine(config: ServerConfig) -> Iterator[Finding]:
    """Yield what is found, check by check. A check that fails itself is a finding too, and the others go on."""
    words = _("prewatt %(version)s, in %(home)s", version=__version__, home=config.home)
    yield Finding(_("server"), State.OK, words)
    for check in OF_THE_MACHINE:
        yield from _done(check, config)
    database = config.home / "prewatt.sqlite3"
    if not config.database and not database.exists():
        # To ask for it would make an empty one.
        advice = _("Put a copy back (prewatt restore FILE), or set PREWATT_HOME to the server's folder")
        yield Finding(_("database"), State.BAD, _("%(file)s is missing", file=database), advice)
        return
    try:
        connection.ensure_connection()
    except (DatabaseError, InterfaceError) as error:
        advice = _("Check that the database runs, and that PREWATT_DATABASE and PREWATT_HOME are right")
        yield Finding(_("database"), State.BAD, _("it does not answer: %(cause)s", cause=str(error).strip()), advice)
        return
    for check in OF_THE_DATABASE:
        yield from _done(check, config)


def _done(check: Check, config: ServerConfig) -> Iterator[Finding]:
    try:
        yield from check(config)
    except Exception as fault:
        words = _("the check itself failed: %(fault)s", fault=f"{type(fault).__name__}: {fault}")
        name = check.__name__.removeprefix("check_").replace("_", " ")
        yield Finding(name, State.BAD, words, _("Look at this by hand, and report the fault"))
