"""What keeps an automatic top-up from paying once more: money that came and lies somewhere, money that went back, and an end that
meets an agreement.
"""

from dataclasses import replace

import pytest

from prewatt.kernel.units import DAY
from prewatt.server.automatic import charging
from prewatt.server.automatic.agreeing import current, end, look
from prewatt.server.automatic.charging import charge_what_is_due
from prewatt.server.automatic.models import AutomaticTopUp
from prewatt.server.payments.models import Payment
from prewatt.server.payments.paying import confirm
from prewatt.server.payments.providers.interface import Cause, Step, TakenBackReport
from prewatt.server.payments.taken_back import hear
from tests.server.automatic.test_automatic import SOON, TERMS, arrive, page, told

pytestmark = pytest.mark.database


def test_what_was_paid_and_cannot_be_credited_is_not_paid_again_the_next_day(
    agreed, tenancy, providers, clock, monkeypatch
):
    def short(merchant, report, seen_by):
        return confirm(merchant, replace(report, amount=report.amount - 1), seen_by)

    monkeypatch.setattr(charging, "confirm", short)
    for _day in range(2):
        charge_what_is_due()
        clock.at += DAY
    assert [each.state for each in Payment.objects.all()] == ["held"] and current(tenancy).state == "paused"
    ((_title, text),) = told(tenancy)
    assert "19.99" in text


def test_what_is_taken_back_is_not_asked_for_again_the_next_day(agreed, edge, store, tenancy, providers, clock):
    charge_what_is_due()
    payment = Payment.objects.get()
    given = (payment.payment_id, payment.provider_id)
    for number, cents in enumerate((500, 1500)):
        assert current(tenancy).state == "active"
        hear(
            payment.merchant,
            TakenBackReport(f"back {number}", Cause.DISPUTE, Step.TAKEN, *given, cents, payment.currency, clock.at),
            "callback",
        )
    rule = current(tenancy)
    assert rule.state == "paused" and "taken back" in rule.reason and len(told(tenancy)) == 1
    arrive(edge, store, clock)
    assert edge.accounts["m1"].balance == 0 and charge_what_is_due() == []


@pytest.mark.parametrize("who_agrees", ["before", "after", "meanwhile", "nobody"])
def test_what_is_ended_before_anybody_heard_that_the_payer_agreed_is_forgotten_too(
    edge, tenant, tenancy, providers, stripe, clock, who_agrees, django_capture_on_commit_callbacks
):
    tenant.post(page(tenancy, "agree/"), TERMS)
    read = current(tenancy)
    card = read.link.rpartition("/")[2]
    if who_agrees in ("before", "meanwhile"):
        providers.stripe_cards.give_card(card)
    if who_agrees == "meanwhile":
        look(current(tenancy))
    with django_capture_on_commit_callbacks(execute=True):
        end(read)
    if who_agrees == "after":
        providers.stripe_cards.give_card(card)
    clock.at += SOON
    charge_what_is_due()
    assert len(providers.stripe_cards.detached) == (0 if who_agrees == "nobody" else 1)
    clock.at += 2 * DAY
    charge_what_is_due()
    assert AutomaticTopUp.objects.get().next_look_at is None and providers.stripe_cards.charges == []
