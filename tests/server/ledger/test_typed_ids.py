"""Ids that people and programs type are theirs within their organisation, and never one of the books' own."""

import pytest

from prewatt.kernel.entries import Debit, decode_command
from prewatt.kernel.units import HOUR, NANO
from prewatt.server.estate.models import Organisation, Tenancy, Unit
from prewatt.server.ledger.books import balance, booked, tenant_account, trial_balance
from prewatt.server.ledger.references import Of, Reference, at_meter, is_typed, kind_at_meter
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.server.payments.bank import book_line, upload
from prewatt.server.payments.staff import record
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.sales.giving_back import give, refund
from prewatt.server.tenancies.moving import move_in, move_out, settle_what_is_due
from prewatt.server.vending.adjustments import adjust
from prewatt.server.vending.models import Adjustment, Command, TopUp
from prewatt.server.vending.refusals import GivingBackError, TopUpError
from tests.building import set_up
from tests.server.payments.paying import start_payment

pytestmark = pytest.mark.database


@pytest.fixture
def other(building, clock):
    """Ida's tenancy, at another landlord's."""
    from prewatt.server.commissioning.setup import Apartment

    flats = [Apartment("Top 1", "n1", "Ida"), Apartment("Top 2", "n2", "Jo")]
    set_up(clock, organisation="Tal Homes", name="Tal 1", apartments=flats, gateway="g2", manager="other")
    Gateway.objects.update(is_online=True)
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Ida")


@pytest.fixture
def anna(other):
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")


TAKEN = (
    "refund {}", "refund {} paid", "adjustment {}", "bank {}", "deposit {}", "undo {}", "settlement {} refund",
    "settlement {} deposit back", "share {}", "move {} in", "top-up {}",
)  # fmt: skip


def test_a_landlord_who_types_the_names_of_the_books_stops_nobody(anna, other, admin_user, clock):
    for text in TAKEN:
        for number in range(1, 8):
            record(other, NANO, text.format(number), admin_user)
    made = record(anna, 20 * NANO, "1", admin_user)
    refund(anna, 2 * NANO, "manager", "asked")
    give(anna, NANO, "1", admin_user, "the lift")
    reverse_top_up(made, "manager", "typed twice")
    (line,) = upload(anna.unit.property.organisation, b"date,amount\n2025-10-06,7.00\n", "EUR", admin_user).new
    book_line(line, anna, admin_user)
    cleo = move_in(Unit.objects.get(name="Flat 3"), "Cleo", clock.at, deposit=50 * NANO)
    clock.at += HOUR
    for tenancy in (cleo, Tenancy.objects.get(tenant="Jo")):
        move_out(tenancy, clock.at)
    Meter.objects.update(read_at=clock.at)
    assert {each.tenant for each in settle_what_is_due()} == {"Cleo", "Jo"}
    assert not Alarm.objects.exists()
    for owner in Organisation.objects.all():
        assert sum(trial_balance(owner).values()) == 0
    assert balance(tenant_account(anna)) == 6 * NANO


def test_two_landlords_who_number_alike_never_meet(anna, other, admin_user):
    for number in range(1, 4):
        mine, theirs = (record(each, number * NANO, f"{number}", admin_user, f"R-{number}") for each in (anna, other))
        assert mine != theirs and mine.credit_id == theirs.credit_id
        gifts = [give(each, number * NANO, f"{number}", admin_user, "x") for each in (anna, other)]
        assert gifts[0] != gifts[1]
    assert (TopUp.objects.count(), Adjustment.objects.count()) == (6, 6)
    assert booked(Reference(Of.TOP_UP, mine.pk)).memo == "R-3 3"
    ben = Tenancy.objects.get(tenant="Ben")
    with pytest.raises(TopUpError, match="another top-up"):
        record(ben, NANO, "1", admin_user)
    with pytest.raises(GivingBackError, match="another adjustment"):
        give(ben, NANO, "1", admin_user, "x")


@pytest.mark.parametrize("text", ["~refund 7", "~", "", "x" * 41, "a\nb"])
def test_what_the_books_name_so_is_refused_in_words(anna, admin_user, text):
    with pytest.raises(TopUpError, match="begin with ~"):
        record(anna, NANO, text, admin_user)
    with pytest.raises(GivingBackError, match="begin with ~"):
        give(anna, NANO, text, admin_user, "x")
    assert not is_typed(text) and not Adjustment.objects.exists()


def names_at(meter):
    orders = [decode_command(bytes(each.body)).order for each in Command.objects.filter(meter__name=meter)]
    return [getattr(each, "credit_id", getattr(each, "debit_id", None)) for each in orders if each]


def test_what_goes_to_a_meter_has_a_name_that_nobody_types_and_that_comes_once(anna, admin_user, clock):
    record(anna, 20 * NANO, "refund 1", admin_user)
    refund(anna, NANO, "manager", "asked")
    first = names_at("m1")[-1]
    assert not is_typed(first) and kind_at_meter(first) == Of.REFUND
    # Put back from a copy, the server gives the same numbers again, a while later.
    again = at_meter(Reference(Of.REFUND, 1), clock.at + 1)
    assert again != first and kind_at_meter(again) == Of.REFUND
    assert isinstance(
        decode_command(bytes(adjust(anna, -1, Reference(Of.SHARE, 10**9, "back"), "x", 2**52).body)).order, Debit
    )


def test_a_bank_line_has_the_same_name_after_a_copy_was_put_back(anna, admin_user):
    owner, content = anna.unit.property.organisation, b"date,amount\n2025-10-05,1.00\n2025-10-06,7.00\n"
    first = upload(owner, content, "EUR", admin_user).new[1]
    name = book_line(first, anna, admin_user).credit_id
    TopUp.objects.filter(credit_id=name).update(credit_id="gone", paid_at=0)
    owner.bank_lines.all().delete()
    again = upload(owner, b"date,amount\n2025-10-06,7.00\n", "EUR", admin_user).new[0]
    assert again.pk != first.pk
    assert book_line(again, anna, admin_user).credit_id == name


def test_a_typed_id_is_none_of_a_payment_at_a_provider(tenancy, merchants, admin_user):
    payment = start_payment(tenancy, merchants["wechat"])
    with pytest.raises(TopUpError, match="payment at a provider"):
        record(tenancy, NANO, payment.payment_id, admin_user)
    assert record(tenancy, NANO, "else", admin_user)
