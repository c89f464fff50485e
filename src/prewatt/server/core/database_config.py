"""The database of the settings in Django's terms."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from .server_config import ServerConfig

KEPT = 60
"""Seconds for which a thread keeps its connection to the database: opening one takes as long as answering a short page."""


def django_database(config: ServerConfig) -> dict[str, Any]:
    """Return the database in Django's terms. Both databases commit durably before they answer."""
    kept = {"CONN_MAX_AGE": KEPT, "CONN_HEALTH_CHECKS": True}
    if not config.database:
        return {
            **kept,
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": config.home / "prewatt.sqlite3",
            "OPTIONS": {
                # A writer waits for its turn at the start of a transaction, instead of failing in the middle of one.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                # What is erased leaves no old copy in the file.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
            },
        }
    parts = urlsplit(config.database)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        **kept,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(options.pop("host", parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
