"""Whether the broker does what it is for: now and then a session is made there, and a message sent and received.

A broker can run, take connections and be of no use, as after a full disk. Who looks after it asks `unwell` at each look.
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
    """Connect, subscribe, publish to oneself and receive it. False if that was not done in `patience` seconds."""
    link, said = Link(address, "prewatt-probe", [PROBE_TOPIC]), secrets.token_bytes(8)
    deadline = time.monotonic() + patience
    link.start()
    try:
        while (left := deadline - time.monotonic()) > 0:
            for event in link.drain(left, 10):
                match event:
                    case Connected():
                        link.publish(PROBE_TOPIC, said)
                    case Received(payload=payload) if payload == said:
                        return True
        return False
    finally:
        link.stop()


class Probe:
    """Tries the broker, in the background of whoever looks: a try never holds a look up.

    Only two tries in a row that failed count, and only after one that went well: a machine with too much to do is no
    broken broker. If starting it anew does not help, the next time is twice as far off, up to `PAUSE_LONGEST`.
    """

    EVERY, PATIENCE = 10.0, 5.0
    PAUSE_FIRST, PAUSE_LONGEST = 10.0, 40.0
    """Seconds."""

    def __init__(self, address: BrokerAddress) -> None:
        self.passed = False
        """Whether the last try went well."""
        self._address = address
        self._try: threading.Thread | None = None
        self._result = False
        self._seen_well = False
        self._failed = self._renewals = 0
        self._next_try = self._next_renewal = 0.0

    def unwell(self) -> bool:
        """Whether the broker must be started anew now. To be asked often: it is what begins the tries."""
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
            "no gateway can connect to the broker, though it runs: twice in a row no session could be made within %.0f "
            "seconds, or no message came through. It is started anew; if that does not help, again in %.0f seconds. "
            "See its log, and whether a disk is full",
            self.PATIENCE,
            pause,
        )
        return True
