"""What the theory of operation at the head of `kernel.account` says in its tables is what `apply` does."""

import re

import msgspec
import pytest

from prewatt.kernel import account as theory
from prewatt.kernel import entries as e
from prewatt.kernel import snapshot
from prewatt.kernel.account import Account
from prewatt.kernel.events import EventKind
from prewatt.kernel.low import steps_of
from prewatt.kernel.off_hours import OFF_HOURS, OffHours
from prewatt.kernel.orders import ORDERS, SetPin, make_order
from prewatt.kernel.plausible import BACKWARDS, JUMPED, RETURNED, Base, Doubt, Former
from prewatt.kernel.rating import Counters, Used
from prewatt.kernel.replay import CODES_KEPT, ROLLOVER
from prewatt.kernel.safety import Limit
from prewatt.kernel.settings import Settings
from prewatt.kernel.state import EXHAUSTED
from prewatt.kernel.supply import Night, SupplyState, Window
from prewatt.kernel.tariff import RateCalendar, Version, flat_tariff
from prewatt.kernel.units import DAY, HOUR, NANO

NOW = 1_700_000_000 * 10**6
TID = 200_000
"""Of a code that was typed, and whose command is yet to come."""
ALL_MOVE = {"seq", "at", "balance", "warned", "command"}
TARIFF = flat_tariff("Home", "EUR", "Europe/Berlin", 250_000)
SETTINGS = Settings(
    zone="Europe/Berlin", tamper_locks=True, emergency_credit=NANO, low_credit=NANO,
    off_hours=OffHours((Window(tuple(range(8)), 0, 0),), energy=5000),
    limits=tuple(Limit(code, 1, trip=True) for code in ("over-voltage", "arc")),
)  # fmt: skip
SUPPLY = SupplyState(
    opened=True, locks=("hold", "overload", "tamper"), cut_off=True, trips=2, tripped_at=NOW - HOUR, tripped=True,
    emergency=5 * NANO, emergency_taken=True, grace=NANO, grace_until=NOW + HOUR, limit=500, limit_until=NOW + HOUR,
    unsafe=("over-voltage",), off_hours=True, night=Night(NOW - HOUR, 3), overtaken=((TID, "switch"), (TID + 1, "limit")),
)  # fmt: skip


def table(after):
    """The rows of the table that follows some words of the theory, as lists of cells."""
    lines = theory.__doc__.split(after)[1].splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = lines[begin + 2 :]
    end = next(number for number, line in enumerate(rows) if not line.startswith("|"))
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[:end]]


def quoted(cell):
    return set(re.findall(r"`([^`]+)`", cell))


def eventful():
    """An account to which all has happened that can, so that whatever an entry moves is seen to move."""
    made = Account()
    made.seq, made.at, made.read_at, made.command = 10, NOW, NOW - HOUR, 3
    made.credited, made.charged, made.debited = 3 * NANO, NANO, NANO
    made.balance = NANO
    made.register, made.moving_since, made.moved_at = 1000, NOW - DAY, NOW - DAY
    made.settings, made.supply, made.closed = SETTINGS, SUPPLY, False
    made.versions = (Version(NOW - DAY, RateCalendar(TARIFF)),)
    made.restarts = (NOW - 1, NOW + DAY)
    made.credit_ids, made.coded = {"c0"}, {TID: NANO, TID + 1: 0}
    made.tids, made.tid_floor = tuple(range(100, 100 + CODES_KEPT)), 5
    made.doubt, made.formers = Doubt(9, NOW, NOW, JUMPED), (Former(Base(900, NOW - DAY), 50, NOW - DAY),)
    made.back_since, made.under = NOW - HOUR, Base(3, NOW)
    made.foreign_since, made.unsure, made.unsure_at = NOW - HOUR, True, NOW
    made.warned, made.warned_at = tuple(steps_of(SETTINGS)), NOW - HOUR
    made.counters = Counters(day=900_000)
    return made


def newly_installed():
    """An account of a gateway that began without a clock."""
    made = Account()
    made.seq, made.at, made.register, made.read_at, made.unsure = 10, HOUR, 5, HOUR, True
    return made


def moved_by(entry, account):
    """The fields that an entry moves, beside those that all move. `entry` takes seq, instant and balance after it."""

    def state():
        fields = {name: value for name, value in vars(account).items() if not name.startswith("_")}
        return {**fields, "credit_ids": set(account.credit_ids), "coded": dict(account.coded)}

    at = max(account.at + HOUR, NOW + HOUR)
    before, new = state(), entry(account.seq + 1, at, account.balance)
    account.apply(new)
    after = state()
    return str(new.__struct_config__.tag), {name for name in after if after[name] != before[name]} - ALL_MOVE


def order(name):
    return SetPin("x$y") if name == "set-pin" else make_order(ORDERS[name], watts=800, amount=NANO, until=NOW + DAY)


def orders():
    for name in ORDERS:
        for tid in (None, TID, 7000):

            def balance(was, name=name):
                return 0 if name == "clear-credit" else was

            yield lambda s, at, b, name=name, tid=tid: e.Controlled(
                s, at, balance(b, name), 4, order(name), "x", "", tid
            )
            yield lambda s, at, b, name=name, tid=tid: e.OnSite(s, at, balance(b, name), order(name), "x", "", "", tid)


ENTRIES = [
    lambda s, at, b: e.Reading(s, at, b - 5, 1200, (Used("flat", 0, 250_000, 200),), 5),
    lambda s, at, b: e.Reading(s, at, b, 1000, (), 0, e.FLAG_HELD),
    *(lambda s, at, b, cause=cause: e.Doubtful(s, at, b, 7, cause) for cause in (BACKWARDS, JUMPED)),
    *(lambda s, at, b, cause=cause: e.Rebased(s, at, b, 77, 1000, cause) for cause in (RETURNED, JUMPED)),
    lambda s, at, b: e.Exchanged(s, at, b, 4, "m9", 10, 1100),
    lambda s, at, b: e.TimeLedBack(s, NOW - 2 * DAY, b, 4, NOW),
    *(lambda s, at, b, amount=amount: e.CreditApplied(s, at, b + amount, 4, "c1", amount, "", TID) for amount in (5, NANO)),
    lambda s, at, b: e.CreditByCode(s, at, b + NANO, 7000, NANO, "page"),
    lambda s, at, b: e.DebitApplied(s, at, b - NANO, 4, "d1", NANO, "why"),
    lambda s, at, b: e.Recognised(s, at, b, 4, TID, "c1"),
    lambda s, at, b: e.Refused(s, at, b, 4, "why", TID),
    lambda s, at, b: e.TariffApplied(s, at, b, 4, NOW, TARIFF),
    lambda s, at, b: e.TenancyChanged(s, at, b, 4, NOW + 2 * DAY, NOW + DAY),
    lambda s, at, b: e.SettingsApplied(s, at, b, 4, Settings()),
    lambda s, at, b: e.Relay(s, at, b, True, "credit"),
    lambda s, at, b: e.Relay(s, at, b, False, OFF_HOURS),
    *(lambda s, at, b, kind=kind: e.Event(s, at, b, str(kind), "over-voltage") for kind in EventKind),
    lambda s, at, b: e.Event(s, at, b, "key-changed", ROLLOVER),
    *orders(),
]  # fmt: skip
FIRST_ENTRIES = [
    lambda s, at, b: e.Event(s, at, b, "clock-set"),
    lambda s, at, b: e.Doubtful(s, at, b, 7, BACKWARDS),
]


def test_each_entry_moves_what_the_theory_says_and_nothing_else():
    moved = {}
    for account, entries in ((eventful, ENTRIES), (newly_installed, FIRST_ENTRIES)):
        for entry in entries:
            kind, fields = moved_by(entry, account())
            moved.setdefault(kind, set()).update(fields)
    said = {}
    for cell, fields in table("What each entry moves"):
        (kind,) = quoted(cell)
        said.setdefault(kind, set()).update(quoted(fields))
    assert said == moved


# -- the states of the supply --------------------------------------------------------------------------------------------


def entry_of(kind, name, account):
    """The entry that a cell of the theory names."""
    account.seq, at, balance = account.seq, account.at + 1, account.balance
    if kind == "order":
        return e.OnSite(account.seq + 1, at, 0 if name == "clear-credit" else balance, order(name), "x")
    if kind == "event":
        return e.Event(account.seq + 1, at, balance, name, "over-voltage")
    if kind == "relay":
        return e.Relay(account.seq + 1, at, balance, name == "closed", name)
    if name == "settings":
        return e.SettingsApplied(account.seq + 1, at, balance, account.command + 1, Settings(zone="UTC"))
    if name == "credit":
        return e.CreditApplied(account.seq + 1, at, balance + 9 * NANO, account.command + 1, "c1", 9 * NANO)
    return e.CreditByCode(account.seq + 1, at, balance + 9 * NANO, 7000, 9 * NANO, "page")


ALL_NAMED = [
    *(("order", name) for name in ORDERS if name != "set-pin"),
    *(("event", str(kind)) for kind in EventKind),
    *(("relay", name) for name in ("closed", EXHAUSTED, OFF_HOURS)),
    *(("entry", name) for name in ("settings", "credit", "code")),
]


def plain():
    made = Account()
    made.at, made.settings = NOW, SETTINGS
    return made


def named_in(cell):
    """Pairs of kind and name that a cell says; an order, an event or a relay's reason where it says so."""
    found = set()
    for part in cell.split(";"):
        kind = next((word for word in ("order", "event", "relay") if part.strip().startswith(word)), "entry")
        found |= {(kind, name) for name in quoted(part)}
    return found


def states():
    """The fields of the supply's states, each with what begins and what ends it."""
    said = {}
    for field, _, begins, ends in table("States of the supply"):
        begin, end = said.setdefault(*quoted(field), (set(), set()))
        begin |= named_in(begins)
        end |= named_in(ends)
    return said


@pytest.mark.parametrize("field", states())
def test_each_state_of_the_supply_begins_and_ends_as_the_theory_says(field):
    begins, ends = states()[field]
    begun, ended = set(), set()
    for first in ALL_NAMED:
        account = plain()
        account.apply(entry_of(*first, account))
        if not getattr(account.supply, field):
            continue
        begun.add(first)
        for second in ALL_NAMED:
            after = Account.load(account.dump())
            entry = entry_of(*second, after)
            if isinstance(entry, e.OnSite) and second == ("order", "limit") and field == "limit":
                entry = msgspec.structs.replace(entry, action=ORDERS["limit"](0))
            after.apply(entry)
            if not getattr(after.supply, field):
                ended.add(second)
    trips = {("event", kind) for kind in map(str, EventKind) if kind.endswith("-trip")}
    assert (begun - trips if field in ("locks", "unsafe") else begun) == begins - trips
    assert ended == ends
    assert begins & begun


def test_a_snapshot_forgets_nothing_of_the_state():
    account = eventful()
    again = Account.load(account.dump())
    assert again.versions[0].calendar.tariff == TARIFF
    for name, value in vars(account).items():
        if not name.startswith("_"):
            assert name in snapshot.Saved.__struct_fields__
            assert getattr(again, name) == value or name == "versions", name
