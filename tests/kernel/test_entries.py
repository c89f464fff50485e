import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel import entries
from prewatt.kernel.entries import (
    MAX_ENTRY,
    ChangeSettings,
    ChangeTenancy,
    Command,
    Control,
    CreditApplied,
    Debit,
    EntryError,
    Event,
    GrantCredit,
    Reading,
    Record,
    SetTariff,
    Settings,
    UnknownOrder,
    chain,
    decode_command,
    decode_entry,
    encode_command,
    encode_entry,
    genesis,
)
from prewatt.kernel.orders import Hold
from prewatt.kernel.rating import Used
from prewatt.kernel.recovery import JournalDamaged, recover
from prewatt.kernel.units import BALANCE_MAX, INSTANT_MAX, INT64_MAX, NANO, PRICE_MAX, REGISTER_MAX
from tests.strategies import tariffs

instants = st.integers(0, INSTANT_MAX)
registers = st.integers(0, REGISTER_MAX)
balances = st.integers(-BALANCE_MAX, BALANCE_MAX)


useds = st.builds(Used, st.text("ab", min_size=1), st.integers(0, 7), st.integers(0, PRICE_MAX), registers)


@given(instants, registers, balances, st.lists(useds, max_size=3).map(tuple), st.integers(0, INT64_MAX))
def test_an_entry_reads_back(at, register, balance, used, more):
    entry = Reading(1, at, balance, register, used, 5, 0, more, more, more, more, more)
    assert decode_entry(encode_entry(entry)) == entry


@pytest.mark.parametrize(
    ("at", "register", "balance"),
    [(INSTANT_MAX + 1, 0, 0), (-1, 0, 0), (0, REGISTER_MAX + 1, 0), (0, 0, BALANCE_MAX + 1), (0, 0, -BALANCE_MAX - 1)],
)
def test_an_entry_out_of_bounds_is_refused(at, register, balance):
    with pytest.raises(EntryError):
        decode_entry(encode_entry(Reading(1, at, balance, register, (), 0)))


def test_a_nul_is_read_as_a_sign_that_every_database_holds_and_stays_in_the_bytes():
    body = encode_entry(CreditApplied(1, 5, NANO, 1, "a\0", NANO, "\0b", of=b"\0name"))
    assert decode_entry(body) == CreditApplied(1, 5, NANO, 1, "a\ufffd", NANO, "\ufffdb", of=b"\0name")
    assert b"a\0" in body
    order = Control(Hold(), "\0", "why\0")
    assert decode_command(encode_command(Command("m1", 1, 0, order))).order == Control(Hold(), "\ufffd", "why\ufffd")
    told = Event(1, 0, 0, "code", r"\u0000 \\u0000")
    assert decode_entry(encode_entry(told)) == told


@given(tariffs())
def test_a_command_reads_back(tariff):
    for order in (
        GrantCredit("c1", 10),
        GrantCredit("c1", 10, "correction"),
        Debit("d1", 10, "stairs"),
        ChangeTenancy(5),
        ChangeSettings(Settings(1, 2, 3)),
        SetTariff(5, tariff),
    ):
        command = Command("m1", 7, 3, order)
        assert decode_command(encode_command(command)) == command


@given(st.binary(max_size=200))
def test_noise_is_refused_never_a_crash(noise):
    for decode in (decode_entry, decode_command):
        try:
            decode(noise)
        except EntryError:
            continue


@given(st.data())
def test_an_entry_with_a_flipped_bit_is_refused_or_another_entry(data):
    body = bytearray(encode_entry(Event(3, 4, 5, "power-up", "x")))
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        decode_entry(bytes(body))
    except EntryError:
        return


def test_an_oversized_entry_is_refused_unread():
    with pytest.raises(EntryError, match="limit"):
        decode_entry(b"\xc0" * (MAX_ENTRY + 1))


def test_a_field_of_a_later_version_is_passed_over():
    fields = {"kind": "event", "seq": 1, "at": 2, "balance": 3, "code": "power-up", "colour": "green"}
    assert decode_entry(msgspec.msgpack.encode(fields)) == Event(1, 2, 3, "power-up")


def test_an_order_of_a_later_version_still_has_its_number():
    later = {"meter": "m1", "number": 4, "issued": 1, "order": {"kind": "dance"}}
    assert decode_command(msgspec.msgpack.encode(later)) == UnknownOrder("m1", 4)


@pytest.mark.parametrize("name", ["", " x", "x ", "a/b", "a\nb", "x" * 65])
def test_a_meter_name_that_cannot_be(name):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, entries.MeterName)


@pytest.mark.parametrize("name", ["1", "h10006414", "Haus 3, links", "电表-7"])
def test_a_meter_name_that_can(name):
    assert msgspec.convert(name, entries.MeterName) == name


def _journal(count):
    records, head = [], genesis("m")
    for seq in range(1, count + 1):
        body = encode_entry(Event(seq, seq, 0, "power-up"))
        head = chain(head, body)
        records.append(Record(seq, body, head))
    return records


@given(st.integers(1, 8), st.data())
def test_a_torn_last_record_is_dropped_and_nothing_before_it(count, data):
    records = _journal(count)
    last = records[-1]
    records[-1] = Record(last.seq, last.body[: data.draw(st.integers(0, len(last.body) - 1))], last.hash)
    assert recover(genesis("m"), 1, records) == (count - 1, True)


def test_a_whole_journal_stays_whole():
    assert recover(genesis("m"), 1, _journal(5)) == (5, False)


@given(st.integers(2, 8), st.data())
def test_damage_before_the_last_record_is_no_torn_write(count, data):
    records = _journal(count)
    index = data.draw(st.integers(0, count - 2))
    records[index] = records[index]._replace(body=records[index].body + b"x")
    with pytest.raises(JournalDamaged, match=f"record {index + 1}"):
        recover(genesis("m"), 1, records)


def test_chains_of_two_meters_differ():
    assert genesis("m1") != genesis("m2")
