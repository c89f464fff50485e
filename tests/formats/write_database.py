"""Writes a small building's database as SQL, for later versions to open: `python -m tests.formats.write_database FILE`."""

import gzip
import os
import sqlite3
import sys
import tempfile
from pathlib import Path


def lived():
    """Three flats that lived for two days, and a payment that waits."""
    from prewatt.headend.store import Store
    from prewatt.kernel.units import HOUR, NANO
    from prewatt.server import time
    from prewatt.server.estate.models import Tenancy
    from prewatt.server.vending.top_ups import top_up
    from prewatt.wire.topics import SHARDS
    from tests.conftest import FixedClock, set_up
    from tests.gateway import Edge, at

    clock = FixedClock(at(2025, 10, 6))
    time.clock = lambda: clock
    building = set_up(clock)
    top_up(Tenancy.objects.get(tenant="Anna"), 20 * NANO, "first")
    edge = Edge(building.code, clock)
    for meter in edge.accounts:
        edge.obey(meter)
    edge.live(Store(range(SHARDS)), at(2025, 10, 8), {"m1": 300, "m2": 20, "m3": 1}, HOUR)
    top_up(Tenancy.objects.get(tenant="Anna"), 5 * NANO, "waits")


if __name__ == "__main__":
    home = Path(tempfile.mkdtemp())
    os.environ.update(PREWATT_HOME=str(home), DJANGO_SETTINGS_MODULE="prewatt.server.settings")
    from prewatt.serve import setup_django

    setup_django()
    lived()
    lines = "\n".join(sqlite3.connect(home / "prewatt.sqlite3").iterdump())
    Path(sys.argv[1]).write_bytes(gzip.compress(lines.encode(), mtime=0))
