"""Whatever an enrolled gateway signs, however absurd, the head-end goes on."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from prewatt.headend.batch import GatewayView, MeterView
from prewatt.headend.ingest import plan, sort
from prewatt.kernel import entries
from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    ChangeTenancy,
    Command,
    Control,
    Debit,
    EndCode,
    GrantCredit,
    SetTariff,
    encode_entry,
    genesis,
)
from prewatt.kernel.events import EventKind
from prewatt.kernel.orders import (  # fmt: skip
    ClearCredit,
    ClearTamper,
    Close,
    Hold,
    LimitPower,
    Open,
    Release,
    Restore,
    SetPin,
    TakeEmergency,
)
from prewatt.kernel.rating import Used
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import BALANCE_MAX, INSTANT_MAX, INT64_MAX, NANO, REGISTER_MAX
from prewatt.wire import topics
from prewatt.wire.messages import Span, Upload
from prewatt.wire.signing import SigningKey, VerifyKey, seal
from tests.strategies import BEGIN, tariffs

KEY = SigningKey.from_bytes(bytes(range(32)))
FLAT = flat_tariff("flat", "EUR", "Europe/Berlin", 200_000)
COMMANDS = {
    1: Command("m1", 1, 0, SetTariff(0, FLAT)),
    2: Command("m1", 2, 0, GrantCredit("c", NANO)),
    3: Command("m1", 3, 0, GrantCredit("c", NANO)),
    4: Command("m1", 4, 0, Debit("d", NANO, "x")),
    5: Command("m1", 5, 0, ChangeTenancy(BEGIN)),
    6: Command("m1", 6, 0, GrantCredit("t", NANO, tid=1, coded=NANO // 2)),
    7: Command("m1", 7, 0, Control(ClearCredit(), "x", tid=2)),
    8: Command("m1", 8, 0, Control(Open(), "x")),
    9: Command("m1", 9, 0, EndCode(3)),
    10: Command("m1", 10, 0, Control(Release(), "x", tid=4)),
}

naturals = st.one_of(st.integers(0, 3), st.integers(0, 10**9), st.sampled_from([INT64_MAX, INT64_MAX - 1]))
registers = st.one_of(st.integers(0, 3), st.integers(0, 10**9), st.just(REGISTER_MAX))
instants = st.one_of(st.integers(BEGIN, BEGIN + 10**13), st.sampled_from([0, INSTANT_MAX]))
balances = st.one_of(registers, st.sampled_from([BALANCE_MAX, -BALANCE_MAX]))
texts = st.text(max_size=20)
useds = st.builds(Used, st.text("ab", min_size=1, max_size=3), st.integers(0, 7), st.integers(0, 10**9), registers)
tids = st.one_of(st.none(), st.integers(0, 3), st.just((1 << 24) - 1))
actions = st.one_of(
    st.sampled_from([Open(), Close(), Close(True), Hold(), Release(), TakeEmergency(), ClearTamper(), ClearCredit()]),
    st.builds(LimitPower, st.integers(0, 10**6), instants),
    st.builds(Restore, naturals, instants),
    st.builds(SetPin, texts),
)
common = {"seq": st.just(0), "at": instants, "balance": balances}
any_entry = st.one_of(
    st.builds(
        entries.Reading, **common, register=registers, used=st.lists(useds, max_size=3).map(tuple),
        charge=naturals, flags=naturals, fee=naturals, standing=naturals, tax=naturals,
        charges=st.lists(st.tuples(st.sampled_from(["demand", "levy"]), naturals), max_size=2).map(tuple),
    ),
    st.builds(entries.CreditApplied, **common, command=naturals, credit_id=st.sampled_from("cdt"), amount=naturals, tid=tids),
    st.builds(entries.CreditByCode, **common, tid=st.integers(0, 3), amount=naturals, by=texts),
    st.builds(entries.Recognised, **common, command=naturals, tid=st.integers(0, 3)),
    st.builds(entries.Controlled, **common, command=naturals, action=actions, by=texts, reason=texts, tid=tids),
    st.builds(entries.OnSite, **common, action=actions, by=texts, grant=texts, reason=texts, tid=tids),
    st.builds(entries.DebitApplied, **common, command=naturals, debit_id=st.sampled_from("cd"), amount=naturals, reason=texts),
    st.builds(entries.TenancyChanged, **common, command=naturals, effective=instants),
    st.builds(entries.TariffApplied, **common, command=naturals, effective=instants, tariff=tariffs()),
    st.builds(entries.SettingsApplied, **common, command=naturals, settings=st.builds(entries.Settings, naturals, naturals, naturals)),
    st.builds(entries.Refused, **common, command=naturals, reason=texts, tid=tids),
    st.builds(entries.Relay, **common, closed=st.booleans(), reason=texts),
    st.builds(entries.Event, **common, code=st.one_of(texts, st.sampled_from([str(kind) for kind in EventKind])), detail=texts),
)  # fmt: skip


@given(st.lists(any_entry, max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_a_journal_of_nonsense_is_taken_in_up_to_where_it_breaks(made, in_order):
    bodies, at = [], 0
    for seq, (entry, right) in enumerate(zip(made, in_order, strict=False), 1):
        at = max(at, entry.at) if right else entry.at
        bodies.append(encode_entry(msgspec.structs.replace(entry, seq=seq, at=at)))
    frame = seal(KEY, Upload("g1", 1, 1, (Span("m1", 1, tuple(bodies)),)))
    gateways = {"g1": GatewayView("g1", VerifyKey(KEY.public()), frozenset({"m1"}), (0, 0))}
    view = MeterView(Account(), genesis("m1"), COMMANDS)
    result = plan(5, sort([(topics.up("g1"), frame)], gateways), {"m1": view})
    mine = result.meters["m1"]
    assert mine.account.seq == len(mine.entries) <= len(bodies)
    assert [refusal.reason for refusal in result.refusals] in ([], ["chain"], ["newer"])
    assert abs(mine.account.balance) <= BALANCE_MAX
    # No more was credited than the credit log says, whatever the journal claims; and what it lacks, which is told.
    told = {each.seq for each in mine.unlogged}
    unknown = sum(
        new.own.amount
        for new in mine.entries
        if new.seq in told and isinstance(new.own, entries.CreditApplied | entries.CreditByCode)
    )
    assert mine.account.credited - unknown in {0, NANO // 2, NANO, 3 * NANO // 2, 2 * NANO}
    # The account can be stored and loaded, so the next batch goes on from here.
    assert Account.load(mine.account.dump()).dump() == mine.account.dump()
    # What the database keeps of it fits its columns.
    assert abs(mine.offset) <= INT64_MAX
