"""What every answer tells a browser, on every page there is; and what a server tells it that is reached by https."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from django.contrib.auth import get_user_model
from django.test import Client

import prewatt
from prewatt.server.api.routes import api
from prewatt.server.estate.models import Unit
from prewatt.server.statements import pdf
from tests.server.web.addresses import pages

SERVER = Path(prewatt.__file__).parent / "server"
NUMBER = re.compile(r"<(?:int|slug):(\w+)>|{\w+}")


def rules(answer):
    policy = answer.headers["Content-Security-Policy"]
    return {name: sources for name, _space, sources in (each.partition(" ") for each in policy.split("; "))}


FOR_EVERYBODY = ("/app/manifest/", "/app/worker/")
"""What is the same whoever asks: browsers have it, and ask each time whether it still holds."""


def test_every_page_and_call_is_strict_and_kept_nowhere(manager):
    addresses = ["/" + NUMBER.sub("1", page.address) for page in pages()]
    addresses += [NUMBER.sub("1", path) for path in api.get_openapi_schema()["paths"]]
    assert len(addresses) > 150
    for address in addresses:
        answer = manager.get(address)
        found = rules(answer)
        assert (found["script-src"], found["object-src"], found["base-uri"]) == ("'self'", "'none'", "'none'"), address
        assert "unsafe" not in found["style-src"] or address.startswith("/api/"), address
        assert answer.headers["Cache-Control"] == ("no-cache" if address in FOR_EVERYBODY else "no-store"), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        # Not "no-referrer": from such a page browsers send forms without their origin, and they are refused.
        assert answer.headers["Referrer-Policy"] == "same-origin", address
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_set_up_has_a_policy_of_its_own(client, admin_user):
    client.force_login(admin_user)
    found = rules(client.get("/admin/"))
    assert found["script-src"] == "'self' 'unsafe-eval'"
    assert found["default-src"] == "'self'"


def test_a_template_needs_no_exception_from_the_policy():
    for path in SERVER.rglob("*.html"):
        text = path.read_text()
        inner = re.findall(r"\son\w+\s*=\s*[\"']|\sstyle\s*=|javascript:|hx-on|hx-trigger=\"[^\"]*\[", text)
        inner += [each for each in re.findall(r"<script[^>]*>", text) if not re.search("src=|application/json", each)]
        # What is drawn on paper alone meets no browser.
        if path.name != "statement_paper.html":
            inner += [each for each in re.findall(r"<style[^>]*>", text) if "nonce=" not in each]
        assert inner == [], path


def test_a_paper_has_its_style_by_a_nonce_that_is_another_each_time(manager):
    first, second = manager.get("/login/"), manager.get("/login/")
    nonces = {re.search("'nonce-([^']{20,})'", rules(each)["style-src"])[1] for each in (first, second)}
    assert len(nonces) == 2


def test_a_page_that_only_takes_forms_and_one_that_is_not_understood_show_the_way_back(manager):
    page = f"/units/{Unit.objects.earliest('pk').pk}/top-up/"
    refused = manager.get(page)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert "To the first page" in refused.content.decode()
    fields = {f"f{each}": "" for each in range(2000)}
    many = manager.post(page, fields)
    assert many.status_code == 413
    assert "too large" in many.content.decode()
    strange = Client(headers={"host": "evil.example"}).get("/login/")
    assert strange.status_code == 400
    assert "PREWATT_HOSTS" in strange.content.decode()


def test_the_description_of_the_api_is_for_who_is_logged_in(client, building):
    assert client.get("/api/v1/openapi.json").status_code == 302
    assert client.get("/api/v1/docs").status_code == 302
    client.force_login(get_user_model().objects.get(username="manager"))
    assert client.get("/api/v1/openapi.json").status_code == 200
    page = client.get("/api/v1/docs").content.decode()
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert {each.split(".")[0] for each in files} >= {"/static/ninja/swagger-ui", "/static/ninja/swagger-ui-bundle"}
    assert {client.get(each).status_code for each in files} == {200}


BEHIND_TLS = """
import io, json, django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from prewatt.processes.database import bring_up_to_date
bring_up_to_date()
said = io.StringIO()
call_command("check", deploy=True, stdout=said, stderr=said)
tls = {"X-Forwarded-Proto": "https", "Host": "power.example.com"}
page = Client(headers=tls).get("/login/")
plain = Client(headers={"Host": "power.example.com"}).get("/login/?next=/my/")
gateway = Client(headers={"Host": "127.0.0.1"}).post("/api/gateways/enrol")
cookie = page.cookies[settings.CSRF_COOKIE_NAME]
print(json.dumps({
    "check": said.getvalue(), "hsts": page.headers["Strict-Transport-Security"], "policy": page.headers["Content-Security-Policy"],
    "cookie": [cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"]],
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE],
    "plain": [plain.status_code, plain.headers["Location"]], "gateway": gateway.status_code,
}))
"""


def test_a_server_that_is_reached_by_https_takes_nothing_else(tmp_path):
    # Without what other tests set for this process, such as the browser's for Django's queries.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
    environment |= {"DJANGO_SETTINGS_MODULE": "prewatt.server.settings", "PREWATT_HOME": str(tmp_path)}
    environment["PREWATT_PUBLIC_URL"] = "https://power.example.com"
    run = subprocess.run(
        [sys.executable, "-c", BEHIND_TLS], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert "no issues" in told["check"], told["check"]
    assert told["hsts"] == "max-age=31536000"
    assert "upgrade-insecure-requests" in told["policy"]
    assert told["cookie"] == [True, "/", "", True]
    name, is_secure = told["session"]
    assert re.fullmatch("__Host-sessionid-[0-9a-f]{8}", name) and is_secure
    assert told["plain"] == [301, "https://power.example.com/login/?next=/my/"]
    assert told["gateway"] == 400


def test_a_paper_is_drawn_without_a_look_at_files_or_the_network(tmp_path, monkeypatch, caplog):
    picture = tmp_path / "picture.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    monkeypatch.setattr(pdf, "render_to_string", lambda *_given: f'<img src="file://{picture}">')
    # A bill, which takes no number of its own.
    assert pdf.to_pdf(None, SimpleNamespace()).startswith(b"%PDF")
    assert "Failed to load image" in caplog.text
