"""Vending: each top-up has a code, which the gateway's decoder reads; codes for other makers' meters; keys at rest."""

from dataclasses import replace

import pytest
from django.conf import settings as django_settings
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.edge.code_meanings import Credit, Show
from prewatt.edge.codes import read_code
from prewatt.edge.key_state import KeyState
from prewatt.kernel.entries import Control, GrantCredit, decode_command
from prewatt.kernel.orders import ClearCredit, ClearTamper, LimitPower
from prewatt.kernel.units import MINUTE, NANO
from prewatt.server.estate.models import Organisation
from prewatt.server.ledger.books import account, balance, tenant_account
from prewatt.server.ledger.models import Account as Ledger
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.metering.models import Alarm, JournalEntry, Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.adjustments import level
from prewatt.server.vending.codes import codable
from prewatt.server.vending.key_change import change_key
from prewatt.server.vending.management_codes import vend_management
from prewatt.server.vending.meter_keys import held_key
from prewatt.server.vending.meter_numbers import register
from prewatt.server.vending.models import Code, Command, SupplyGroup, TokenMeter
from prewatt.server.vending.refusals import VendError
from prewatt.server.vending.security import SecurityError, SoftwareModule, security_module
from prewatt.server.vending.sold_codes import vend_money, vend_units
from prewatt.server.vending.supply_groups import KeyAttributes, add_group
from prewatt.tokens import (
    CurrencyCredit,
    Function,
    UnitCredit,
    account_number,
    cipher,
    decode,
)
from tests.gateway import Edge, take

VENDING = bytes.fromhex("abababababababab949494949494949401234567")


def held(name):
    told = held_key(Meter.objects.get(name=name))
    return KeyState(**{**told, "key": bytes.fromhex(told["key"])})


def test_the_code_of_a_top_up_is_what_the_gateway_reads(tenancy, clock):
    made = top_up(tenancy, 20 * NANO, "c1")
    code = made.command.code
    order = decode_command(bytes(made.command.body)).order
    assert isinstance(order, GrantCredit)
    assert read_code(held("m1"), clock.now(), code.digits, "EUR") == Credit(order.tid, 20 * NANO)
    with pytest.raises(ValueError, match="another meter"):
        read_code(held("m2"), clock.now(), code.digits, "EUR")


def test_two_payments_of_one_minute_have_codes_of_their_own(tenancy):
    first, second = (top_up(tenancy, 20 * NANO, each).command for each in ("c1", "c2"))
    assert second.tid == first.tid + 1
    assert first.code.digits != second.code.digits


@pytest.mark.parametrize(
    ("amount", "carried"),
    [
        ("20.00", "20.00"), ("0.01", "0.01"), ("0.16", "0.16"), ("123.40", "123.40"), ("123.45", "123.45"),
        ("1638.30", "1638.30"), ("1234.56", "1234.5"), ("99999.99", "99990"),
    ],
)  # fmt: skip
def test_what_a_code_can_not_carry_comes_with_the_command(tenancy, clock, amount, carried):
    from prewatt.kernel.units import parse_money

    nano, code = parse_money(amount), parse_money(carried)
    assert codable(nano) == code
    made = top_up(tenancy, nano, "c1")
    order = decode_command(bytes(made.command.body)).order
    assert (order.amount, order.coded) == (nano, code)
    assert read_code(held("m1"), clock.now(), made.command.code.digits, "EUR").amount == code


def test_what_is_too_little_for_a_code_has_none():
    assert (codable(10_001), codable(1000)) == (10_000, 0)


def test_typed_in_an_outage_and_then_the_command_the_books_say_which_way(building, tenancy, store, clock):
    edge = Edge(building.code, clock)
    edge.obey("m1")
    made = top_up(tenancy, 20 * NANO, "c1")
    clock.at += MINUTE
    mine = edge.accounts["m1"]
    edge.append("m1", mine.by_code(clock.now(), made.command.tid, 20 * NANO, "page"))
    edge.deliver(store)
    command = Command.objects.get(pk=made.command.pk)
    assert (command.state, command.way, command.reached_at) == ("queued", "code", clock.now())
    edge.obey("m1")
    edge.deliver(store)
    command.refresh_from_db()
    assert (command.state, command.way) == ("applied", "code")
    assert Meter.objects.get(name="m1").balance == 20 * NANO == balance(tenant_account(tenancy))
    assert JournalEntry.objects.filter(meter__name="m1", kind="recognised").count() == 1


def test_the_other_order_says_command(building, tenancy, store, clock):
    edge = Edge(building.code, clock)
    made = top_up(tenancy, 20 * NANO, "c1")
    edge.obey("m1")
    edge.deliver(store)
    command = Command.objects.get(pk=made.command.pk)
    assert (command.state, command.way) == ("applied", "command")
    with pytest.raises(ValueError, match="used"):
        edge.accounts["m1"].by_code(clock.now(), command.tid, 20 * NANO, "page")


def test_a_code_that_the_credit_log_never_made_is_an_alarm(building, tenancy, store, clock):
    edge = Edge(building.code, clock)
    edge.obey("m1")
    edge.append("m1", edge.accounts["m1"].by_code(clock.now(), 77, 20 * NANO, "page"))
    take(store, edge.upload("m1"))
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.data["tid"], alarm.data["amount"]) == ("unbooked", 77, 20 * NANO)
    assert balance(tenant_account(tenancy)) == 0, "the books do not know of it until a person does"


def test_credit_that_a_code_clears_is_owed_back(building, tenancy, store, clock):
    edge = Edge(building.code, clock)
    top_up(tenancy, 20 * NANO, "c1")
    edge.obey("m1")
    code = vend_management(TokenMeter.objects.get(meter__name="m1"), Function.CLEAR_CREDIT)
    order = decode_command(bytes(code.command.body)).order
    assert isinstance(order, Control)
    meaning = read_code(held("m1"), clock.now(), code.digits, "EUR")
    assert (meaning.tid, meaning.action) == (order.tid, ClearCredit())
    clock.at += MINUTE
    edge.append("m1", edge.accounts["m1"].on_site(clock.now(), meaning.action, "page", tid=meaning.tid))
    edge.obey("m1")
    edge.deliver(store)
    owner = tenancy.unit.property.organisation
    assert balance(tenant_account(tenancy)) == 0 == Meter.objects.get(name="m1").balance
    assert balance(account(owner, Ledger.Kind.REFUNDS)) == 20 * NANO


# -- other makers' meters ------------------------------------------------------------------------------------------------


@pytest.fixture
def group(building):
    return add_group(Organisation.objects.get(), "123457", VENDING)


def read_by_meter(group, number, code, vending=VENDING):
    key = group.key_for(account_number(number))
    return decode(code.digits, cipher(key.algorithm, key.decoder_key(vending)))


def test_a_keypad_meter_reads_what_it_is_sold(group):
    meter = register(group, "00000000018", "Kiosk")
    first, second = vend_units(meter, 256), vend_money(meter, 123_400_000_000)
    assert read_by_meter(group, "00000000018", first) == UnitCredit(first.tid, 256)
    assert read_by_meter(group, "00000000018", second).amount // 10**3 * 10**3 == 12_340_000
    assert isinstance(read_by_meter(group, "00000000018", second), CurrencyCredit)
    assert second.tid == first.tid + 1
    limit = vend_management(meter, Function.SET_POWER_LIMIT, 1000)
    assert (read_by_meter(group, "00000000018", limit).value, limit.command) == (1000, None)
    assert Code.objects.filter(token_meter=meter).count() == 3


def test_a_landlord_key_of_the_older_generation_sells_too(building):
    old = add_group(Organisation.objects.get(), "123456", bytes(8), KeyAttributes(dkga=2, algorithm=7))
    meter = register(old, "0100000000008", "Shed")
    assert read_by_meter(old, "0100000000008", vend_units(meter, 1), bytes(8)).amount == 1


def test_a_key_change_brings_a_meter_of_the_first_base_date_over(group):
    """The minutes of 1993 ran out in November 2024: only a key change with rollover helps such a meter."""
    old = add_group(group.organisation, "123458", VENDING, KeyAttributes(base=1993))
    meter = register(old, "00000000018", "Kiosk")
    with pytest.raises(VendError, match="16777215 minutes"):
        vend_units(meter, 1)
    codes = change_key(meter, group, 3)
    parts = [read_by_meter(old, "00000000018", each) for each in codes]
    assert [each.section for each in parts] == [1, 2, 3, 4] and parts[0].rollover
    meter.refresh_from_db()
    assert (meter.group, meter.tariff_index, meter.last_tid) == (group, 3, -1)
    assert vend_units(meter, 1).tid > 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda group: register(group, "00000000019", "x"), "check digit"),
        (lambda group: register(group, "12", "x"), "11 or 13"),
        (lambda group: vend_units(register(group, "00000000018", "x"), 0), "must be more than 0"),
        (lambda group: vend_units(register(group, "00000000018", "x"), 10**9), "carry exactly this energy"),
        (lambda group: vend_money(register(group, "00000000018", "x"), 1_234_567_000_000), "four digits"),
        (lambda group: vend_units(TokenMeter.objects.get(meter__name="m1"), 1), "counts money"),
        (lambda group: add_group(group.organisation, "123457", VENDING), "already"),
        (lambda group: add_group(group.organisation, "12345", VENDING), "supply_group"),
        (lambda group: add_group(group.organisation, "123456", bytes(8)), "20 bytes"),
        (lambda group: change_key(TokenMeter.objects.get(meter__name="m1"), group, 100), "tariff_index"),
    ],
)
def test_what_can_not_be_vended_is_said_and_changes_nothing(group, wrong, said):
    codes = Code.objects.count()
    with pytest.raises(VendError, match=said):
        wrong(group)
    assert (Code.objects.count(), SupplyGroup.objects.filter(is_own=False).count()) == (codes, 1)


def test_vending_keys_are_sealed_at_rest_and_only_by_this_server(group):
    assert VENDING not in bytes(group.sealed)
    with pytest.raises(SecurityError, match=r"vending\.key"):
        SoftwareModule(bytes(32)).decoder_key(bytes(group.sealed), group.key_for(account_number("00000000018")))
    path = django_settings.CONFIG.home / "vending.key"
    assert path.stat().st_mode & 0o077 == 0


def test_the_module_can_be_another_one(group):
    """Whoever answers to the interface will do: a hardware module keeps references in the place of sealed keys."""

    class Hardware:
        keys = {b"slot 1": VENDING}

        def decoder_key(self, sealed, meter):
            return meter.decoder_key(self.keys[sealed])

    key = replace(group.key_for(account_number("00000000018")))
    assert Hardware().decoder_key(b"slot 1", key) == security_module().decoder_key(bytes(group.sealed), key)


def test_management_codes_by_command_are_read_by_the_gateway(building, clock):
    def made(*arguments):
        result = CliRunner().invoke(app, ["meter", "token", "Flat 1", *arguments])
        assert result.exit_code == 0, result.output
        return [line.split("  ")[0].replace(" ", "") for line in result.output.splitlines()]

    before = held("m1")
    (limit,) = made("set-power-limit", "--watts", "1500")
    assert read_code(before, clock.now(), limit, "EUR").action == LimitPower(1500)
    sections = made("change-key")
    state = before
    for digits in sections:
        changed = read_code(state, clock.now(), digits, "EUR")
        state = changed.state
    assert changed.complete and state == held("m1") and state.revision == 2
    (tamper,) = made("clear-tamper")
    assert read_code(state, clock.now(), tamper, "EUR").action == ClearTamper()
    (test,) = made("test")
    assert read_code(state, clock.now(), test, "EUR") == Show()
    wrong = CliRunner().invoke(app, ["meter", "token", "Flat 1", "explode"])
    assert wrong.exit_code == 2 and "is not a known kind of token" in wrong.output


def test_a_settlement_knows_what_a_code_has_brought_whose_command_is_still_on_its_way(building, tenancy, store, clock):
    edge = Edge(building.code, clock)
    edge.obey("m1")
    made = top_up(tenancy, 20 * NANO, "c1")
    clock.at += MINUTE
    edge.append("m1", edge.accounts["m1"].by_code(clock.now(), made.command.tid, 20 * NANO, "page"))
    edge.deliver(store)
    assert level(Meter.objects.get(name="m1"), Reference(Of.SETTLEMENT, 1), "nothing to level", 0) is None
