"""What the agent keeps beside its meters' journals, by the name under which it lies there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, msgpack

from .allowance import Usual, load_usual
from .codes import KeyState, load_key
from .lockout import Tries
from .timekeeping import Timekeeper, load_anchor

KEY = "key"
"""The key by which a meter reads codes, where a code has changed it."""
TRIES = "tries"
"""Wrong codes that were typed for a meter."""
USUAL = "usual"
"""What a meter usually uses."""
ANCHOR = "anchor"
"""The timekeeper's anchor, of the gateway."""
EPOCH = "epoch"
"""The epoch of the gateway, for the next start to go on from."""

Kept = Callable[[str], Mapping[str, bytes]]
"""What is kept under a name, by meter; of the gateway itself under the empty name."""


class Memory(Struct):
    """What the rules begin with beside the accounts. `keys`: of the meters that take codes. `tries`: wrong codes by meter
    and way in. `usual`: what meters usually use.
    """

    keys: dict[str, KeyState] = {}
    tries: dict[str, dict[str, Tries]] = {}
    usual: dict[str, Usual] = {}


def load_memory(kept: Kept, keys: Mapping[str, KeyState]) -> Memory:
    """As it was kept. `keys`: as they were handed over at enrolment; codes may have changed them since."""
    changed = {name: load_key(body) for name, body in kept(KEY).items() if name in keys}
    usual = {name: load_usual(body) for name, body in kept(USUAL).items()}
    return Memory({**keys, **changed}, load_tries(kept), usual)


def load_tries(kept: Kept) -> dict[str, dict[str, Tries]]:
    """Wrong codes by meter and way in."""
    decoder = msgpack.Decoder(dict[str, Tries])
    return {name: decoder.decode(body) for name, body in kept(TRIES).items()}


def load_timekeeper(kept: Kept, boot: str) -> Timekeeper:
    """The timekeeper with its anchor. `boot` names this boot of the machine."""
    anchor = kept(ANCHOR).get("")
    return Timekeeper(boot, load_anchor(anchor) if anchor is not None else None)
