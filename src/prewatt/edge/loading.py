"""The agent is loaded at its start from the settings and the journal."""

from __future__ import annotations

import logging
import os
import sqlite3
from typing import NamedTuple

from ..clock import Clock
from ..kernel.account import Account
from ..kernel.entries import genesis
from ..kernel.recovery import JournalDamaged
from ..kernel.texts import gettext_noop
from ..kernel.units import SECOND
from ..wire.signing import VerifyKey
from .agent import Agent
from .anchor import Anchor, dump_anchor
from .journal import Journal, Loaded
from .memory import ANCHOR, REVOKED, load_memory, load_timekeeper
from .meter import Meter, MeterPolicy
from .revocations import load_revoked
from .settings import EdgeSettings
from .sync import SyncPolicy

log = logging.getLogger("prewatt.edge")

MENDED_BY = gettext_noop(
    "have a new gateway code made on the server (on the building's page Flats and gateways, or by prewatt gateway code "
    "NAME), stop the agent, move edge.toml away, and run 'prewatt edge enrol SERVER CODE' in this folder. The meters go on "
    "from what the server knows. Do not use a copy of the journal: what happened after the copy was made is missing in it"
)
"""The advice that mends a damaged journal."""


class LoadedAgent(NamedTuple):
    """The agent, and what its start must report: the meters whose snapshots had to be mended, and those that another
    gateway had before.
    """

    agent: Agent
    repaired: set[str]
    replaced: frozenset[str]


def load_agent(settings: EdgeSettings, journal: Journal, boot: str, set_aside: dict[str, str]) -> LoadedAgent:
    """Load the agent from the journal. `boot` names this boot of the machine. A meter with a damaged journal is put
    into `set_aside`, with the reason, until the server has sent its state, and all others go on. Raises JournalDamaged
    if there are no others.
    """
    loads, repaired = _load_journals(settings, journal, set_aside), set[str]()
    policy = MeterPolicy(settings.reading_interval_s * SECOND, settings.poll_shortest_s * SECOND)
    for name, loaded in loads.items():
        if loaded.repaired:
            repaired.add(name)
            log.warning("meter %s: a damaged snapshot was made anew from the entries", name)
    # As they were handed over; codes may have changed them since.
    keys = {meter.name: meter.token.state() for meter in settings.meters if meter.token is not None}
    server = VerifyKey(bytes.fromhex(settings.server_key))
    revoked = load_revoked(journal.kept(REVOKED), server, settings.property_id)
    agent = Agent(
        settings.gateway,
        journal.epoch,
        [Meter(name, loaded.account, loaded.head, policy) for name, loaded in loads.items()],
        server,
        SyncPolicy(settings.heartbeat_s, settings.patience_s, look_interval=settings.look_interval_s),
        load_memory(journal.kept, keys, revoked, {meter.name: meter.unit for meter in settings.meters}),
        load_timekeeper(journal.kept, boot),
        os.urandom(8),
    )
    return LoadedAgent(agent, repaired, frozenset(journal.adopted() - set(set_aside)))


def _load_journals(settings: EdgeSettings, journal: Journal, set_aside: dict[str, str]) -> dict[str, Loaded]:
    damaged: dict[str, str] = {}
    loads: dict[str, Loaded] = {}
    for meter in settings.meters:
        try:
            loads[meter.name] = journal.load(meter.name)
        except JournalDamaged as error:
            damaged[meter.name] = str(error)
    if damaged and not loads:
        raise JournalDamaged("; ".join(damaged.values()))
    for name, why in damaged.items():
        set_aside[name] = why
        log.error("%s. The meter is set aside until the server is reached. If that does not help, %s", why, MENDED_BY)
        _begin_anew(journal, name, loads)
    return loads


def _begin_anew(journal: Journal, name: str, loads: dict[str, Loaded]) -> None:
    """Set a damaged journal aside and begin the meter's journal again. The server sees that it is behind, and sends the
    state to continue from. Until then the meter has no tariff, and its switch is left alone.
    """
    try:
        journal.replace(name, 0, genesis(name), Account().dump())
        loads[name] = journal.load(name)
    except (JournalDamaged, sqlite3.DatabaseError) as error:
        log.error("meter %s: what is damaged can't be put aside (%s)", name, error)


def trust_clock(journal: Journal, clock: Clock) -> None:
    """Let a new journal begin with the time of an accelerated clock. Such a time is right, also in a year that a real
    machine's clock shows only if it is wrong: recorded consumption is played in the year in which it was recorded.
    """
    if not journal.kept(ANCHOR).get(""):
        anchor = Anchor(clock.boot(), clock.now(), clock.steady(), strong=True)
        journal.keep("", ANCHOR, dump_anchor(anchor))
