"""The agent's memory: what it stores beside its meters' journals, by the name under which each part is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field, msgpack

from .allowance import Usual, load_usual
from .anchor import load_anchor
from .key_state import KeyState, load_key
from .lockout import Tries
from .revocations import RevokedGrants
from .timekeeping import Timekeeper

KEY = "key"
"""The key by which a meter decodes tokens, if a token has changed it."""
TRIES = "tries"
"""The count of wrong codes that were typed for a meter."""
USUAL = "usual"
"""The usual use of a meter."""
ANCHOR = "anchor"
"""The timekeeper's anchor, for the gateway."""
EPOCH = "epoch"
"""The gateway's epoch, from which the next start continues."""
REVOKED = "revoked"
"""The list of staff grants that hold no more, for the gateway."""

Kept = Callable[[str], Mapping[str, bytes]]
"""A function that returns what is stored under a name, by meter; for the gateway itself under the empty meter name."""


class Memory(Struct):
    """What the rules begin with, beside the accounts. `keys`: the keys of meters that accept tokens. `tries`: wrong
    codes by meter and way in. `usual`: the usual use by meter. `revoked`: the staff grants that are not valid any more.
    `units`: the flats' names by meter, as the settings have them.
    """

    keys: dict[str, KeyState] = {}
    tries: dict[str, dict[str, Tries]] = {}
    usual: dict[str, Usual] = {}
    revoked: RevokedGrants = field(default_factory=RevokedGrants)
    units: Mapping[str, str] = {}


def load_memory(kept: Kept, keys: Mapping[str, KeyState], revoked: RevokedGrants, units: Mapping[str, str]) -> Memory:
    """Return the stored memory. `keys`: the keys from enrolment, which tokens may have changed since. `revoked`: the
    staff grants that are not valid any more. `units`: the flats' names by meter.
    """
    changed = {name: load_key(body) for name, body in kept(KEY).items() if name in keys}
    usual = {name: load_usual(body) for name, body in kept(USUAL).items()}
    return Memory({**keys, **changed}, load_tries(kept), usual, revoked, units)


def load_tries(kept: Kept) -> dict[str, dict[str, Tries]]:
    """Return the stored counts of wrong codes, by meter and by the way in on which they were typed (page, keypad …)."""
    decoder = msgpack.Decoder(dict[str, Tries])
    return {name: decoder.decode(body) for name, body in kept(TRIES).items()}


def load_timekeeper(kept: Kept, boot: str) -> Timekeeper:
    """Return the timekeeper with its stored anchor. `boot` names this boot of the machine."""
    anchor = kept(ANCHOR).get("")
    return Timekeeper(boot, load_anchor(anchor) if anchor is not None else None)
