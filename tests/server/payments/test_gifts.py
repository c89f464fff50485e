"""Payment by somebody without a login: who has a link pays for a flat, and learns nothing of it but its name."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.test import Client

from prewatt.kernel.units import DAY, NANO, SECOND
from prewatt.log_lines import Lines
from prewatt.server.accounts.keys import make_key
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.metering.models import Gateway
from prewatt.server.notices.for_tenants import TenantLook
from prewatt.server.notices.models import Notice
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.payments.errors import PaymentError
from prewatt.server.payments.gifts import address_of
from prewatt.server.payments.giving import NewGift
from prewatt.server.payments.giving import give as give_by
from prewatt.server.payments.models import Gift, GiftLink, Payment
from prewatt.server.payments.paying import credit
from prewatt.server.payments.refunds import send_back
from prewatt.server.payments.ways import way_named
from prewatt.server.privacy.export import to_document
from prewatt.server.sales.giving_back import refund
from prewatt.server.tenancies.gift_links import MOST_OPEN, NewGiftLink, end_gift_link, make_gift_link
from prewatt.server.vending.models import Code
from prewatt.server.web.payers import paid_by_month
from tests.building import PASSWORD
from tests.server.payments.paying import pay_and_call_back, start_payment

INSIDE = "Mozilla/5.0 (iPhone) AppleWebKit Mobile/15E148 MicroMessenger/8.0"


def said(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def login(name="flat1"):
    return get_user_model().objects.get(username=name)


@pytest.fixture
def link(tenancy):
    """A link that Anna has made for her mother."""
    return make_gift_link(tenancy, login(), NewGiftLink("The blue door", "A.", "Mama"))


def path_of(link):
    return urlsplit(address_of(link)).path


def move_out(link, clock):
    Tenancy.objects.filter(pk=link.tenancy_id).update(ends=clock.at + SECOND)
    clock.at += 2 * SECOND


def give(link, merchants, client=None, **changes):
    """A giver sends the form of the link's page: what the server answers in the end."""
    given = {"amount": "20", "way": f"{merchants['wechat'].pk}:native", "asked": "g1", "giver": "Mama", **changes}
    return (client or Client()).post(f"{path_of(link)}pay/", given, follow=True)


# -- the way of a gift ----------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_a_mother_pays_by_a_link_and_the_flat_is_told_of_it(tenancy, merchants, providers, log_in, client):
    me, given = log_in("flat1"), {"note": "Mama", "flat_name": "Anna's place", "shown_name": "Anna", "days": "90"}
    shown = me.post(f"/me/tenancies/{tenancy.pk}/gift-links/make/", given, follow=True)
    link = GiftLink.objects.get()
    address = address_of(link)
    assert "<svg" in shown.content.decode() and address in said(shown)
    mother = Client()
    page = mother.get(urlsplit(address).path)
    assert "Pay for Anna's place" in said(page).replace("&#x27;", "'") and "Anna gave you this link" in said(page)
    assert "Berg Homes" in said(page) and "WeChat: scan a code" in said(page)
    asked = re.search(r'name="asked" value="(\w+)"', page.content.decode()).group(1)
    paying = give(link, merchants, mother, asked=asked)
    payment = Payment.objects.get()
    assert paying.redirect_chain[-1][0] == f"/give/payments/{payment.payment_id}/"
    assert "<svg" in paying.content.decode() and "Scan it with WeChat" in said(paying)
    assert (payment.tenancy, payment.amount, payment.by) == (tenancy, 20 * NANO, None)
    assert "You have not finished a payment" not in said(me.get("/me/")), "it is hers to finish"
    recipient = recipient_of(tenancy)
    recipient.language = "en"
    pay_and_call_back(providers, client, payment)
    thanks = said(mother.get(f"/give/payments/{payment.payment_id}/"))
    assert "Paid. Thank you." in thanks and payment.payment_id in thanks
    assert "from Mama" in said(me.get(f"/tenancies/{tenancy.pk}/payments/"))
    assert [share.name for share in paid_by_month(tenancy)[0].shares] == ["others"]
    TenantLook(recipient, tenancy).look()
    assert "from Mama" in Notice.objects.get(event="top-up").text
    listed = said(me.get(f"/me/tenancies/{tenancy.pk}/gift-links/"))
    assert "Mama · until 4 Jan 2026 · 1 payment, 20.00 CNY" in listed


@pytest.mark.database
def test_what_the_giver_sees_has_no_secret_of_the_flat(tenancy, merchants, providers, client):
    unit, property_ = tenancy.unit, tenancy.unit.property
    Tenancy.objects.filter(pk=tenancy.pk).update(tenant="Anna Sekret")
    Property.objects.filter(pk=property_.pk).update(emergency_contact="+49 30 1234567", site_page="http://10.1.2.3/")
    Organisation.objects.update(address="Chefstr. 9", tax_id="DE123", how_to_pay="Ring at Anna Sekret's")
    Unit.objects.filter(pk=unit.pk).update(name="Geheim 7")
    tenancy.refresh_from_db()
    before = start_payment(tenancy, merchants["wechat"], 61 * NANO + NANO // 4, "own")
    pay_and_call_back(providers, client, before)
    link = make_gift_link(tenancy, login(), NewGiftLink("The blue door", "", "for nosy uncle"))
    uncle = Client()
    pages = [uncle.get(path_of(link)), give(link, merchants, uncle)]
    payment = Payment.objects.get(gift__link=link)
    asked = [body.decode() for _method, _path, body in providers.asked[-1:]]
    pay_and_call_back(providers, client, payment)
    pages += [uncle.get(f"/give/payments/{payment.payment_id}/"), give(link, merchants, uncle)]
    code = Code.objects.latest("pk").digits
    secrets = [
        *("Sekret", "Geheim", property_.name, "flat1", "nosy uncle", "Chefstr", "DE123", "1234567", "10.1.2.3"),
        *("61.25", "81.25", "61,25", "kWh", code, str(Code.objects.earliest("pk").digits), before.payment_id),
        *("m1", "g1", "Ben", "Flat 2", "Europe/Berlin", "at the meter", "network", "Ring at"),
        *(f"/me/tenancies/{tenancy.pk}", f"/tenancies/{tenancy.pk}", "/units/"),
    ]  # fmt: skip
    for page in pages:
        assert page.status_code == 200 and page.headers["X-Robots-Tag"].startswith("noindex")
        assert page.headers["Referrer-Policy"] == "same-origin" and page.headers["Cache-Control"] == "no-store"
        text = page.content.decode()
        assert "The blue door" in text
        # The language's form says where it leads back to, and says so to this server alone.
        found = [each for each in secrets if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text)]
        assert not found
        # A ticket for a stream would say by its state whether the credit is at the meter.
        assert set(re.findall(r'data-stream="(.*?)"', text)) <= {""}
    assert len(asked) == 1 and "The blue door" in asked[0]
    assert not [each for each in secrets if each not in ("m1", "g1") and each in asked[0]]


@pytest.mark.parametrize("provider", ["alipay", "stripe"])
def test_each_provider_is_told_the_name_of_the_link_alone(link, merchants, providers, provider):
    ways = {"alipay": "wap", "stripe": "checkout"}
    page = give(link, merchants, way=f"{merchants[provider].pk}:{ways[provider]}")
    payment = Payment.objects.get()
    text = unquote(payment.link + "".join(body.decode() for _method, _path, body in providers.asked)).replace("+", " ")
    assert "The blue door" in text and f"/give/payments/{payment.payment_id}/" in text
    assert "Linden 5" not in text and "Flat 1" not in text and path_of(link) not in text
    assert re.search(r'<a class="button" rel="noreferrer" href="http', page.content.decode())


def test_inside_wechat_the_giver_says_who_pays_and_their_token_is_not_told(link, merchants, providers):
    giver, wechat = Client(headers={"User-Agent": INSIDE}), merchants["wechat"]
    assert f'value="{wechat.pk}:jsapi"' in giver.get(path_of(link)).content.decode()
    wanted = {"amount": "20", "way": f"{wechat.pk}:jsapi", "asked": "g1", "giver": "<Mama>"}
    asked = giver.post(f"{path_of(link)}pay/", wanted)
    assert asked.url.startswith("https://open.weixin.qq.com/") and not Payment.objects.exists()
    assert path_of(link).split("/")[2] not in unquote(asked.url)
    state = parse_qs(urlsplit(asked.url).query)["state"][0]
    stolen = Client().get(f"/give/merchants/{wechat.pk}/payer/", {"code": "c", "state": state})
    assert stolen.status_code == 400 and "Nothing was paid" in said(stolen)
    again = giver.get(f"/give/merchants/{wechat.pk}/payer/", {"code": "c", "state": state})
    assert "Pay 20 for The blue door" in said(again) and "&lt;Mama&gt;" in again.content.decode()
    page = giver.post(f"{path_of(link)}pay/", wanted, follow=True)
    payment = Payment.objects.get()
    assert payment.payer == "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o" and payment.gift.giver == "<Mama>"
    assert "pay-params" in page.content.decode() and "frame-src weixin:" in page.headers["Content-Security-Policy"]


# -- attacks --------------------------------------------------------------------------------------------------------------


@pytest.mark.database
def test_sent_twice_it_is_one_payment_and_two_tabs_are_two(link, merchants, providers):
    assert give(link, merchants).redirect_chain == give(link, merchants).redirect_chain
    assert Payment.objects.count() == Gift.objects.count() == 1 and len(providers.trades) == 1
    again = give(link, merchants, amount="2000")
    assert "with another amount" in said(again) and 'value="2000"' in again.content.decode()
    give(link, merchants, asked="g2")
    assert Payment.objects.count() == Gift.objects.count() == 2


def test_no_name_that_a_giver_gives_reaches_a_payment_of_the_tenants_own(link, merchants, providers, log_in):
    own = start_payment(link.tenancy, merchants["wechat"], asked="rent-1")
    page = give(link, merchants, asked="rent-1")
    assert own.payment_id not in page.content.decode() and Payment.objects.count() == 2
    assert Client().get(f"/give/payments/{own.payment_id}/").status_code == 404
    other = make_gift_link(link.tenancy, login(), NewGiftLink("Other"))
    give(other, merchants, asked="rent-1")
    assert Payment.objects.count() == 3


@pytest.mark.database
@pytest.mark.parametrize("how", ["unknown", "revoked", "old", "moved out", "maker left", "maker closed"])
def test_a_link_that_is_over_is_as_one_that_never_was_and_no_provider_is_asked(link, merchants, providers, clock, how):
    mate = get_user_model().objects.create_user("mia", password=PASSWORD)
    link.tenancy.people.add(mate)
    path = path_of(link)
    if how == "unknown":
        path = path.replace(path.split("/")[2], path.split("/")[2][::-1])
    elif how == "revoked":
        end_gift_link(link, login())
    elif how == "old":
        clock.at += 366 * DAY
    elif how == "moved out":
        move_out(link, clock)
    elif how == "maker left":
        link.tenancy.residents.get(user=link.made_by).delete()
    else:
        get_user_model().objects.filter(pk=link.made_by_id).update(is_active=False)
    way = f"{merchants['wechat'].pk}:native"
    for answer in (Client().get(path), Client().post(f"{path}pay/", {"amount": "20", "way": way, "asked": "g1"})):
        assert answer.status_code == 404 and "This link is not valid" in said(answer)
        assert "blue door" not in said(answer) and "Berg Homes" not in said(answer)
    assert not Payment.objects.exists() and not providers.asked


def test_a_link_that_is_revoked_while_a_giver_presses_the_button_begins_nothing(link, merchants, providers):
    end_gift_link(GiftLink.objects.get(), login())
    way = way_named(link.tenancy, f"{merchants['wechat'].pk}:native")
    with pytest.raises(PaymentError, match="Ask the person who gave you the link"):
        give_by(link, NewGift(way, 20 * NANO, "g1"))
    assert not Payment.objects.exists() and not providers.asked


@pytest.mark.database
def test_a_payment_that_was_begun_counts_though_the_link_is_revoked(link, merchants, providers, client):
    give(link, merchants)
    payment = Payment.objects.get()
    end_gift_link(link, login())
    pay_and_call_back(providers, client, payment)
    assert payment.state == "paid" and balance(tenant_account(link.tenancy)) == 20 * NANO
    assert "Paid. Thank you." in said(Client().get(f"/give/payments/{payment.payment_id}/"))


@pytest.mark.database
def test_after_the_tenancy_the_page_asks_not_to_pay_and_money_that_comes_is_held(
    link, merchants, providers, client, clock
):
    give(link, merchants)
    payment = Payment.objects.get()
    address = f"/give/payments/{payment.payment_id}/"
    move_out(link, clock)
    page = Client().get(address)
    assert "Please do not pay" in said(page) and "<svg" not in page.content.decode().split('id="main"')[1]
    pay_and_call_back(providers, client, payment)
    assert payment.state == "held" and payment.top_up is None
    held = said(Client().get(address))
    assert "Your money has arrived" in held and "tenancy" not in held and "Paid." not in held


def test_a_refund_goes_back_to_the_giver_by_the_provider(link, merchants, providers, client):
    give(link, merchants)
    payment = Payment.objects.get()
    pay_and_call_back(providers, client, payment)
    Gateway.objects.update(is_online=True)
    manager = login("manager")
    send_back(refund(link.tenancy, 5 * NANO, manager, "too much"), manager)
    assert sum(providers.trades[payment.payment_id].refunds.values()) == 500


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": "0"}, "more than 0"),
        ({"amount": "-5"}, "more than 0"),
        ({"amount": "1000000"}, "at most"),
        ({"amount": "9" * 400}, "is not a number"),
        ({"amount": "1.001"}, "too many decimals"),
        ({"amount": "lots"}, "lots"),
        ({"way": "1:x"}, "Choose how to pay"),
        ({"asked": ""}, "Open the link again"),
        ({"asked": "a\x00b"}, "Open the link again"),
        ({"asked": "~own"}, "Open the link again"),
        ({"giver": "x" * 61}, "Your name: Type a name of at most 60 letters"),
    ],
)
def test_nonsense_is_said_so_and_nothing_is_asked_for(link, merchants, providers, change, says):
    answer = give(link, merchants, **change)
    assert answer.status_code == 200 and says in said(answer) and 'class="toast error"' in answer.content.decode()
    assert not Payment.objects.exists() and not providers.asked
    assert 'value="Mama"' in answer.content.decode() or "giver" in change, "what was typed is still there"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("  Oma \n\t Hilde\u202e ", "Oma Hilde"),
        ("win at http://evil.com/x", "win at http: //evil. com/x"),
        ("evil\u3002com", "evil\u3002 com"),
        ("J. Smith", "J. Smith"),
        ("妈妈", "妈妈"),
    ],
)
def test_a_givers_name_is_text_and_no_address(link, merchants, log_in, typed, kept):
    give(link, merchants, giver=typed)
    assert Gift.objects.get().giver == kept
    payment = Payment.objects.get()
    payment.paid_at = payment.made_at
    Payment.objects.filter(pk=payment.pk).update(top_up=credit(payment), state="paid")
    page = log_in("flat1").get(f"/tenancies/{link.tenancy_id}/payments/").content.decode()
    assert "<script>alert" not in page and "from" in page


def test_who_asks_for_many_payments_waits_and_one_that_is_begun_is_still_reached(link, merchants, providers):
    for number in range(11):
        give(link, merchants, asked=f"g{number}")
    assert Payment.objects.count() == 11
    late = give(link, merchants, asked="g11")
    assert "Too many payments were begun here. Wait" in said(late) and Payment.objects.count() == 11
    assert "/give/payments/" in give(link, merchants, asked="g3").redirect_chain[-1][0]


def test_who_guesses_waits_and_the_right_link_is_always_taken(link):
    guesser = Client()
    answers = [guesser.get(f"/give/{'x' * 31}{number % 10}/").status_code for number in range(23)]
    assert (answers[0], answers[-1]) == (404, 429)
    assert guesser.get(path_of(link)).status_code == 200


# -- who makes and ends links ---------------------------------------------------------------------------------------------


@pytest.mark.database
def test_a_flatmate_sees_that_there_is_a_link_but_not_its_address_and_the_main_tenant_ends_it(
    tenancy, merchants, log_in
):
    tenancy.people.add(get_user_model().objects.create_user("mia", password=PASSWORD))
    mine = make_gift_link(tenancy, login("mia"), NewGiftLink("Mia's", "", "Papa"))
    anna, base = log_in("flat1"), f"/me/tenancies/{tenancy.pk}/gift-links/"
    page = anna.get(base)
    assert "A link that somebody else in this flat made" in said(page) and "Papa" not in said(page)
    assert anna.get(f"{base}{mine.pk}/").status_code == 404
    assert "Papa" in said(log_in("mia").get(base)) and log_in("mia").get(f"{base}{mine.pk}/").status_code == 200
    own = make_gift_link(tenancy, login(), NewGiftLink("Anna's"))
    answer = log_in("mia").post(f"{base}{own.pk}/end/", follow=True)
    assert "Only the person who made a link and the main tenant" in said(answer)
    assert "The link is ended" in said(anna.post(f"{base}{mine.pk}/end/", follow=True))
    assert Client().get(path_of(mine)).status_code == 404 and Client().get(path_of(own)).status_code == 200
    stranger = log_in("flat2")
    assert {stranger.get(each).status_code for each in (base, f"{base}{own.pk}/")} == {404}
    assert stranger.post(f"{base}{own.pk}/end/").status_code == 404


def test_a_link_has_a_name_an_end_and_is_one_of_ten_at_most(tenancy, log_in):
    me, base = log_in("flat1"), f"/me/tenancies/{tenancy.pk}/gift-links/"
    answer = me.post(f"{base}make/", {"note": "Mama", "flat_name": "x" * 61, "days": "7000"}, follow=True)
    assert "Name of the flat: Type a name of at most 60 letters" in said(answer)
    assert 'value="Mama"' in answer.content.decode() and not GiftLink.objects.exists()
    assert "For how long" in said(me.post(f"{base}make/", {"days": "7000"}, follow=True))
    me.post(f"{base}make/", {"days": "30"})
    assert GiftLink.objects.get().flat_name == "Flat 1", "as the unit is called"
    for _each in range(MOST_OPEN - 1):
        make_gift_link(tenancy, login(), NewGiftLink("x"))
    with pytest.raises(ValidationError, match="End one first"):
        make_gift_link(tenancy, login(), NewGiftLink("x"))


def test_neither_database_nor_log_has_a_token_in_clear(link, caplog):
    token = path_of(link).split("/")[2]
    assert re.fullmatch("[0-9a-f]{40}", token)
    values = [str(value) for value in GiftLink.objects.values().get().values()]
    assert not [each for each in values if token in each]
    assert Client().put(path_of(link)).status_code == 405
    lines = [Lines().format(each) for each in caplog.records if token in each.getMessage()]
    assert lines and all(token not in line and "/give/…/" in line for line in lines)
    assert Client().get(path_of(link).upper().replace("/GIVE/", "/give/")).status_code == 200, "typed in capitals"


def test_a_landlord_without_ways_to_pay_has_no_line_on_the_home(tenancy, log_in):
    assert "Let somebody else pay" not in said(log_in("flat1").get("/me/"))
    Organisation.objects.update(bank_account="DE00 1234")
    assert "Let somebody else pay" in said(log_in("flat1").get("/me/"))
    link = make_gift_link(tenancy, login(), NewGiftLink("x"))
    page = said(Client().get(path_of(link)))
    assert "DE00 1234" in page and "Reference of the transfer" in page


def test_what_a_tenant_may_ask_for_of_themselves_tells_of_a_giver_the_name_alone(link, merchants, providers):
    give(link, merchants, Client(REMOTE_ADDR="203.0.113.77"))
    document = to_document(link.tenancy)["rows"]
    assert document["payments.Gift"][0]["giver"] == "Mama"
    assert document["payments.Payment"][0]["payer_address"] == "who paid for the tenant"
    assert "203.0.113.77" not in str(document)


@pytest.mark.database
def test_over_the_api_a_tenant_makes_lists_and_ends_links(tenancy, merchants, providers, log_in):
    key = make_key(login(), "phone")
    program = Client(headers={"Authorization": f"Bearer {key}"})
    path = f"/api/v1/me/tenancies/{tenancy.pk}/gift-links"
    made = program.post(path, {"note": "Mama", "days": 30}, content_type="application/json")
    assert made.status_code == 201 and made.json()["flat_name"] == "Flat 1"
    link = GiftLink.objects.get()
    assert made.json()["link"] == address_of(link)
    give(link, merchants)
    assert program.get(f"/api/v1/me/tenancies/{tenancy.pk}/payments").json()["payments"] == []
    Payment.objects.update(state="held")
    mia = get_user_model().objects.create_user("mia", password=PASSWORD)
    tenancy.people.add(mia)
    make_gift_link(tenancy, mia, NewGiftLink("Mia's", "", "Papa"))
    others, mine = program.get(path).json()["gift_links"]
    assert (mine["paid"], mine["payments"], mine["note"], mine["is_mine"]) == ("20.000000000", 1, "Mama", True)
    assert (others["link"], others["note"], others["flat_name"], others["may_be_ended"]) == (None, None, None, True)
    rows = program.get(f"/api/v1/me/tenancies/{tenancy.pk}/payments").json()["payments"]
    assert rows[0]["by"] == "Mama, by a gift link"
    wrong = program.post(path, {"days": 7}, content_type="application/json")
    assert wrong.status_code == 400 and wrong.json()["errors"][0]["field"] == "days"
    assert program.delete(f"{path}/{link.pk}").status_code == 204
    assert [each["id"] for each in program.get(path).json()["gift_links"]] == [others["id"]]
    key = make_key(login("flat2"), "phone")
    stranger = Client(headers={"Authorization": f"Bearer {key}"})
    assert stranger.get(path).status_code == stranger.delete(f"{path}/{others['id']}").status_code == 404
