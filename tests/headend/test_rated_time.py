"""How long one gateway's journal can keep the head-end at work, whatever is in it."""

from msgspec import structs

from prewatt.headend import rated_time
from prewatt.headend.batch import GatewayView, MeterView
from prewatt.headend.ingest import plan, sort
from prewatt.kernel.account import Account
from prewatt.kernel.entries import CreditApplied, Reading, TariffApplied, TimeLedBack, encode_entry, genesis
from prewatt.kernel.tariff import DayType, Rate, Season, Switch, flat_tariff
from prewatt.kernel.units import DAY, INSTANT_MAX
from prewatt.wire import topics
from prewatt.wire.messages import Span, Upload
from prewatt.wire.signing import SigningKey, VerifyKey, seal

KEY = SigningKey.generate()
GATEWAYS = {"g1": GatewayView("g1", VerifyKey(KEY.public()), frozenset({"m1"}), (0, 0))}
BEGIN = 20_000 * DAY
SWITCHES = tuple(Switch(each * 15, "ab"[each % 2]) for each in range(96))
QUARTERS = structs.replace(
    flat_tariff("quarters", "EUR", "Europe/Berlin", 1),
    rates=(Rate("a", (1,)), Rate("b", (1,))),
    seasons=(Season("all", 1, 1, (DayType("any", tuple(range(8)), SWITCHES),)),),
)


def leaping(until, times):
    """A journal with a tariff of its own that leaps from `BEGIN` to an instant and is led back, again and again."""
    entries = [Reading(1, BEGIN, 0, 0, (), 0), TariffApplied(2, BEGIN, 0, 1, BEGIN, QUARTERS)]
    for each in range(times):
        entries.append(Reading(3 + 2 * each, until, 0, 1 + each, (), 0))
        entries.append(TimeLedBack(4 + 2 * each, BEGIN, 0, 2 + each, until))
    return tuple(encode_entry(entry) for entry in entries)


def take(bodies):
    data = seal(KEY, Upload("g1", 1, 1, (Span("m1", 1, bodies),)))
    return plan(BEGIN, sort([(topics.up("g1"), data)], GATEWAYS), {"m1": MeterView(Account(), genesis("m1"), {})})


def test_a_reading_after_centuries_is_told_and_not_rated():
    result = take(leaping(INSTANT_MAX, 90))
    assert result.meters["m1"].account.seq == 182
    assert not result.meters["m1"].charges
    assert "could not check the charge" in result.meters["m1"].differences[0].text


def test_what_takes_long_is_taken_in_part_by_part(monkeypatch):
    monkeypatch.setattr("prewatt.headend.ingest.STRETCHES_MOST", 10_000)
    assert rated_time.STRETCHES_MOST > 10_000
    result = take(leaping(BEGIN + 20 * DAY, 10))
    (receipt,) = result.receipts
    assert [(head.seq, head.resend) for head in receipt.heads] == [(6, True)]


def test_commands_that_nobody_gave_are_taken_in_part_by_part():
    """Each of them is stored and told of by itself: 500 took the head-end three seconds, and a batch holds thousands."""
    made_up = [CreditApplied(each, BEGIN, each, each, f"c{each}", 1, of=b"%d" % each) for each in range(1, 251)]
    result = take(tuple(encode_entry(entry) for entry in made_up))
    (receipt,) = result.receipts
    assert [(head.seq, head.resend) for head in receipt.heads] == [(100, True)]
    assert len(result.meters["m1"].unlogged) == 100
