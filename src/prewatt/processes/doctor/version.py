"""The doctor's check of the database: which version of prewatt has changed it."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...terminal_texts import _
from ..database import check_known


def check_version(config: ServerConfig) -> Iterator[Finding]:
    """Yield whether the database is of this version, of an older one, or of a newer one."""
    name = _("database")
    kind = "PostgreSQL" if config.database else "SQLite"
    loader = MigrationLoader(connection)
    try:
        check_known(loader)
    except ImproperlyConfigured:
        advice = _("Update the software: this version would not start")
        yield Finding(name, State.BAD, _("a newer version of prewatt has changed it"), advice)
        return
    if loader.graph.nodes.keys() - loader.applied_migrations.keys():
        advice = _("Make a copy (prewatt backup), then stop the server and start it again")
        yield Finding(name, State.WARN, _("it is of an older version; the next start brings it up to date"), advice)
        return
    yield Finding(name, State.OK, _("%(kind)s answers, and is of this version", kind=kind))
