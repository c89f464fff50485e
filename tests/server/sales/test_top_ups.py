"""A payment is booked once and sent once, however often it is said."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from prewatt.kernel.entries import GrantCredit, decode_command
from prewatt.kernel.limits import most_paid
from prewatt.kernel.units import NANO
from prewatt.server.core.time import now
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Command, TopUp
from prewatt.server.vending.paid_amounts import new_credit_id
from prewatt.server.vending.refusals import TopUpError
from prewatt.server.vending.signed_commands import _key
from prewatt.tokens import BaseDate, tid_at
from prewatt.wire.messages import SignedCommand
from prewatt.wire.signing import VerifyKey, command_is_signed
from tests.building import set_up

pytestmark = pytest.mark.database


def test_a_top_up_is_one_transfer_and_one_signed_command(tenancy):
    made = top_up(tenancy, 20 * NANO, "c1", note="receipt 7")
    assert balance(tenant_account(tenancy)) == 20 * NANO
    command = decode_command(bytes(made.command.body))
    tid = tid_at(BaseDate.D2014, now())
    assert (command.meter, command.number) == ("m1", 3)
    assert command.order == GrantCredit("c1", 20 * NANO, tid=tid, coded=20 * NANO)
    signed = SignedCommand(bytes(made.command.body), bytes(made.command.signature))
    assert command_is_signed(VerifyKey(_key().public()), signed)
    assert made.command.state == Command.State.QUEUED


def test_commands_of_a_meter_are_numbered_without_a_gap(tenancy):
    for _ in range(3):
        top_up(tenancy, NANO, new_credit_id())
    assert list(Command.objects.filter(meter__name="m1").values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert Meter.objects.get(name="m1").commands == 5


def test_the_same_credit_id_again_is_the_same_top_up(tenancy):
    assert top_up(tenancy, NANO, "c1") == top_up(tenancy, NANO, "c1")
    assert (TopUp.objects.count(), Transfer.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("amount", "credit_id", "says"),
    [
        (0, "c1", "more than 0"),
        (-NANO, "c1", "more than 0"),
        (most_paid("EUR") + 1, "c1", "at most 100,000.00"),
        (NANO, "", "1 to 40"),
        (NANO, "c" * 41, "1 to 40"),
        (2 * NANO, "known", "another top-up"),
    ],
)
def test_a_top_up_that_cannot_be_changes_nothing(tenancy, amount, credit_id, says):
    top_up(tenancy, NANO, "known")
    before = (TopUp.objects.count(), Transfer.objects.count(), Command.objects.count())
    with pytest.raises(TopUpError, match=says):
        top_up(tenancy, amount, credit_id)
    assert (TopUp.objects.count(), Transfer.objects.count(), Command.objects.count()) == before


def test_a_credit_id_of_another_tenant_is_refused(tenancy):
    top_up(tenancy, NANO, "c1")
    with pytest.raises(TopUpError, match="another top-up"):
        top_up(Tenancy.objects.get(tenant="Ben"), NANO, "c1")


def test_who_has_moved_out_cannot_top_up(tenancy, clock):
    tenancy.ends = clock.now() + 1
    tenancy.save()
    assert top_up(tenancy, NANO, "c1")
    clock.at += 1
    with pytest.raises(TopUpError, match="has ended"):
        top_up(tenancy, NANO, "c2")


def test_two_clicks_at_the_same_moment_are_one_payment_and_two_payments_are_two(transactional_db, clock):
    set_up(clock)
    tenant = Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")

    def pay(credit_id):
        try:
            return top_up(tenant, NANO, credit_id).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(pay, ["a", "a", "a", "b", "b", "c"]))
    assert len(set(made)) == 3
    assert balance(tenant_account(tenant)) == 3 * NANO
    assert list(Command.objects.filter(meter__name="m1").values_list("number", flat=True)) == [1, 2, 3, 4, 5]
