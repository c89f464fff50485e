"""A way to pay describes itself: a provider that nobody here has heard of stands on the tenant's page, is asked, and pays."""

import json

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from prewatt.kernel.units import NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.core.credential_fields import Field
from prewatt.server.estate.models import Property
from prewatt.server.ledger.books import balance, tenant_account
from prewatt.server.payments.models import Merchant, Payment
from prewatt.server.payments.providers import PROVIDERS
from prewatt.server.payments.providers.interface import Answer, CallbackError, PaymentReport, Provider, Started, State
from prewatt.server.payments.providers.methods import ANYWHERE, BY_AGREEMENT, Browser, Method, Shows, browsers_of

DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"
PHONE = "Mozilla/5.0 (iPhone) AppleWebKit Mobile/15E148"
IN_WECHAT = f"{PHONE} MicroMessenger/8.0"
IN_WECHAT_ON_A_DESKTOP = f"{DESKTOP} MicroMessenger/7.0 WindowsWechat"


class Pigeon(Provider):
    """Money by pigeon. Whoever knows the word of the loft may call back."""

    name, title, zone, address = "pigeon", "Pigeon Post", "Europe/Berlin", "https://loft.example"
    fields = (Field("loft", "Loft"), Field("word", "Word of the loft", secret=True))
    currencies = frozenset({"EUR"})
    methods = {
        "ring": Method(
            "Ring of a pigeon", fits=frozenset({Browser.DESKTOP}), shows=Shows.QR, hint="Hold it to the ring."
        ),
        "whistle": Method(
            "Whistle for one",
            fits=frozenset({Browser.PHONE}),
            shows=Shows.SCRIPT,
            needs_payer=True,
            button="Whistle",
            script="pay/wechat.js",
        ),
        "loft": Method("Walk to the loft", button="Show me the way"),
    }

    def __init__(self, settings, address=""):
        self._word, self._address = settings["word"], address or self.address

    def create(self, order):
        if order.method == "whistle":
            return Started(params={"tune": order.payment_id, "to": order.payer})
        return Started(f"{self._address}/{order.method}/{order.payment_id}")

    def read_callback(self, headers, body):
        if headers.get("Loft-Word") != self._word:
            raise CallbackError("it does not know the word")
        told = json.loads(body)
        return PaymentReport(told["payment"], State.PAID, told["feather"], told["cents"], "EUR", told["at"])

    def answer(self, taken, why=""):
        return Answer(200 if taken else 400, "coo")

    def query(self, order):
        return PaymentReport(order.payment_id, State.OPEN)

    def close(self, order):
        pass

    def refund(self, order, provider_id, refund_id, amount, reason):
        pass

    def has_refund(self, order, provider_id, refund_id):
        return False

    def settlement(self, day):
        return []

    def payer_link(self, back, state):
        return f"{self._address}/who?back={back}&state={state}"

    def payer(self, code):
        return f"fancier {code}"


@pytest.fixture
def loft(building, monkeypatch, log_in):
    """A merchant account at the provider, made by the manager on its page."""
    monkeypatch.setitem(PROVIDERS, Pigeon.name, Pigeon)
    Property.objects.update(currency="EUR")
    manager = log_in("manager")
    assert "+ Pigeon Post" in manager.get("/payments/").content.decode()
    manager.post("/merchants/new/pigeon/", {"name": "Loft", "loft": "roof", "word": "coo"})
    return Merchant.objects.get(provider="pigeon")


def coo(client, loft, payment, word="coo"):
    """The provider calls back."""
    body = {"payment": payment.payment_id, "feather": "f1", "cents": 2000, "at": payment.made_at}
    address = f"/callbacks/pigeon/{loft.public_id}/"
    return client.post(address, json.dumps(body), content_type="application/json", headers={"Loft-Word": word})


def offered(me, agent):
    page = me.get("/me/", headers={"User-Agent": agent}).content.decode()
    return {method.title for method in Pigeon.methods.values() if f"<span>{method.title}</span>" in page}


@pytest.mark.parametrize(
    ("method", "agent", "shows"),
    [
        ("ring", DESKTOP, ("<svg", "Hold it to the ring.")),
        ("loft", IN_WECHAT, ("https://loft.example/loft/", "Show me the way")),
        (
            "whistle",
            PHONE,
            ('<button class="main" data-pay>Whistle</button>', '"to": "fancier 7"', "/static/pay/wechat."),
        ),
    ],
)
def test_a_provider_nobody_has_heard_of_is_chosen_paid_and_credited_once(
    tenancy, loft, log_in, client, method, agent, shows
):
    me = log_in("flat1")
    form = {"amount": "20", "way": f"{loft.pk}:{method}", "asked": "a1"}
    if Pigeon.methods[method].needs_payer:
        asked = me.post("/me/pay/", form, headers={"User-Agent": agent}).url
        assert asked.startswith("https://loft.example/who?back=") and not Payment.objects.exists()
        back = {"code": "7", "state": asked.rpartition("=")[2]}
        assert (
            '<button class="main">Whistle</button>' in me.get(f"/me/merchants/{loft.pk}/payer/", back).content.decode()
        )
    page = me.post("/me/pay/", form, headers={"User-Agent": agent}, follow=True).content.decode()
    for text in shows:
        assert text in page
    payment = Payment.objects.get()
    assert coo(client, loft, payment, word="caw").status_code == 400
    assert balance(tenant_account(tenancy)) == 0
    for _again in range(2):
        assert (coo(client, loft, payment)).content == b"coo"
    payment.refresh_from_db()
    assert payment.state == Payment.State.PAID
    assert balance(tenant_account(tenancy)) == 20 * NANO
    assert "Pigeon Post" in me.get(f"/payments/{payment.payment_id}/").content.decode()


@pytest.mark.parametrize(
    ("agent", "titles"),
    [
        (DESKTOP, {"Ring of a pigeon", "Walk to the loft"}),
        (PHONE, {"Whistle for one", "Walk to the loft"}),
        (IN_WECHAT, {"Walk to the loft"}),
    ],
)
def test_its_ways_are_offered_where_they_work(tenancy, loft, log_in, agent, titles):
    assert offered(log_in("flat1"), agent) == titles


def test_what_a_currency_can_not_be_paid_with_is_not_offered(tenancy, loft, log_in):
    Property.objects.update(currency="CNY")
    assert offered(log_in("flat1"), DESKTOP) == set()


def test_programs_are_told_what_a_way_shows_and_needs(tenancy, loft, django_user_model):
    token = make_key(django_user_model.objects.get(username="flat1"), "program")
    program = Client(headers={"Authorization": f"Bearer {token}"})
    ways = {way["method"]: way for way in program.get(f"/api/v1/tenancies/{tenancy.pk}/ways").json()}
    assert ways["whistle"] == {
        "merchant": loft.pk,
        "name": "Loft",
        "provider": "pigeon",
        "method": "whistle",
        "title": "Whistle for one",
        "fits": ["phone"],
        "shows": "script",
        "needs_payer": True,
    }
    assert ways["loft"]["fits"] == ["desktop", "phone", "wechat"]


@pytest.mark.parametrize(
    ("agent", "browsers"),
    [
        (DESKTOP, {Browser.DESKTOP}),
        ("", {Browser.DESKTOP}),
        (PHONE, {Browser.PHONE}),
        (IN_WECHAT, {Browser.WECHAT}),
        (IN_WECHAT_ON_A_DESKTOP, {Browser.WECHAT, Browser.DESKTOP}),
    ],
)
def test_a_browser_is_known_by_what_it_calls_itself(agent, browsers):
    assert browsers_of(agent) == browsers


@pytest.mark.parametrize("provider", PROVIDERS.values())
def test_each_method_says_enough_of_itself(provider):
    assert len(provider.name) <= Merchant._meta.get_field("provider").max_length
    for name, method in provider.methods.items():
        assert len(name) <= Payment._meta.get_field("method").max_length
        assert method.title and method.button and method.fits <= ANYWHERE
        # What is paid without the payer fits no browser: nobody chooses it.
        assert bool(method.fits) != (name == BY_AGREEMENT)
        assert bool(method.script) == (method.shows == Shows.SCRIPT)
        assert not method.script or finders.find(method.script)
        assert method.hint or method.shows != Shows.QR
