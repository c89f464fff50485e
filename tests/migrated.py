"""A server's database as an empty folder gets it, made once for all tests and copied: to make a new one takes two seconds of
processor, and few tests are of that. In an empty folder begin `test_real_building.py` and the demonstration of a month.
"""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import django

import prewatt

PREWATT = Path(prewatt.__file__).parent
MADE_BY = ("server/*/migrations/*.py", "server/*/append_only.py", "processes/new_database.py")
MAKE = "from prewatt.processes.database import setup_django; setup_django()"


def put_database(target):
    """Copy it to a path, whose folder is made where it is missing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_made(), target)


def _made():
    known = hashlib.sha256(django.__version__.encode())
    for path in sorted(path for pattern in MADE_BY for path in PREWATT.glob(pattern)):
        known.update(f"{path.relative_to(PREWATT)}".encode() + path.read_bytes())
    kept = Path(tempfile.gettempdir()) / f"prewatt-tests-{os.getuid()}"
    kept.mkdir(mode=0o700, exist_ok=True)
    made = kept / f"{known.hexdigest()}.sqlite3"
    with (kept / "lock").open("w") as lock:
        # Several processes of tests begin at once: one makes it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make(made)
    return made


def make_tables_in(address):
    """Make the tables in an empty PostgreSQL database, as a server does that begins in it: all migrations take four times as long."""
    with tempfile.TemporaryDirectory() as home:
        _begin(home, PREWATT_DATABASE=address)


def _begin(home, **given):
    """Let a process begin in a folder, as a server does."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
    subprocess.run([sys.executable, "-c", MAKE], env={**others, "PREWATT_HOME": home, **given}, check=True)


def _make(made):
    with tempfile.TemporaryDirectory() as home:
        _begin(home)
        fresh = made.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with closing(sqlite3.connect(f"{home}/prewatt.sqlite3")) as source, closing(sqlite3.connect(fresh)) as target:
            source.backup(target)
        fresh.rename(made)
