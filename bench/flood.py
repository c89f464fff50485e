"""From a payment until the other landlord's meter has shown it, while one gateway floods the head-end, beside the same
without a flood in the same run.

A server with its broker, head-end and pages, and a gateway's agent, each a process of its own. A second gateway, which
the broker knows like any other, sends random messages as fast as the broker takes them.
"""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time

import msgspec
from tests.system.running import Running, running, wait_for

from prewatt.kernel.units import NANO
from prewatt.wire.link import Link
from prewatt.wire.topics import down, up

MESSAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
ROUNDS, PAUSE = 80, 1.0
"""Payments, and the seconds between two of them during the flood: the gateway is let in again meanwhile, and floods again."""
LIMIT = 2.0
"""Seconds: no payment waits longer because of another gateway."""
UNDER_WAY = 5000
"""The most messages that wait in the flooding client itself."""


def main() -> None:
    with running(1) as made:
        calm, flooded, taken = measure(made)
    print(f"from a payment until the meter's entry of it is stored, {ROUNDS} times each (seconds):")
    print(f"{'':48}  {'p50':>6}  {'most':>6}")
    for name, times in (("in peace", calm), (f"during a flood of {taken} messages of one gateway", flooded)):
        print(f"{name:48}  {statistics.median(times):6.3f}  {max(times):6.3f}")
    print(f"{'limit':48}  {'':6}  {LIMIT:6.3f}")


def measure(made: Running) -> tuple[list[float], list[float], int]:
    from prewatt.server.core.broker_tls import address_for
    from prewatt.server.core.home_secrets import broker_password
    from prewatt.server.estate.models import Tenancy
    from prewatt.server.metering.models import Gateway, Refusal
    from prewatt.server.sales.top_ups import top_up
    from prewatt.server.vending.models import OPEN, Command

    made.add_gateway("flood")
    threading.Thread(target=refresh, args=(made,), daemon=True).start()
    tenancy = Tenancy.objects.get(unit__meter__name="m0")

    def pay(number: int) -> float:
        began = time.monotonic()
        top_up(tenancy, NANO, f"bench {number}")
        wait_for(lambda: not Command.objects.filter(state__in=OPEN, meter__name="m0").exists(), 0.002)
        return time.monotonic() - began

    wait_for(lambda: not Command.objects.filter(state__in=OPEN, meter__name="m0").exists())
    calm = [pay(number) for number in range(ROUNDS)]
    secret = broker_password(made.config, Gateway.objects.get(name="flood").broker_secret())
    reached = msgspec.structs.replace(address_for(made.config, "flood", 15.0), password=secret)
    link = Link(reached, "flood", [down("flood")])
    link.start()
    wait_for(lambda: link.connected)
    ended = threading.Event()

    def flood() -> None:
        noise, topic = [os.urandom(300) for _ in range(100)], up("flood")
        for number in range(MESSAGES):
            # What is published is acknowledged message by message: the client itself must not hold all of them.
            while not ended.is_set() and (
                not link.connected or len(link._client._out_messages) > UNDER_WAY  # type: ignore[union-attr]
            ):
                time.sleep(0.001)
            if ended.is_set():
                return
            link.publish(topic, noise[number % 100])

    flooding = threading.Thread(target=flood)
    flooding.start()
    flooded = []
    for number in range(ROUNDS):
        flooded.append(pay(ROUNDS + number))
        time.sleep(PAUSE)
    ended.set()
    flooding.join()
    link.stop()
    wait_for(lambda: Refusal.objects.filter(gateway="flood").exists())
    return calm, flooded, sum(Refusal.objects.filter(gateway="flood").values_list("count", flat=True))


def refresh(made: Running) -> None:
    """Let the broker know who is kept off, as `prewatt server` does it."""
    while True:
        made.server.refresh_broker()
        time.sleep(1)


if __name__ == "__main__":
    main()
