"""How a line of a log is written, by every process: with the time in UTC, which says so."""

from __future__ import annotations

import logging
import re
import time

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_SECRET_LINK = re.compile(r"(/join/(?!door/)|/give/(?!payments/|merchants/))[^/\s]+")


class Lines(logging.Formatter):
    """Writes `2026-03-01T12:00:00.000Z INFO prewatt.worker: at work`, whatever zone the machine is in."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, in which no code of an invitation or of a link to pay by stands: whoever reads the log could use it."""
        return _SECRET_LINK.sub(r"\1…", super().format(record))
