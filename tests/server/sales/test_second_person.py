"""Twelve times just under the limit, by each way by which money can go, and mixed: one person is stopped at the limit."""

import pytest

from prewatt.kernel.orders import Restore
from prewatt.kernel.units import DAY, NANO
from prewatt.server.billing.debts import owe
from prewatt.server.billing.models import WriteOff
from prewatt.server.billing.owed import pay_out
from prewatt.server.billing.write_offs import write_off
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.sales.giving_back import give, put_right, refund
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.controls import ControlError, control
from prewatt.server.vending.emergency_bounds import EmergencyError
from prewatt.server.vending.emergency_codes import make
from prewatt.server.vending.models import Adjustment, PayOut
from prewatt.server.vending.refusals import GivingBackError
from tests.server.sales.test_giving_back import edge, manager, owner, second  # noqa: F401

pytestmark = pytest.mark.database


def goodwill(tenancy, amount, by, number):
    return give(tenancy, amount, f"g{tenancy.pk} {number}", by, "x").state == Adjustment.State.DONE


def correction_of_an_answer(tenancy, amount, by, number):
    of = Reference(Of.ALARM, 1000 + number)
    return put_right(tenancy, amount, of, by, "x", second=False).state == Adjustment.State.DONE


def correction_of_a_charge(tenancy, amount, by, number):
    return put_right(tenancy, amount, f"c{tenancy.pk} {number}", by, "x").state == Adjustment.State.DONE


def restoration(tenancy, amount, by, _number):
    control(tenancy.unit.meter, Restore(amount), by)
    return True


def emergency_code(tenancy, amount, by, _number):
    make(tenancy.unit.property, [tenancy.unit.meter], amount, 7, by)
    return True


def refund_by_hand(tenancy, amount, by, number):
    # What is given back was paid: who does both sends the landlord's money where they like.
    top_up(tenancy, amount, f"r{tenancy.pk} {number}")
    pay_out(refund(tenancy, amount, by, "x"), by, way="transfer", number="DE02")
    return True


def written_off_debt(tenancy, amount, by, number):
    debt = owe(tenancy, amount, Reference(Of.SETTLEMENT, 1000 + number), "x", 0)
    return write_off(debt, by, "x").state == WriteOff.State.DONE


ALONE = (goodwill, correction_of_an_answer, restoration, emergency_code, refund_by_hand)
NEVER_ALONE = (correction_of_a_charge, written_off_debt)


def taken(way, tenancy, amount, by, number):
    """The amount if one person got it out alone."""
    try:
        return amount if way(tenancy, amount, by, number) else 0
    except (ControlError, EmergencyError, GivingBackError):
        return 0


@pytest.fixture
def everywhere(edge):  # noqa: F811
    """As many and as large codes as can be are allowed: the limit of one person alone is left."""
    Property.objects.update(emergency_code_amount=1000, emergency_code_number=50)
    return [
        Tenancy.objects.select_related("unit__property__organisation", "unit__meter").get(tenant=each)
        for each in ("Anna", "Ben")
    ]


@pytest.mark.parametrize("way", ALONE, ids=lambda way: way.__name__)
def test_just_under_the_limit_is_given_alone_once(way, everywhere, manager):  # noqa: F811
    assert sum(taken(way, each, 49 * NANO, manager, n) for n in range(6) for each in everywhere) == 49 * NANO


@pytest.mark.parametrize("way", NEVER_ALONE, ids=lambda way: way.__name__)
def test_some_of_it_nobody_does_alone(way, everywhere, manager):  # noqa: F811
    assert sum(taken(way, everywhere[0], 1 * NANO, manager, n) for n in range(3)) == 0


def test_all_ways_together_count_as_one(everywhere, manager, second, clock):  # noqa: F811
    def all_of_it(by, start):
        return sum(
            taken(way, each, 9 * NANO, by, start + n)
            for n, each in enumerate(everywhere * 6)
            for way in ALONE[n % 5 :] + ALONE[: n % 5]
        )

    assert all_of_it(manager, 0) == 45 * NANO
    # Nor does somebody else give more at the same flat.
    assert taken(goodwill, everywhere[0], 9 * NANO, second, 700) == 0
    clock.at += 31 * DAY
    assert taken(goodwill, everywhere[0], 49 * NANO, second, 900) == 49 * NANO


def test_another_person_pays_out_what_one_has_decided(everywhere, manager, second):  # noqa: F811
    tenancy = everywhere[0]
    top_up(tenancy, 200 * NANO, "r1")
    decided = refund(tenancy, 120 * NANO, manager, "x")
    with pytest.raises(GivingBackError, match=r"more than 50\.00.*another person has to pay it out"):
        pay_out(decided, manager)
    assert not PayOut.objects.exists()
    pay_out(decided, second)
    assert PayOut.objects.get().amount == 120 * NANO
    # And it does not count for either of them.
    assert taken(goodwill, tenancy, 50 * NANO, manager, 1) == 50 * NANO
