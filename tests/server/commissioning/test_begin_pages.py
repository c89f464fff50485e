"""From an empty server to the first payment, by the pages alone; and that nobody else in the network is faster."""

import re

import openpyxl
import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prewatt.kernel.units import NANO
from prewatt.server.accounts.first_start import claim_code
from prewatt.server.accounts.memberships import Membership
from prewatt.server.core.addresses import FORWARDED
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.vending.models import TopUp
from prewatt.wire.signing import SigningKey
from tests.enrolling import enrol

OWNER = {"name": "petra", "password": "vier bunte Dächer", "organisation": "Weiß & Söhne"}
GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.8"}


@pytest.fixture
def client():
    """A browser on the server's own machine."""
    return Client(headers={"host": "localhost"})


def said(answer):
    """What a page says, as one line of text."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def sheet(tmp_path, rows):
    """A workbook with some rows, as a browser sends it."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    path = tmp_path / "wohnungen.xlsx"
    book.save(path)
    return SimpleUploadedFile(path.name, path.read_bytes())


def carried(answer):
    """The list that a preview carries to the button."""
    return re.search(r'name="list" value="([^"]+)"', answer.content.decode())[1]


def test_from_an_empty_server_to_a_first_payment(db, clock, client, tmp_path):
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/begin/"
    page = client.post("/begin/", {**OWNER, "password": "short"})
    assert page.status_code == 400 and "Söhne" in said(page) + page.content.decode()
    assert 'value="petra"' in page.content.decode() and not get_user_model().objects.exists()
    # What is wrong stands at its field.
    page = client.post("/begin/", {**OWNER, "password": "short", "name": "petra maier"}).content.decode()
    assert [re.search(rf'name="{each}"[^>]*>\s*(<em class="bad")?', page)[1] for each in OWNER] == [
        '<em class="bad"'
    ] * 2 + [None]
    page = client.post("/begin/", OWNER, follow=True)
    owner = Organisation.objects.get()
    assert (owner.name, Membership.objects.get().role) == ("Weiß & Söhne", "owner")
    assert page.redirect_chain[-1][0] == "/properties/add/"
    assert "Next: Building" in said(client.get("/", follow=True))
    # The building: where the browser is, and in its currency.
    add = f"/properties/add/?organisation={owner.pk}"
    page = client.get(add, **GERMAN).content.decode()
    assert '<option value="Europe/Vienna" selected data-currency="EUR">' in page and 'value="EUR" selected' in page
    assert "Wien</option>" in page, "towns are named in the page's language"
    page = client.post(add, {"name": "Lindenhof", "zone": "Mars", "currency": "EUR"})
    assert page.status_code == 400 and 'value="Lindenhof"' in page.content.decode()
    page = client.post(add, {"name": "Lindenhof", "zone": "Europe/Vienna", "currency": "EUR"})
    home = Property.objects.get()
    assert page.url == f"/properties/{home.pk}/units/add/"
    # Who comes back another day is led on from there.
    assert client.get("/").url == "/begin/" and "Next: Flats" in said(client.get("/begin/"))
    # The flats: what is wrong is said by line and column, then what would happen, and only then it is stored.
    wrong = sheet(
        tmp_path, [["Wohnung", "Zähler", "Mieter"], ["Top 1", "00123456", "Jürgen Groß"], ["Top 1", None, None]]
    )
    page = client.post(page.url, {"file": wrong})
    assert page.status_code == 400 and "line 3, Wohnung: Top 1 is in line 2 already" in said(page)
    rows = [
        ["Wohnung", "Zähler", "Mieter"],
        ["Top 1", "00123456", "Jürgen Groß"],
        ["Top 2", "00123457", "王芳"],
        ["Top 3", None, None],
    ]
    page = client.post(f"/properties/{home.pk}/units/add/", {"file": sheet(tmp_path, rows)})
    assert page.status_code == 200 and not Unit.objects.exists() and "王芳" in said(page)
    list_ = carried(page)
    page = client.post(f"/properties/{home.pk}/units/add/", {"list": list_})
    assert page.url == f"/properties/{home.pk}/price/"
    # Sent again, by a second click or after a kill, it is the same.
    client.post(f"/properties/{home.pk}/units/add/", {"list": list_})
    assert (Unit.objects.count(), Meter.objects.count(), Tenancy.objects.count(), Gateway.objects.count()) == (
        3,
        2,
        2,
        1,
    )
    # The price, the gateway's code, the payment.
    assert client.get("/").url == "/begin/"
    page = client.post(f"/properties/{home.pk}/price/", {"price": "dear"})
    assert page.status_code == 400 and 'value="dear"' in page.content.decode()
    # A slip of the finger would give it all away: that is asked about, once.
    page = client.post(f"/properties/{home.pk}/price/", {"price": "0"})
    assert "0.00 EUR per kWh: nobody pays for electricity. Is that right?" in said(page)
    assert not home.tariff_versions.exists(), "nothing is done before the yes"
    page = client.post(f"/properties/{home.pk}/price/", {"price": "0,32"}, **GERMAN)
    assert page.url == f"/properties/{home.pk}/gateways/"
    assert home.tariff_versions.get().tariff.kernel().rates[0].prices == (320_000,)
    assert client.get("/").url == "/properties/"
    # Who goes elsewhere sees on the first page what is still missing.
    assert "not set up yet Lindenhof Next: Gateway Go on" in said(client.get("/properties/"))
    # Without credit the gateway's first start darkens the flats: that is said before.
    gateway = Gateway.objects.get()
    assert "2 flats have no credit yet" in said(client.get(f"/properties/{home.pk}/gateways/"))
    page = client.post(f"/gateways/{gateway.pk}/code/", headers={"host": "testserver"})
    shown = page.content.decode()
    code = re.search(r'class="digits">\s*(\w+)', shown)[1]
    assert f"prewatt edge enrol --insecure http://testserver {code}" in shown and "<svg" in shown
    assert page["Cache-Control"].find("no-store") >= 0
    assert "2 flats have no credit yet" in said(page) and f'href="/properties/{home.pk}/first-payment/">Go on' in shown
    enrol(code, SigningKey.generate().public())
    assert "have no credit yet" not in said(client.get(f"/properties/{home.pk}/gateways/"))
    assert "enrolled, and not started yet" in said(client.get(f"/gateways/{gateway.pk}/state/"))
    page = client.get("/begin/")
    assert "Next: First payment" in said(page)
    page = client.get(f"/properties/{home.pk}/first-payment/")
    flat = Unit.objects.get(name="Top 2")
    tenancy = Tenancy.objects.get(unit=flat)
    assert f'href="/tenancies/{tenancy.pk}/take-cash/"' in page.content.decode()
    page = client.post(f"/tenancies/{tenancy.pk}/take-cash/", {"amount": "20", "credit_id": "1"}, follow=True)
    assert "Receipt 000001" in said(page)
    assert "not set up yet" not in said(client.get("/properties/"))
    assert TopUp.objects.get().tenancy.tenant == "王芳" and TopUp.objects.get().amount == 20 * NANO
    assert "everything is set up" in said(client.get("/begin/"))
    # What comes later is the same page; the steps are gone.
    page = client.post(f"/properties/{home.pk}/units/add/", {"typed": "Top 3\nTop 4-6"})
    assert "there already" in said(page) and "First payment" not in said(page)
    assert client.post(f"/properties/{home.pk}/units/add/", {"list": carried(page)}).url == f"/properties/{home.pk}/"
    assert Unit.objects.count() == 6
    page = client.post(f"/properties/{home.pk}/units/add/", {"typed": "110-105"})
    assert "check again: “110-105” would be one flat of this name" in said(page) and "in full: 105-110" in said(page)
    page = client.post(f"/properties/{home.pk}/units/add/", {"typed": "101-99999"})
    assert "“101-99999” is too long for a range" in said(page) and "longest possible range is: 101-2100" in said(page)
    # What is wrong with the list, and with what is there, is told together.
    meter = Unit.objects.get(name="Top 2").meter.name
    page = client.post(f"/properties/{home.pk}/units/add/", {"typed": f"Top 8;;;\nTop 9;{meter}"})
    assert "line 1: has more than" in said(page) and f"line 2, unit Top 9, meter {meter}" in said(page)


def test_anywhere_but_at_the_machine_itself_the_code_comes_first(db, clock, client):
    far = {"REMOTE_ADDR": "192.0.2.7"}
    assert "Type the code" in said(client.get("/begin/", **far))
    client.post("/begin/", OWNER, **far)
    assert not get_user_model().objects.exists()
    proxied = (
        {FORWARDED: True},
        {"HTTP_HOST": "testserver"},
        {"HTTP_VIA": "1.1 proxy"},
        {"SERVER_PROTOCOL": "HTTP/1.0"},
    )
    for header in proxied:
        assert "Type the code" in said(client.get("/begin/", **header))
    assert client.get("/begin/codes/AAAA-AAAA/", **far).status_code == 400
    wrong = client.post("/begin/", {"code": "AAAA"}, **far)
    assert "This code is wrong" in said(wrong) and 'value="AAAA"' in wrong.content.decode()
    assert client.get(f"/begin/codes/{claim_code().lower().replace('-', '')}/", **far).url == "/begin/"
    client.post("/begin/", OWNER, **far)
    assert get_user_model().objects.get().username == "petra"


def test_a_server_is_claimed_once(building, client):
    assert client.get("/begin/").url.startswith("/login/")
    assert client.get(f"/begin/codes/{claim_code()}/").url == "/begin/"
    before = get_user_model().objects.count()
    assert client.post("/begin/", OWNER).url.startswith("/login/")
    assert get_user_model().objects.count() == before


def test_a_price_of_zero_applies_once_it_was_said_to_be_right(building, log_in):
    home, client = building.property, log_in("manager")
    address, before = f"/properties/{home.pk}/price/", home.tariff_versions.count()
    page = client.post(address, {"price": "0.00"})
    assert "nobody pays for electricity" in said(page) and 'name="price" value="0.00"' in page.content.decode()
    assert home.tariff_versions.count() == before
    client.post(address, {"price": "0.00", "sure": "free"})
    assert home.tariff_versions.latest("pk").tariff.kernel().rates[0].prices == (0,)
