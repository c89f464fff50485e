"""The tenant's pages as an app: what browsers are given to install, what a phone may keep, and whose it is."""

import json
import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from prewatt.kernel.units import DAY, NANO
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.sales.top_ups import top_up
from prewatt.server.tenant.app import worker
from tests.server.keypads import keypad_flat

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PUBLIC = ("/app/manifest/", "/app/worker/", "/app/offline/")


def manifest(client, language="en"):
    answer = client.get("/app/manifest/", {"language": language})
    assert answer["Content-Type"] == "application/manifest+json"
    return answer.json()


def kept(client):
    return client.get("/me/kept/").json()["flats"]


# -- what is installed -----------------------------------------------------------------------------------------------------------


def test_browsers_get_all_that_they_need_to_install_without_a_login(client, db):
    found = manifest(client)
    assert (found["start_url"], found["id"], found["scope"], found["display"]) == ("/me/", "/me/", "/", "standalone")
    sizes = {(each["sizes"], each["purpose"]) for each in found["icons"]}
    assert sizes == {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    for each in found["icons"]:
        answer = client.get(each["src"])
        content = b"".join(answer.streaming_content)
        assert answer["Content-Type"] == "image/png" and content.startswith(b"\x89PNG")
        assert "{}x{}".format(*struct.unpack(">II", content[16:24])) == each["sizes"]


def test_the_app_speaks_the_language_of_the_page_that_names_it(client, log_in):
    names = {language: manifest(client, language)["name"] for language in ("en", "de", "zh-hans")}
    assert len(set(names.values())) == 3 and manifest(client, "de")["lang"] == "de"
    assert manifest(client, "xx") == manifest(client, "en")
    anna = log_in("flat1")
    anna.post("/language/", {"language": "de"})
    assert 'href="/app/manifest/?language=de"' in anna.get("/me/").content.decode()


def test_its_shortcuts_lead_to_parts_of_the_page_that_are_there(log_in):
    anna = log_in("flat1")
    page = anna.get("/me/").content.decode()
    for each in manifest(anna)["shortcuts"]:
        address, part = each["url"].split("#")
        assert address == "/me/" and f'id="{part}"' in page


def test_only_tenants_pages_are_an_app(log_in, tenancy):
    anna, manager = log_in("flat1"), log_in("manager")
    assert "/app/worker/" in anna.get("/me/notices/").content.decode()
    statement = f"/tenancies/{tenancy.pk}/statement/"
    assert 'rel="manifest"' in anna.get(statement).content.decode()
    assert 'rel="manifest"' not in anna.get("/account/").content.decode()
    assert 'rel="manifest"' not in manager.get(statement).content.decode()
    assert 'rel="manifest"' not in manager.get("/").content.decode()
    tenancy.people.add(manager.get("/account/").context["user"])
    assert 'rel="manifest"' in manager.get("/me/").content.decode()


def test_what_is_the_same_for_everybody_is_sent_once_and_says_nothing_of_anybody(client, log_in, tenancy):
    anna = log_in("flat1")
    for address in PUBLIC:
        assert client.get(address).content == anna.get(address).content
        assert "Anna" not in anna.get(address).content.decode()
    for address in ("/app/manifest/?language=de", "/app/worker/"):
        first = client.get(address)
        assert first["Cache-Control"] == "no-cache" and "Prewatt-Everybodys" not in first
        again = client.get(address, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get("/app/offline/")["Cache-Control"] == "no-store"


def test_the_worker_stands_before_all_pages_and_changes_with_what_lies_in_the_phone(client, db, monkeypatch, tmp_path):
    answer = client.get("/app/worker/")
    text = answer.content.decode()
    assert answer["Service-Worker-Allowed"] == "/" and answer["Content-Type"] == "text/javascript"
    given = json.loads(text.partition(";\n")[0].removeprefix("const GIVEN = "))
    assert given["home"] == reverse("tenant:home:tenancy") and given["logout"] == reverse("account_logout")
    for address in (*given["files"], given["icon"]):
        assert client.get(address).status_code == 200, address
    for name in ("worker.js", "offline.html"):
        (tmp_path / name).write_bytes((worker.FOLDER / name).read_bytes())
    version = worker.version.__wrapped__
    monkeypatch.setattr(worker, "FOLDER", tmp_path)
    assert version() == given["version"]
    with (tmp_path / "offline.html").open("a") as page:
        page.write("\n")
    assert version() != given["version"]


def test_the_page_without_a_network_needs_no_file_that_the_worker_does_not_keep(client, db):
    page = client.get("/app/offline/").content.decode()
    text = client.get("/app/worker/").content.decode()
    named = {word for word in page.split('"') if word.startswith("/static/")}
    given = json.loads(text.partition(";\n")[0].removeprefix("const GIVEN = "))
    assert named == set(given["files"])


def test_the_sign_of_the_icons_is_the_one_of_the_pages():
    assert Path(finders.find("web/bolt.svg")).exists()
    assert sorted(path.name for path in (worker.STATIC / "icons").iterdir()) == [
        "icon-192.png",
        "icon-512.png",
        "maskable-512.png",
        "touch-180.png",
    ]


# -- what is kept ----------------------------------------------------------------------------------------------------------------


def test_a_phone_keeps_balance_state_and_open_codes_of_the_own_flat_alone(log_in, tenancy):
    top_up(tenancy, 12 * NANO, "a")
    top_up(Tenancy.objects.get(tenant="Ben"), 9 * NANO, "b")
    Property.objects.update(site_page="http://192.168.1.10:8080", emergency_contact="Ms Berg\n030 1234567\n")
    (flat,) = kept(log_in("flat1"))
    assert flat["name"] == "Linden 5 · Flat 1" and flat["balance"].endswith("EUR")
    assert flat["lines"][0] == "The meter has not reported yet."
    assert (flat["site"], flat["landlord"]) == (
        "http://192.168.1.10:8080",
        ["Berg Homes", "Ms Berg", "030 1234567"],
    )
    code = str(tenancy.top_ups.get().command.code)
    assert [(each["digits"], each["what"]) for each in flat["codes"]] == [(code, "Payment of 12.00 EUR, 6 Oct, 12:00")]
    assert len(code.split()) == 5
    (bens,) = kept(log_in("flat2"))
    assert code not in json.dumps(bens) and "Flat 1" not in json.dumps(bens)


def test_a_code_that_has_reached_the_meter_is_kept_no_longer(log_in, tenancy):
    command = top_up(tenancy, 12 * NANO, "a").command
    anna = log_in("flat1")
    assert len(kept(anna)[0]["codes"]) == 1
    type(command).objects.filter(pk=command.pk).update(coded_seq=1, coded_at=1)
    assert kept(anna)[0]["codes"] == []
    type(command).objects.filter(pk=command.pk).update(coded_seq=None, coded_at=None, state="applied", applied_seq=1)
    assert kept(anna)[0]["codes"] == []


def test_a_phone_keeps_the_last_codes_of_a_keypad_meter(manager, tenancy, log_in):
    kim = keypad_flat(Property.objects.get())
    kim.people.add(tenancy.people.get())
    manager.post(f"/units/{kim.unit_id}/top-up/", {"amount": "10", "credit_id": "c1"})
    found = {flat["name"]: flat for flat in kept(log_in("flat1"))}
    attic = found["Linden 5 · Attic"]
    assert (attic["balance"], attic["codes"][0]["what"]) == ("", "50.000 kWh, 6 Oct, 12:00")
    assert len(attic["codes"][0]["digits"].replace(" ", "")) == 20
    assert len(found) == 2


def test_nothing_is_kept_of_a_tenancy_that_is_over_or_to_come(log_in, tenancy, clock):
    anna = log_in("flat1")
    tenancy.ends = clock.at + DAY
    tenancy.save()
    assert kept(anna)[0]["ends_ms"] == (clock.at + DAY) // 1000
    clock.at += 2 * DAY
    assert anna.get("/me/kept/").status_code == 404
    Tenancy.objects.filter(pk=tenancy.pk).update(ends=None, begins=clock.at + DAY)
    assert anna.get("/me/kept/").status_code == 404


def test_what_a_phone_has_already_is_not_sent_again(log_in, tenancy, clock):
    anna = log_in("flat1")
    first = anna.get("/me/kept/")
    assert first["Cache-Control"] == "no-store"
    clock.at += 60 * 10**6
    again = anna.get("/me/kept/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    top_up(tenancy, 12 * NANO, "a")
    assert anna.get("/me/kept/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_nobody_but_a_tenant_gets_anything_to_keep(client, building, log_in):
    assert client.get("/me/kept/").status_code == 302
    assert log_in("manager").get("/me/kept/").status_code == 404


def test_an_answer_says_whose_it_is_without_saying_who(client, log_in, tenancy):
    anna, ben, again = log_in("flat1"), log_in("flat2"), log_in("flat1")
    names = [each.get(address)["Prewatt-Login"] for each in (anna, ben, again) for address in ("/me/", "/me/kept/")]
    assert names[0] == names[1] == names[4] == names[5] != names[2] == names[3]
    assert names[0] not in ("-", str(tenancy.people.get().pk)) and len(names[0]) == 16
    assert anna.get("/units/")["Prewatt-Login"] == names[0]
    assert anna.post("/logout/", {"sure": "1"}, follow=True)["Prewatt-Login"] == "-"
    assert client.get("/login/")["Prewatt-Login"] == "-"
    assert "Prewatt-Login" not in client.get("/static/web/bolt.svg")


def test_the_landlord_types_where_the_buildings_page_is_and_whom_to_call(manager, building):
    home = Property.objects.get()
    fields = {"name": home.name, "zone": home.zone, "currency": home.currency}
    wrong = manager.post(f"/properties/{home.pk}/", {**fields, "site_page": "ftp://x", "emergency_contact": "Mo"})
    assert wrong.status_code == 400 and "Type an address such as" in wrong.content.decode()
    assert 'value="ftp://x"' in wrong.content.decode() and ">\nMo</textarea>" in wrong.content.decode()
    manager.post(f"/properties/{home.pk}/", {**fields, "site_page": "192.168.1.10:8080", "emergency_contact": "Mo"})
    home.refresh_from_db()
    assert (home.site_page, home.emergency_contact) == ("http://192.168.1.10:8080", "Mo")


def test_the_sheet_for_the_door_leads_to_the_buildings_page_in_all_languages_and_to_its_wifi(manager, building):
    home = Property.objects.get()
    sheet = f"/properties/{home.pk}/door-sheet/"
    assert sheet in manager.get(f"/properties/{home.pk}/").content.decode()
    assert b"own page is not known yet" in manager.get(sheet).content
    Property.objects.update(site_page="http://192.168.1.10:8080")
    page = manager.get(sheet).content.decode()
    assert "http://192.168.1.10:8080/" in page and page.count("<svg") == 1
    for language, words in (("en", "Power off"), ("de", "Strom weg"), ("zh-hans", "断电了")):
        assert words in page.split(f'class="code" lang="{language}">')[1].split("</b>")[0]
    joins = manager.post(sheet, {"wifi": "Linden 5", "password": "eight <8"})
    assert joins.content.count(b"<svg") == 2 and b"eight &lt;8" in joins.content
    assert "no-store" in joins["Cache-Control"]
    odd = manager.post(sheet, {"wifi": '\x00;:\\<"é', "password": "密" * 63})
    assert odd.status_code == 200 and odd.content.count(b"<svg") == 2
    wrong = manager.post(sheet, {"wifi": "Linden 5", "password": "seven"})
    assert wrong.status_code == 400 and "8 to 63 characters" in wrong.content.decode()
    assert 'value="Linden 5"' in wrong.content.decode() and 'value="seven"' in wrong.content.decode()
    assert b"at most 32" in manager.post(sheet, {"wifi": "林" * 11, "password": ""}).content
