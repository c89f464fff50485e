"""Topics: `pw/1/{shard}/{gateway}/{up|down}`.

The shard is a stable hash of the gateway's name, so that head-end workers can divide the gateways among themselves by
subscription, on any broker, without a shared subscription.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

SHARDS = 64
_GATEWAY = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_TOPIC = re.compile(r"pw/1/(\d{1,2})/([a-z0-9][a-z0-9-]{0,31})/up")


def check_gateway(name: str) -> str:
    """Return the name if it can stand in a topic. Raises ValueError otherwise."""
    if not _GATEWAY.fullmatch(name):
        raise ValueError(f"gateway name {name!r} is not of 1 to 32 small letters, digits and hyphens")
    return name


@lru_cache(maxsize=4096)
def shard(gateway: str) -> int:
    """Return the gateway's shard, from 0 to `SHARDS` - 1."""
    return int.from_bytes(hashlib.sha256(gateway.encode()).digest()[:4], "big") % SHARDS


def up(gateway: str) -> str:
    """Return the topic on which a gateway publishes."""
    return f"pw/1/{shard(gateway)}/{gateway}/up"


def down(gateway: str) -> str:
    """Return the topic on which a gateway listens."""
    return f"pw/1/{shard(gateway)}/{gateway}/down"


def worker_filters(shards: range) -> list[str]:
    """Return the subscriptions of a head-end worker that serves `shards`."""
    if len(shards) == SHARDS:
        return ["pw/1/+/+/up"]
    return [f"pw/1/{number}/+/up" for number in shards]


def gateway_of(topic: str) -> str | None:
    """Return the gateway of an up-topic; None if it is another topic, or the shard is not the gateway's."""
    match = _TOPIC.fullmatch(topic)
    if match and int(match[1]) == shard(match[2]):
        return match[2]
    return None


def parse_shards(text: str) -> range:
    """Parse `7` or `0-31` to a range of shards. Raises ValueError for any other text."""
    first, _, last = text.partition("-")
    if first.isdecimal() and (last or first).isdecimal():
        shards = range(int(first), int(last or first) + 1)
        if shards and shards[-1] < SHARDS:
            return shards
    raise ValueError(f"shards {text!r} is not a number or a span such as 0-{SHARDS - 1}")
