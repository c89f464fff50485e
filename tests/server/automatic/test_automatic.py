"""Automatic top-ups: agreed to once at the provider, paid by themselves when the credit gets low, once, whatever is lost or
killed in between, and ended with one tap.
"""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.automatic import charging
from prewatt.server.automatic.agreeing import current, end
from prewatt.server.automatic.charging import begin, charge_what_is_due, settle
from prewatt.server.automatic.models import AutomaticPayment, AutomaticTopUp
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.notices.models import Notice
from prewatt.server.payments.models import Merchant, Payment
from prewatt.server.payments.polling import LOOKS
from prewatt.server.vending.models import TopUp
from tests.building import PASSWORD
from tests.gateway import at
from tests.server.payments.paying import call_back

pytestmark = pytest.mark.database
TERMS = {"amount": "20", "under_days": "3", "most_a_month": "50"}
SOON = LOOKS[-1] * 10**6
"""After so many µs whatever is not known yet is asked again."""


def page(tenancy, act=""):
    return f"/me/tenancies/{tenancy.pk}/automatic/{act}"


def paid(tenancy):
    """The payments that came by themselves, in units of the currency."""
    rows = TopUp.objects.filter(tenancy=tenancy, payment__automatic__isnull=False)
    return [each.amount // NANO for each in rows.order_by("pk")]


def told(tenancy):
    return list(Notice.objects.filter(recipient__tenancy=tenancy, event="automatic").values_list("title", "text"))


def arrive(edge, store, clock, days=1):
    """What was paid arrives at the meter, and days go by."""
    edge.obey("m1")
    edge.live(store, clock.at + days * DAY, {"m1": 500}, HOUR)


# -- paid once -------------------------------------------------------------------------------------------------------------


def test_20_are_paid_when_less_than_three_days_are_left_and_once(agreed, edge, store, clock, tenancy, providers):
    assert [each.amount for each in charge_what_is_due()] == [20 * NANO]
    payment = Payment.objects.get(automatic__rule=agreed)
    assert (payment.state, payment.seen_by, payment.by.username) == ("paid", "automatic", "flat1")
    assert balance(tenant_account(tenancy)) == 20 * NANO + edge.accounts["m1"].balance
    # What is on its way counts, and so does what has arrived.
    for hours in (0, 1, 30):
        clock.at += hours * HOUR
        assert charge_what_is_due() == []
    arrive(edge, store, clock, days=3)
    assert charge_what_is_due() == [] and paid(tenancy) == [20]


def test_not_more_than_the_months_most_is_paid_and_again_on_the_first(agreed, edge, store, clock, tenancy, providers):
    AutomaticTopUp.objects.update(most_a_month=39 * NANO)
    assert len(charge_what_is_due()) == 1
    arrive(edge, store, clock, days=8)
    assert edge.accounts["m1"].balance < 4 * NANO
    assert charge_what_is_due() == [] and paid(tenancy) == [20]
    clock.at = at(2025, 11, 1, 0, 5)
    assert len(charge_what_is_due()) == 1


def test_with_enough_credit_nothing_is_paid(agreed, tenancy, providers):
    from prewatt.server.sales.top_ups import top_up

    top_up(tenancy, 30 * NANO, "cash", None, "cash")
    assert charge_what_is_due() == [] and providers.stripe_cards.charges == []


def test_it_pays_for_a_flat_that_is_dark_since_what_came_is_less_than_switches_it_on_again(
    agreed, edge, store, clock, tenancy, providers
):
    from prewatt.server.overview.places import keep_places
    from prewatt.server.sales.top_ups import top_up
    from prewatt.server.vending.account_settings import send_settings

    AutomaticTopUp.objects.update(under_days=1, state="paused")
    Property.objects.update(clearance=10)
    send_settings(Property.objects.get(pk=tenancy.unit.property_id))
    arrive(edge, store, clock)
    edge.append("m1", edge.accounts["m1"].relay(clock.at, False, "exhausted"))
    top_up(tenancy, 8 * NANO - edge.accounts["m1"].balance, "cash", None, "cash")
    edge.obey("m1")
    edge.live(store, clock.at + DAY, {}, HOUR)
    assert edge.accounts["m1"].wants_closed(clock.at) is False and edge.accounts["m1"].balance == 8 * NANO
    AutomaticTopUp.objects.update(state="active")
    keep_places([tenancy.unit.property_id])
    assert tenancy.unit.place.lasts_until > clock.at + 2 * DAY
    assert len(charge_what_is_due()) == 1


@pytest.mark.parametrize("fault", ["lose", "drop"])
def test_an_answer_that_is_lost_is_asked_for_again_and_it_is_one_payment(agreed, tenancy, providers, clock, fault):
    providers.faults[:] = [fault] * 2  # the library tries twice by itself
    assert charge_what_is_due() == [] and paid(tenancy) == []
    clock.at += SOON
    assert len(charge_what_is_due()) == 1 and paid(tenancy) == [20]
    assert len({each.payment_id for each in providers.trades.values()}) == 1
    clock.at += SOON
    assert charge_what_is_due() == [] and paid(tenancy) == [20]


def test_killed_before_the_question_or_before_the_booking_it_is_paid_once(
    agreed, tenancy, providers, clock, monkeypatch
):
    assert begin(agreed).payment.state == "open" and begin(agreed) is None
    with monkeypatch.context() as killing:
        killing.setattr(charging, "confirm", lambda *given: 1 / 0)
        charge_what_is_due()
    assert paid(tenancy) == [] and len(providers.stripe_cards.charges) == 1
    clock.at += SOON
    charge_what_is_due()
    assert paid(tenancy) == [20] and len(providers.stripe_cards.charges) == 1
    assert AutomaticPayment.objects.get().next_try_at is None


def test_the_providers_own_message_books_it_too_and_once(agreed, tenancy, providers, client, stripe, clock):
    providers.faults[:] = ["lose"] * 2
    charge_what_is_due()
    trade = next(iter(providers.trades.values()))
    told_ = providers.stripe_event("payment_intent.succeeded", providers.stripe_cards.intent(trade))
    assert call_back(client, stripe, told_).status_code == 200
    assert paid(tenancy) == [20]
    clock.at += SOON
    charge_what_is_due()
    assert paid(tenancy) == [20] and AutomaticPayment.objects.get().next_try_at is None
    anothers = {**providers.stripe_cards.intent(trade), "metadata": {"payment_id": trade.payment_id}}
    assert (
        call_back(client, stripe, providers.stripe_event("payment_intent.payment_failed", anothers)).status_code == 200
    )
    assert Payment.objects.get(automatic__rule=agreed).state == "paid"


# -- what fails ------------------------------------------------------------------------------------------------------------


def test_a_refused_payment_is_told_tried_the_next_day_and_after_three_times_it_pauses(
    agreed, tenancy, providers, clock, client
):
    providers.stripe_cards.refuses = "card_declined"
    for count in (1, 2, 3):
        charge_what_is_due()
        charge_what_is_due()
        assert (len(providers.stripe_cards.charges), len(told(tenancy))) == (count, count)
        clock.at += DAY
    assert all("20.00" in title and "Your card was declined" in text for title, text in told(tenancy))
    assert len({text for _title, text in told(tenancy)}) == 2
    rule = current(tenancy)
    assert (rule.state, rule.failures) == ("paused", 3)
    charge_what_is_due()
    assert len(providers.stripe_cards.charges) == 3
    assert "Your card was declined" in client.get(page(tenancy)).content.decode()
    providers.stripe_cards.refuses = ""
    client.post(page(tenancy, "resume/"))
    assert len(charge_what_is_due()) == 1 and current(tenancy).failures == 0


def test_if_nobody_can_say_for_a_day_whether_it_was_paid_it_pauses_and_does_not_pay_again(
    agreed, tenancy, providers, clock
):
    providers.faults[:] = ["drop"] * 100
    for _hour in range(22):
        charge_what_is_due()
        clock.at += HOUR
    from prewatt.server.payments.polling import look_at_open_payments

    look_at_open_payments()
    charge_what_is_due()
    assert current(tenancy).state == "paused" and len(told(tenancy)) == 1 and paid(tenancy) == []
    assert AutomaticPayment.objects.count() == 1


# -- the end ---------------------------------------------------------------------------------------------------------------


def test_one_tap_ends_it_and_the_card_is_forgotten(
    agreed, tenancy, providers, client, django_capture_on_commit_callbacks
):
    assert begin(agreed) is not None
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(tenancy, "end/"))
    assert len(providers.stripe_cards.detached) == 1
    charge_what_is_due()
    assert providers.stripe_cards.charges == [] and paid(tenancy) == []
    assert Payment.objects.get(automatic__rule=agreed).state == "closed"
    agreed.refresh_from_db()
    assert agreed.state == "ended" and bytes(agreed.sealed) == b"" and told(tenancy) == []


def test_what_is_ended_while_the_provider_is_asked_for_others_is_not_paid(agreed, tenancy, providers):
    begin(agreed)
    read = AutomaticPayment.objects.select_related(
        "rule", "payment__merchant", "payment__tenancy__unit__property"
    ).get()
    end(current(tenancy))
    settle(read)
    assert providers.stripe_cards.charges == [] and paid(tenancy) == []
    assert Payment.objects.get(automatic__rule=agreed).state == "closed"


@pytest.mark.parametrize("what", ["moved out", "left", "account closed"])
def test_it_ends_by_itself(agreed, tenancy, clock, providers, what):
    if what == "moved out":
        Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at)
    elif what == "left":
        tenancy.residents.all().delete()
    else:
        Merchant.objects.update(is_enabled=False)
    charge_what_is_due()
    agreed.refresh_from_db()
    assert agreed.state == "ended" and agreed.reason and providers.stripe_cards.charges == []


# -- the page --------------------------------------------------------------------------------------------------------------


def test_what_nobody_can_agree_to_is_refused_at_its_field_and_stays_typed(edge, tenant, tenancy, stripe):
    for field, value, says in (
        ("amount", "many", "many"),
        ("under_days", "0", "1 to 14"),
        ("under_days", "９９９９", "1 to 14"),
        ("most_a_month", "19", "less than one top-up"),
        ("amount", "-5", "more than 0"),
    ):
        shown = tenant.post(page(tenancy, "agree/"), {**TERMS, field: value}, follow=True).content.decode()
        assert says in shown and f'value="{value}"' in shown, field
    assert not AutomaticTopUp.objects.exists()


def test_nothing_is_on_before_the_payer_has_agreed_and_asked_twice_it_is_one_rule(
    edge, tenant, tenancy, providers, stripe
):
    first = tenant.post(page(tenancy, "agree/"), TERMS).url
    second = tenant.post(page(tenancy, "agree/"), {**TERMS, "amount": "30"}).url
    assert first != second
    tenant.get(page(tenancy, "back/"))
    assert charge_what_is_due() == [] and providers.stripe_cards.charges == []
    # Who gives a card where it was asked for first agrees to nothing.
    providers.stripe_cards.give_card(first.rpartition("/")[2])
    tenant.get(page(tenancy, "back/"))
    assert current(tenancy).state == "asked"
    providers.stripe_cards.give_card(second.rpartition("/")[2])
    tenant.get(page(tenancy, "back/"))
    assert (current(tenancy).state, current(tenancy).amount) == ("active", 30 * NANO)
    refused = tenant.post(page(tenancy, "agree/"), TERMS, follow=True).content.decode()
    assert "There is an automatic top-up already" in refused


def test_a_flatmate_may_end_it_and_not_start_it_again_and_a_neighbour_sees_nothing(agreed, tenancy, log_in):
    flatmate = get_user_model().objects.create_user("flatmate", password=PASSWORD)
    tenancy.people.add(flatmate)
    mate, neighbour = log_in("flatmate"), log_in("flat2")
    shown = mate.get(page(tenancy)).content.decode()
    assert "Visa 4242" not in shown
    AutomaticTopUp.objects.update(state="paused")
    assert mate.post(page(tenancy, "resume/")).status_code == 404
    for act in ("", "end/", "agree/", "back/"):
        assert neighbour.post(page(tenancy, act)).status_code in (404, 405)
    assert current(tenancy).state == "paused"
    mate.post(page(tenancy, "end/"))
    assert current(tenancy) is None


def test_nobody_is_led_to_give_a_card_for_what_a_flatmate_has_asked_for(
    edge, tenant, tenancy, providers, stripe, log_in
):
    flatmate = get_user_model().objects.create_user("flatmate", password=PASSWORD)
    tenancy.people.add(flatmate)
    link = log_in("flatmate").post(page(tenancy, "agree/"), TERMS).url
    shown = tenant.get(page(tenancy)).content.decode()
    assert link not in shown and "flatmate has not finished" in shown
    assert link in log_in("flatmate").get(page(tenancy)).content.decode()


def test_the_method_of_agreed_payments_is_nobodys_to_choose(edge, tenancy, stripe, tenant):
    from prewatt.server.payments.errors import PaymentError
    from prewatt.server.payments.payment_request import PaymentRequest, start
    from prewatt.server.payments.ways import ways_for

    assert "saved" not in [each.name for each in ways_for(tenancy)]
    with pytest.raises(PaymentError):
        start(PaymentRequest(tenancy, stripe, "saved", NANO, "a1"))


# -- over the API ----------------------------------------------------------------------------------------------------------


def program(login="flat1"):
    """A tenant's program, which calls what stands under the flat."""
    key = make_key(get_user_model().objects.get(username=login), "phone")
    return Client(headers={"Authorization": f"Bearer {key}"})


def test_over_the_api_a_tenant_agrees_sees_and_ends_it_and_the_same_terms_are_one_question(
    edge, tenancy, providers, stripe, clock
):
    anna, path = program(), f"/api/v1/me/tenancies/{tenancy.pk}/automatic"
    send = {"data": TERMS, "content_type": "application/json"}
    found = anna.get(path).json()
    assert (found["rule"], found["ways"]) == (None, [{"value": f"{stripe.pk}", "title": "Stripe"}])
    first, again = (anna.post(path, **send) for _twice in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    link = first.json()["redirect"]
    assert first.json()["rule"]["redirect"] == link and first.json()["rule"]["state"] == "asked"
    assert AutomaticTopUp.objects.count() == len(providers.stripe_cards.sessions) == 1
    other = anna.post(path, {**TERMS, "amount": "25,00"}, content_type="application/json").json()
    assert other["redirect"] != link and other["rule"]["amount"] == "25.000000000"
    providers.stripe_cards.give_card(other["redirect"].rpartition("/")[2])
    clock.at += SOON
    rule = anna.get(path).json()["rule"]
    assert (rule["state"], rule["label"], rule["redirect"]) == ("active", "Visa 4242", None)
    assert anna.post(path, **send).json()["errors"][0]["message"].startswith("There is an automatic top-up already")
    assert len(charge_what_is_due()) == 1
    assert [each["amount"] for each in anna.get(path).json()["payments"]] == ["25.000000000"]
    assert [anna.delete(path).status_code for _twice in range(2)] == [204, 204]
    assert anna.get(path).json()["rule"] is None and current(tenancy) is None


def test_over_the_api_each_may_do_what_the_page_lets_them(agreed, tenancy, providers):
    flatmate = get_user_model().objects.create_user("flatmate", password=PASSWORD)
    tenancy.people.add(flatmate)
    anna, mate, neighbour = program(), program("flatmate"), program("flat2")
    path = f"/api/v1/me/tenancies/{tenancy.pk}/automatic"
    AutomaticTopUp.objects.update(state="paused", reason="the provider refused the payment")
    rule = mate.get(path).json()["rule"]
    assert (rule["payer"], rule["label"], rule["is_mine"]) == ("flat1", None, False)
    assert "refused" in rule["why"] and "Visa" not in str(rule)
    assert {neighbour.get(path).status_code, neighbour.delete(path).status_code} == {404}
    assert neighbour.post(path, TERMS, content_type="application/json").status_code == 404
    assert {each.post(f"{path}/resume").status_code for each in (mate, neighbour)} == {404}
    assert anna.post(f"{path}/resume").json()["rule"]["state"] == "active"
    assert anna.post(f"{path}/resume").status_code == 400
    assert mate.delete(path).status_code == 204 and current(tenancy) is None
    wrong = anna.post(path, {**TERMS, "under_days": 15, "way": "999"}, content_type="application/json").json()
    assert [each["field"] for each in wrong["errors"]] == ["way"]
    wrong = anna.post(path, {**TERMS, "most_a_month": "19"}, content_type="application/json").json()
    assert [each["field"] for each in wrong["errors"]] == ["most_a_month"]
