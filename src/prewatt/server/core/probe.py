"""Tests whether the broker works: now and then a session is made, and a message is sent and received.

A broker can run, accept connections and still be of no use, for example after a full disk. The process that looks after
it asks `unwell` at each look.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time

from ...wire.link import BrokerAddress, Connected, Link, Received
from .broker import PROBE_TOPIC

log = logging.getLogger("prewatt.broker")


def round_trip(address: BrokerAddress, patience: float) -> bool:
    """Connect, subscribe, publish a message and receive it. Returns whether that was done within `patience` seconds."""
    link, said = Link(address, "prewatt-probe", [PROBE_TOPIC]), secrets.token_bytes(8)
    deadline = time.monotonic() + patience
    link.start()
    try:
        while (left := deadline - time.monotonic()) > 0:
            events = link.drain(left, 10)
            if any(isinstance(event, Connected) for event in events):
                link.publish(PROBE_TOPIC, said)
            if any(isinstance(event, Received) and event.payload == said for event in events):
                return True
        return False
    finally:
        link.stop()


class Probe:
    """Tests the broker in the background, so that a test never delays the process that looks after it.

    Only two failed tests in a row count, and only after a test that passed: a machine with too much to do is not a
    broken broker. If starting the broker again does not help, the wait until the next start is twice as long, up to
    `PAUSE_LONGEST` (s).
    """

    EVERY, PATIENCE = 10.0, 5.0
    PAUSE_FIRST, PAUSE_LONGEST = 10.0, 40.0
    """Seconds."""

    def __init__(self, address: BrokerAddress) -> None:
        self.passed = False
        """Whether the last test passed."""
        self._address = address
        self._try: threading.Thread | None = None
        self._result = False
        self._seen_well = False
        self._failed = self._renewals = 0
        self._next_try = self._next_renewal = 0.0

    def unwell(self) -> bool:
        """Return whether the broker must be started again now. Call it often, because it starts the tests."""
        if self._try is None:
            if time.monotonic() >= self._next_try:
                self._try = threading.Thread(target=self._run, name="probe", daemon=True)
                self._try.start()
            return False
        if self._try.is_alive():
            return False
        self._try = None
        self.passed = self._result
        return self._judge(time.monotonic())

    def _run(self) -> None:
        self._result = False
        self._result = round_trip(self._address, self.PATIENCE)

    def _judge(self, now: float) -> bool:
        if self.passed:
            if self._renewals:
                log.warning("gateways can connect to the broker again")
            self._seen_well, self._failed, self._renewals = True, 0, 0
            self._next_renewal, self._next_try = 0.0, now + self.EVERY
            return False
        self._failed += 1
        if self._failed < 2 or not self._seen_well or now < self._next_renewal:
            return False
        pause = min(self.PAUSE_FIRST * 2**self._renewals, self.PAUSE_LONGEST)
        self._renewals += 1
        self._failed, self._next_renewal = 0, now + pause
        log.warning(
            "no gateway can connect to the broker, although it runs: twice in a row no session could be made within %.0f "
            "seconds, or no message came through. It is started again now; if that does not help, again in %.0f seconds. "
            "Look at its log, and check whether a disk is full",
            self.PATIENCE,
            pause,
        )
        return True
