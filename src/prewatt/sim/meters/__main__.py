"""Serves a house of played meters: `python -m prewatt.sim.meters HOUSE.json`."""

import signal
import sys
from pathlib import Path

from .house import serve

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
serve(Path(sys.argv[1]))
