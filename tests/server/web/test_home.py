"""The tenant's home: what it costs to look, one button to pay, several flats, and a time that is one's own."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.allocation.models import Run, Share, SharedCost
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.estate.models import Organisation, Tenancy
from prewatt.server.metering.looks import read, show
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.notices.events import Event
from prewatt.server.notices.pages import for_tenant
from prewatt.server.payments.merchants import keep_merchant
from prewatt.server.payments.models import Payment
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Command
from prewatt.server.web.figures import tenancy_panel
from prewatt.server.web.home_figures import home_figures
from prewatt.server.web.payers import paid_by_month
from prewatt.wire.messages import LiveMeter
from tests.building import PASSWORD, set_up
from tests.gateway import at

MOST_QUERIES = 16


def words(answer):
    """What is read on a page."""
    return " ".join(re.sub("<[^>]*>", " ", answer.content.decode()).split())


def logged_in(name):
    client = Client()
    assert client.login(username=name, password=PASSWORD)
    return client


def tenancy_of(tenant):
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant=tenant)


@pytest.fixture
def anna(lived):
    return tenancy_of("Anna")


@pytest.fixture
def cards(anna, providers):
    """A merchant account with one way to pay."""
    return keep_merchant(anna.unit.property.organisation, "stripe", "cards", providers.settings("stripe"))


@pytest.fixture
def elsewhere(anna, clock):
    """Anna also has a flat of another landlord, with a meter of its own."""
    flats = [Apartment("Loft", "n1", "Anna Elsewhere")]
    set_up(clock, organisation="Tal Homes", name="Elm 2", apartments=flats, gateway="g2", manager="other")
    loft = tenancy_of("Anna Elsewhere")
    loft.people.add(anna.people.get())
    return loft


# -- figures -----------------------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_home_says_what_the_manager_sees_of_the_same_flat(anna, clock):
    home, panel = home_figures(anna, clock.at), tenancy_panel(anna, clock.at, anna.unit.meter)
    assert (home.figures.balance, home.days_left) == (panel.figures.balance, panel.days_left)
    assert (home.today.energy, home.today.charge, home.today.is_known) == (
        panel.today.energy,
        panel.today.charge,
        panel.today.known,
    )
    assert (home.month.energy, home.month.charge) == (panel.month_energy, panel.month_charge) != (0, 0)
    assert (home.rate, home.price, home.emergency) == (panel.rate, panel.price, panel.emergency)


@pytest.mark.database
def test_days_left_are_those_of_the_balance_that_is_shown_while_the_meter_reports(lived, anna, clock, store):
    lived.live(store, at(2025, 10, 14), {"m1": 300}, HOUR)
    top_up(anna, 50 * NANO, "more")
    lived.obey("m1")
    lived.deliver(store)
    Gateway.objects.update(is_online=True)
    meter = Meter.objects.get(unit=anna.unit_id)
    booked = home_figures(anna, clock.at)
    assert booked.days_left > 2
    # Since the last reading most of it was used.
    left = meter.balance // 10
    show([LiveMeter(meter.name, clock.at + HOUR, register=1, power=0, closed=True, balance=left)])
    clock.at += HOUR
    (present,) = read([meter.pk])[0].values()
    live = home_figures(anna, clock.at)
    assert live.present.balance == left and live.figures.balance == meter.balance
    assert live.days_left < booked.days_left // 2
    assert live.days_left == tenancy_panel(anna, clock.at, anna.unit.meter, present).days_left
    show([LiveMeter(meter.name, clock.at, register=1, power=0, closed=True, balance=-NANO)])
    assert home_figures(anna, clock.at).days_left is None, "nothing is left"
    show([LiveMeter(meter.name, clock.at, cause="silence")])
    assert home_figures(anna, clock.at).days_left == booked.days_left, "what is shown is the last reading's"
    Gateway.objects.update(is_online=False)
    assert home_figures(anna, clock.at).days_left == booked.days_left


@pytest.mark.database
def test_the_month_before_is_shown_up_to_the_same_day_and_only_to_whom_all_of_it_belongs(lived, anna, clock, store):
    lived.live(store, at(2025, 10, 20), {"m1": 300}, 6 * HOUR)
    lived.live(store, at(2025, 11, 12) + 9 * HOUR, {"m1": 300}, 6 * HOUR)
    assert home_figures(anna, clock.at).month_before is None, "they moved in within it"
    Tenancy.objects.filter(pk=anna.pk).update(begins=at(2025, 10, 1) - 1)
    before = home_figures(tenancy_of("Anna"), clock.at).month_before
    by_day = {row.day.day: row.energy for row in anna.unit.meter.days.filter(day__month=10)}
    assert before.energy == sum(energy for day, energy in by_day.items() if day <= 12) > 0


@pytest.mark.database
def test_a_look_costs_few_questions_and_no_more_after_years(lived, anna, clock):
    tenant = logged_in("flat1")
    tenant.get("/me/")
    with CaptureQueriesContext(connection) as at_first:
        tenant.get("/me/")
    assert len(at_first) <= MOST_QUERIES, [each["sql"][:120] for each in at_first]
    cost = SharedCost.objects.create(property=anna.unit.property, name="Garden")
    for number in range(30):
        top_up(anna, NANO, f"old-{number}")
        begins = clock.at - (number + 2) * DAY
        run = Run.objects.create(shared_cost=cost, begins=begins, ends=begins + DAY, cost=NANO, rule={}, made_at=begins)
        Share.objects.create(run=run, unit=anna.unit, tenancy=anna, days=1, weights={}, amount=1)
    Command.objects.update(state="applied", applied_at=clock.at)
    with CaptureQueriesContext(connection) as later:
        tenant.get("/me/")
    assert len(later) <= len(at_first), [each["sql"][:120] for each in later]
    assert all("LIMIT" in each["sql"] or "journalentry" not in each["sql"] or "seq" in each["sql"] for each in later)


# -- paying ------------------------------------------------------------------------------------------------------------------


def form_of(answer):
    """The fields that are sent with the form for paying, and the amounts that its buttons offer."""
    html = answer.content.decode()
    form = re.search(r'<form id="pay" class="stack" method="post" action="([^"]*/pay/)">(.*?)</form>', html, re.DOTALL)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[2]))
    return form[1], fields, re.findall(r'<button class="main" name="amount" value="(\d+)"', form[2])


@pytest.mark.database
def test_with_one_way_to_pay_it_is_opened_and_an_amount_is_tapped(cards, anna):
    tenant = logged_in("flat1")
    home = tenant.get("/me/")
    html = home.content.decode()
    assert html.count('<summary class="button">Pay</summary>') == 1 and '<details class="pay" >' in html
    address, fields, amounts = form_of(home)
    assert amounts == ["20", "50", "100", "200"]
    # The field for another amount is sent too, empty; the button's amount is the one that counts.
    answer = tenant.post(address, {**fields, "amount": ["", amounts[1]]})
    payment = Payment.objects.get()
    assert answer.url == f"/payments/{payment.payment_id}/" and payment.amount == 50 * NANO


@pytest.mark.database
def test_what_was_typed_stays_in_the_open_form_after_an_error(cards, anna):
    tenant = logged_in("flat1")
    address, fields, _amounts = form_of(tenant.get("/me/"))
    page = tenant.post(address, {**fields, "amount": "fifty"}, follow=True)
    html = page.content.decode()
    assert 'value="fifty"' in html and '<details class="pay" open>' in html


@pytest.mark.database
def test_there_is_always_a_way_to_pay_in_the_landlords_own_words(anna, client):
    tenant = logged_in("flat1")
    page = words(tenant.get("/me/"))
    assert "Pay the manager in cash, or ask the manager how else you can pay." in page
    assert "transfer" not in page, "no account is kept"
    assert client.login(username="manager", password=PASSWORD)
    organisation = Organisation.objects.get()
    page = client.get("/landlord/", {"organisation": organisation.pk})
    form = dict(page.context["form"].initial) | {
        "how_to_pay": "Cash desk: 9 to 12.\nAsk for <Kim>.",
        "bank_account": "DE02 1203",
    }
    client.post(f"{page.request['PATH_INFO']}?organisation={organisation.pk}", form)
    said = tenant.get("/me/").content.decode()
    assert "Cash desk: 9 to 12.<br>" in said and "Ask for &lt;Kim&gt;." in said and "<b>DE02 1203</b>" in said
    assert "Pay the manager in cash" not in said


@pytest.mark.database
def test_the_landlords_words_are_there_beside_a_merchant_too(cards, anna):
    Organisation.objects.update(how_to_pay="Cash desk: 9 to 12.")
    said = logged_in("flat1").get("/me/").content.decode()
    assert said.index("By a transfer, or in cash to the manager") < said.index("Cash desk: 9 to 12.")


# -- several flats -----------------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_whoever_has_two_flats_chooses_and_the_choice_is_remembered(elsewhere, anna):
    me = logged_in("flat1")
    assert me.get("/me/").url == f"/me/tenancies/{elsewhere.pk}/", "the latest, until one is chosen"
    page = me.get(f"/me/tenancies/{anna.pk}/")
    assert "Flat 1, Linden 5" in words(page) and "Loft, Elm 2" in words(page)
    assert f'href="/me/tenancies/{anna.pk}/notices/"' in page.content.decode()
    for path in ("", "notices/", "reports/", "residents/", "use/"):
        assert me.get(f"/me/{path}").url == f"/me/tenancies/{anna.pk}/{path}"
    me.get(f"/me/tenancies/{elsewhere.pk}/")
    assert me.get("/me/use/?period=year").url == f"/me/tenancies/{elsewhere.pk}/use/?period=year"
    assert me.get("/me/residents/1/remove/").status_code == me.get("/me/notices/channels/1/").status_code == 405
    me.cookies["flat"] = "999999"
    assert me.get("/me/").url == f"/me/tenancies/{elsewhere.pk}/", "a number that is not theirs opens nothing"


@pytest.mark.database
def test_a_form_is_of_the_flat_in_its_address_and_of_none_if_it_names_none_of_two(elsewhere, anna, cards):
    me = logged_in("flat1")
    me.get(f"/me/tenancies/{elsewhere.pk}/")
    address, fields, amounts = form_of(me.get(f"/me/tenancies/{anna.pk}/"))
    me.post(address, {**fields, "amount": amounts[0]})
    assert [each.tenancy for each in Payment.objects.all()] == [anna]
    report = {"asked": "r1", "category": "meter", "text": "It hums."}
    me.post(f"/me/tenancies/{elsewhere.pk}/reports/", report)
    assert [each.tenancy for each in elsewhere.reports.all()] == [elsewhere] and not anna.reports.exists()
    for path in ("/me/pay/", "/me/reports/", "/me/take-emergency-credit/", "/me/residents/invite/"):
        assert me.post(path, {**fields, **report, "amount": "20"}).status_code == 404
    assert me.post(f"/me/tenancies/{tenancy_of('Ben').pk}/pay/", {**fields, "amount": "20"}).status_code == 404
    assert Payment.objects.count() == 1


@pytest.mark.database
def test_whoever_has_one_flat_sees_no_choice_and_keeps_the_short_addresses(anna):
    page = logged_in("flat1").get("/me/")
    assert page.status_code == 200 and "flat" not in page.cookies
    assert 'class="rooms"' not in page.content.decode() and 'href="/me/notices/"' in page.content.decode()


# -- one's own time ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def moved_out(anna, lived, clock, store):
    """Anna has moved out a day ago; Zoe lives there now, has paid, and uses much more."""
    Tenancy.objects.filter(pk=anna.pk).update(ends=clock.at)
    zoe = Tenancy.objects.create(unit=anna.unit, tenant="Zoe", begins=clock.at)
    clock.at += HOUR
    top_up(tenancy_of("Zoe"), 123 * NANO, "zoe-1")
    lived.live(store, clock.at + DAY, {"m1": 7_777}, HOUR)
    Organisation.objects.update(how_to_pay="Cash desk.")
    return zoe


@pytest.mark.database
def test_whoever_moved_out_reads_their_own_time_and_nothing_of_the_next_tenants(moved_out, anna):
    me, zoe = logged_in("flat1"), moved_out
    assert me.get("/me/").url == me.get(f"/me/tenancies/{anna.pk}/").url == f"/tenancies/{anna.pk}/statement/"
    papers = [
        me.get(f"/tenancies/{anna.pk}/{path}", given)
        for path, given in (
            ("statement/", {}),
            ("statement/", {"first": "2025-10-01", "last": "2025-10-31"}),
            ("statement/", {"first": "2025-10-01", "last": "2025-10-31", "format": "json"}),
            ("statement/", {"first": "2025-10-01", "last": "2025-10-31", "format": "csv"}),
            ("payments/", {}),
            ("shares/", {}),
            ("personal-data/", {}),
        )
    ]
    for paper in papers:
        text = paper.content.decode()
        assert paper.status_code == 200 and "Zoe" not in text and "123.00" not in text and "7.777" not in text, text
    assert f'href="/tenancies/{anna.pk}/payments/"' in papers[0].content.decode()
    for path in (f"me/tenancies/{zoe.pk}/", f"tenancies/{zoe.pk}/statement/", f"tenancies/{zoe.pk}/payments/",
                 f"me/tenancies/{anna.pk}/use/", f"me/tenancies/{anna.pk}/notices/", "me/use/", "me/residents/"):  # fmt: skip
        assert me.get(f"/{path}").status_code == 404, path


@pytest.mark.database
def test_who_lives_on_elsewhere_finds_the_flat_that_they_left_at_the_end_of_the_list(moved_out, anna, elsewhere):
    page = logged_in("flat1").get("/me/", follow=True)
    assert "you lived there until" in words(page) and f'href="/tenancies/{anna.pk}/statement/"' in page.content.decode()


# -- who paid ----------------------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_each_month_says_who_paid_how_much_by_the_names_that_they_chose(anna, clock, cards):
    manager, me = get_user_model().objects.get(username="manager"), anna.people.get()
    mia = get_user_model().objects.create_user("mia@example.org", password=PASSWORD)
    anna.people.add(mia)
    answer = logged_in("mia@example.org").post(
        f"/me/tenancies/{anna.pk}/residents/name/", {"name": " Mia  Wong "}, follow=True
    )
    assert "Mia Wong" in words(answer)
    for number, (amount, by, is_online) in enumerate(
        ((10, me, True), (30, mia, True), (5, me, True), (40, manager, False), (2, None, True))
    ):
        made = top_up(anna, amount * NANO, f"p{number}", by=by)
        if is_online:
            Payment.objects.create(
                payment_id=f"p{number}", asked=f"{number}", merchant=cards, tenancy=anna, amount=made.amount, currency="EUR",
                method="x", state="paid", made_at=clock.at, expires_at=clock.at, top_up=made, by=by,
            )  # fmt: skip
    (month,) = paid_by_month(anna)
    assert [(each.name, each.amount // NANO) for each in month.shares] == [
        ("recorded by the landlord", 40), ("Mia Wong", 30), ("flat1", 15), ("others", 2),
    ]  # fmt: skip
    assert month.amount == 87 * NANO
    anna.residents.get(user=mia).delete()
    (month,) = paid_by_month(anna)
    assert ("others", 32) in [(each.name, each.amount // NANO) for each in month.shares], "who left has no name here"
    page = words(logged_in("flat1").get(f"/tenancies/{anna.pk}/payments/"))
    assert "flat1 (you) 15.00" in page and "Mia" not in page


@pytest.mark.database
def test_a_notice_leads_to_its_own_flat_where_somebody_has_two(elsewhere, anna):
    for flat in (anna, elsewhere):
        assert for_tenant(Event.RESTORED, flat).endswith(f"/me/tenancies/{flat.pk}/")
        assert logged_in("flat1").get(f"/me/tenancies/{flat.pk}/").status_code == 200
