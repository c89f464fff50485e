"""An id of a program's own stands for one thing: the same facts again are the same thing, and others a conflict that is named."""

import pytest

from prewatt.kernel.units import NANO
from prewatt.server.correspondence.models import Entry, Report
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Gateway
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.sales.giving_back import refund
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Refund, TopUp
from tests.server.payments.players.server import METHODS

pytestmark = pytest.mark.django_db


def conflicts(program, path, first, **other):
    """What the API answers to the same id with other facts. Nothing is booked for it, and the first facts are still taken."""
    assert program("post", path, first).status_code in (200, 201)
    before = Transfer.objects.count()
    answer = program("post", path, {**first, **other})
    assert answer.status_code == 409, answer.content
    again = program("post", path, first)
    assert again.status_code in (200, 201)
    assert Transfer.objects.count() == before
    (error,) = answer.json()["errors"]
    return error["field"], error["message"].partition("Use a new ")[2].partition(". ")[2]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"amount": "6.00"}, "Amount: 5.00 before, 6.00 now."),
        ({"way": "transfer"}, "Way to pay: Cash received before, Bank now."),
        ({"receipt": "R-2"}, "Receipt: R-1 before, R-2 now."),
        (
            {"amount": "6.00", "way": "transfer"},
            "Amount: 5.00 before, 6.00 now. Way to pay: Cash received before, Bank now.",
        ),
    ],
)
def test_a_known_credit_id_with_other_facts_is_a_conflict(program, tenancy, other, said):
    first = {"amount": "5.00", "credit_id": "c1", "receipt": "R-1", "way": "cash"}
    assert conflicts(program, f"tenancies/{tenancy.pk}/top-ups", first, **other) == ("credit_id", said)


def test_a_receipt_may_be_left_out_when_a_payment_is_sent_again(program, tenancy):
    path, given = f"tenancies/{tenancy.pk}/top-ups", {"amount": "5.00", "credit_id": "c1"}
    assert program("post", path, {**given, "receipt": "R-1"}).status_code == 201
    assert program("post", path, given).status_code == 201
    assert TopUp.objects.get().receipt == "R-1"


def test_a_credit_id_of_another_tenant_is_a_conflict_that_says_nothing_of_them(program, tenancy):
    top_up(Tenancy.objects.get(tenant="Ben"), 7 * NANO, "c1")
    answer = program("post", f"tenancies/{tenancy.pk}/top-ups", {"amount": "5.00", "credit_id": "c1"})
    assert answer.status_code == 409
    message = "The credit id c1 belongs to another top-up. Use a new id."
    assert answer.json()["errors"] == [{"field": "credit_id", "message": message}]


def test_the_id_of_a_payment_that_was_undone_is_a_conflict(program, tenancy, admin_user):
    path, given = f"tenancies/{tenancy.pk}/top-ups", {"amount": "5.00", "credit_id": "c1"}
    assert program("post", path, given).status_code == 201
    reverse_top_up(TopUp.objects.get(), admin_user, "never paid")
    answer = program("post", path, given)
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        409,
        "This payment was undone. Use another id for a new payment.",
    )


@pytest.mark.parametrize("call", ["goodwill", "adjustments"])
def test_a_known_adjustment_id_with_other_facts_is_a_conflict(program, tenancy, call):
    first = {"amount": "1.00", "adjustment_id": "a1", "reason": "lift"}
    said = "Amount: 1.00 before, 2.00 now. Reason: lift before, roof now."
    path = f"tenancies/{tenancy.pk}/{call}"
    assert conflicts(program, path, first, amount="2.00", reason="roof") == ("adjustment_id", said)


def test_a_known_pay_out_id_with_other_facts_is_a_conflict(program, tenancy, admin_user):
    Gateway.objects.update(is_online=True)
    top_up(tenancy, 20 * NANO, "c1")
    refund(tenancy, 10 * NANO, admin_user, "paid twice")
    path = f"refunds/{Refund.objects.get().pk}/pay-outs"
    first = {"amount": "5.00", "way": "cash", "day": "2025-10-06", "number": "N-1", "pay_out_id": "p1"}
    said = (
        "Amount: 5.00 before, all that is left now. Way to pay: cash before, transfer now. "
        "Receipt or reference: N-1 before, N-2 now. Day: 2025-10-06 before, 2025-10-05 now."
    )
    other = {"amount": None, "way": "transfer", "day": "2025-10-05", "number": "N-2"}
    assert conflicts(program, path, first, **other) == ("pay_out_id", said)


def test_a_known_name_of_a_payment_at_a_provider_with_another_amount_is_a_conflict(program, tenancy, merchants):
    first = {"merchant": merchants["stripe"].pk, "method": METHODS["stripe"], "amount": "5.00", "asked": "b1"}
    path = f"tenancies/{tenancy.pk}/payments"
    assert conflicts(program, path, first, amount="6.00") == ("asked", "Amount: 5.00 before, 6.00 now.")


def test_a_known_name_of_a_note_with_another_text_is_a_conflict(program, tenancy):
    path = f"organisations/{tenancy.unit.property.organisation_id}/notes"
    first = {"asked": "1", "title": "Lift", "text": "It stands.", "everybody": True}
    assert conflicts(program, path, first, text="It runs.") == ("asked", "")


def test_a_report_or_an_answer_that_comes_under_a_known_name_with_another_text_is_not_lost(program, tenancy, log_in):
    first = {"asked": "1", "category": "meter", "text": "It hums."}
    assert conflicts(program, f"tenancies/{tenancy.pk}/reports", first, text="It smokes.")[0] == "asked"
    assert conflicts(program, f"tenancies/{tenancy.pk}/reports", first, category="wiring")[0] == "asked"
    path = f"reports/{Report.objects.get().pk}/entries"
    assert conflicts(program, path, {"asked": "2", "text": "We come."}, text="We come on Friday.")[0] == "asked"
    assert Entry.objects.count() == 2
    # On the page, where it is shown again with a name of its own, it is sent once more.
    tenant, given = log_in("flat1"), {"asked": "7", "category": "meter"}
    tenant.post("/me/reports/", {**given, "text": "No light."})
    page = tenant.post("/me/reports/", {**given, "text": "No light in the cellar."}, follow=True).content.decode()
    assert "Something else was written under this name before." in page and "No light in the cellar." in page
    assert Report.objects.count() == 2
