"""The process of a head-end worker connects the rules to the broker, the database and the clock."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from django.db import DatabaseError, DataError, InterfaceError

from ..server.core.broker import HEADEND_USER
from ..server.core.broker_tls import address_for
from ..server.core.home_secrets import signing_key
from ..server.core.server_config import ServerConfig
from ..server.core.time import now
from ..wire import topics
from ..wire.link import Connected, Disconnected, Link, Received
from ..wire.messages import Receipt, Revoked, States, Watch
from ..wire.signing import seal
from .batch import Plan, Refusal
from .dispatch import Dispatch, DispatchPolicy
from .inbox import Inbox
from .ingest import plan, sort
from .looking import Looking
from .meter_rows import OutrunError
from .refusals import of_dropped, summed
from .revoking import Revoking
from .store import Store
from .turns import FLOOD

log = logging.getLogger("prewatt.headend")

BATCH = 200
"""The most messages in one transaction."""
BATCH_BYTES = 256 * 1024
"""No further message joins a batch of so many bytes (some 4,000 entries), so that others soon have their turn."""
TURN = 0.0002
"""Seconds that the loop keeps Python's lock while the connection's thread waits for it. That thread waits at each packet,
so with the usual 5 ms a busy loop would let in some fifty messages a second.
"""
POLL = 0.1
"""Seconds between looks for new commands."""
LOOK = 0.5
"""Seconds between two checks of who looks at a meter, and which gateways lack a list of revoked grants."""
BEAT = 5.0
"""Seconds between two signs of life of this worker."""


class Worker:
    """A worker serves a range of shards."""

    def __init__(self, config: ServerConfig, policy: DispatchPolicy) -> None:
        shards = range(config.shards[0], config.shards[1] + 1)
        self._key = signing_key(config)
        self._store = Store(shards)
        self._policy = policy
        address = address_for(config, HEADEND_USER, 2.0)
        self._inbox = Inbox()
        self._link = Link(address, f"prewatt-headend-{shards[0]}", topics.worker_filters(shards), self._inbox)
        self._logged: set[tuple[str, str]] = set()
        self._refused: list[Refusal] = []
        # They wait for the sign of life: a batch that fails takes the refusals that wait for it along.
        self._left_out: list[Refusal] = []
        self._looking, self._revoking = Looking(), Revoking()
        self._running = True

    def stop(self) -> None:
        """End the loop after the present work."""
        self._running = False

    def run(self) -> None:
        """Serve until stopped. If the database fails, wait for it: nothing is acknowledged meanwhile."""
        self._link.start()
        next_poll = next_beat = next_look = 0.0
        pause = 0.1
        dispatch: Dispatch | None = None
        while self._running:
            received = self._receive(max(next_poll - time.monotonic(), 0.0))
            try:
                dispatch = dispatch or Dispatch(time.monotonic(), self._policy, self._store.online())
                if received:
                    self._ingest(received, dispatch)
                mono = time.monotonic()
                if mono >= next_poll:
                    next_poll = mono + POLL
                    self._send_commands(mono, dispatch)
                if mono >= next_look:
                    next_look = mono + LOOK
                    self._look(mono)
                if mono >= next_beat:
                    next_beat = mono + BEAT
                    self._beat()
                pause = 0.1
            except (DatabaseError, InterfaceError, OutrunError) as error:
                # What was received is not acknowledged, so it comes again.
                log.warning("the database refused a batch, trying again in %.1f s: %s", pause, error)
                self._store.forget()
                # Who came or went may not have been stored: it begins again from what is.
                dispatch = None
                time.sleep(pause)
                pause = min(pause * 2, 10.0)
        self._link.stop()

    def _receive(self, wait: float) -> list[tuple[str, bytes]]:
        received = []
        for event in self._link.drain(wait, BATCH, BATCH_BYTES):
            match event:
                case Received(topic, payload):
                    received.append((topic, payload))
                case Connected():
                    log.info("connected to the broker")
                case Disconnected(reason):
                    log.info("disconnected: %s", reason)
                case _:
                    raise AssertionError(f"nobody puts {event} here")
        return received

    def _ingest(self, received: Sequence[tuple[str, bytes]], dispatch: Dispatch) -> None:
        try:
            self._take_in(received, dispatch)
        except Exception as error:
            # A value that no column can hold is in a message: the database is in no trouble, and waiting helps nobody.
            if isinstance(error, DatabaseError | InterfaceError | OutrunError) and not isinstance(error, DataError):
                raise
            # One message that can't be dealt with does not hold up those that came with it. It gets no receipt.
            self._store.forget()
            if len(received) == 1:
                self._leave_out(received[0][0], error)
                return
            for each in received:
                self._ingest([each], dispatch)

    def _leave_out(self, topic: str, error: Exception) -> None:
        """Count a message that can't be dealt with. Its sender may repeat it without end, so it is logged once."""
        name, kind = topics.gateway_of(topic) or "", type(error).__name__
        self._left_out = summed([*self._left_out, Refusal(name, "malformed", f"it can't be dealt with: {kind}")])
        if self._is_first(name, kind):
            log.error(
                "a message on %s can't be dealt with; more of this kind will only be counted", topic, exc_info=error
            )

    def _take_in(self, received: Sequence[tuple[str, bytes]], dispatch: Dispatch) -> None:
        dropped = self._inbox.dropped()
        names = {name for topic, _ in received if (name := topics.gateway_of(topic))}
        gateways = self._store.gateways(names | dropped.keys())
        for name in gateways.keys() & dropped.keys():
            if dropped[name] > FLOOD:
                self._store.keep_off(name, dropped[name], now())
        batch = sort(received, gateways)
        result = plan(now(), batch, self._store.views(batch.meters()))
        result.refusals = summed([*result.refusals, *of_dropped(dropped, gateways)])
        self._commit(result)
        answers: list[States | Receipt] = [*result.states, *result.receipts]
        for message in answers:
            self._link.publish(topics.down(message.gateway), seal(self._key, message))
        dispatch.heard(time.monotonic(), batch.messages)
        self._looking.heard(time.monotonic(), [*batch.messages, *batch.live])
        for refusal in result.refusals:
            self._log_once(refusal)
        for name, change in result.meters.items():
            for difference in change.differences:
                log.error("meter %s, entry %d differs: %s", name, difference.seq, difference.text)

    def _commit(self, result: Plan) -> None:
        """Store a batch. If all of it was refused, that waits for the next batch or sign of life: a flood does not make
        the database write.
        """
        if not result.heard and not result.alarms:
            self._refused = summed([*self._refused, *result.refusals])
            return
        earlier, self._refused = self._refused, []
        self._store.commit(replace(result, refusals=[*earlier, *result.refusals]))

    def _beat(self) -> None:
        refused, self._refused, self._left_out = [*self._refused, *self._left_out], [], []
        self._store.beat(now(), refused)

    def _log_once(self, refusal: Refusal) -> None:
        if self._is_first(refusal.gateway, refusal.reason):
            sender = refusal.gateway or "an unknown sender"
            log.warning(
                "refused a message of %s (%s): %s; more of this kind will only be counted",
                sender,
                refusal.reason,
                refusal.text,
            )

    def _is_first(self, gateway: str, kind: str) -> bool:
        """Return whether nothing of this kind was logged of a gateway yet, and note that it is now."""
        if (gateway, kind) in self._logged or len(self._logged) >= 1000:
            return False
        self._logged.add((gateway, kind))
        return True

    def _look(self, mono: float) -> None:
        if not self._link.connected:
            return
        lists = self._revoking.tick(mono, self._store.lacking_revocations())
        messages: list[Watch | Revoked] = [*self._looking.tick(mono, self._store.looks()), *lists]
        for message in messages:
            self._link.publish(topics.down(message.gateway), seal(self._key, message))

    def _send_commands(self, mono: float, dispatch: Dispatch) -> None:
        # Without a connection nothing counts as sent, so all of it is sent as soon as there is one.
        pending = self._store.pending() if self._link.connected else []
        result = dispatch.tick(mono, pending)
        for orders in result.orders:
            self._link.publish(topics.down(orders.gateway), seal(self._key, orders))
        self._store.mark_sent(result.sent)
        self._store.set_presence(result.presence, now())


def run(config: ServerConfig, policy: DispatchPolicy | None = None) -> int:
    """Run the command `prewatt headend`. Returns its exit code."""
    sys.setswitchinterval(TURN)
    worker = Worker(config, policy or DispatchPolicy())
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    signal.signal(signal.SIGINT, lambda *_: worker.stop())
    worker.run()
    return 0
