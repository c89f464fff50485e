"""Who logs in, fails and is refused stands in the security log, by numbers alone, and nobody forges a line of it."""

import json
import logging
import threading

import pytest
from django.test import Client

from prewatt.log_lines import Lines
from prewatt.server.accounts import security_log
from prewatt.server.accounts.acting import Actor, Door, acting
from prewatt.server.accounts.memberships import Membership
from prewatt.server.accounts.security_log import note
from prewatt.server.metering.apart import apart, meter_or_gateway_of
from tests.building import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(security_log, "path", lambda: tmp_path / "run" / "security.log")
    return tmp_path / "run" / "security.log"


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_who_logs_in_and_who_fails_is_noted_without_names(building, client, file, django_user_model):
    flat1 = django_user_model.objects.get(username="flat1")
    client.post("/login/", {"username": "flat1", "password": "wrong word"})
    client.post("/login/", {"username": "my secret password", "password": "x"})
    client.post("/login/", {"username": "flat1", "password": PASSWORD})
    client.post("/logout/")
    events = [(line["event"], line.get("user"), line.get("account")) for line in lines(file)]
    assert events == [
        ("log-in failed", None, flat1.pk),
        ("log-in failed", None, None),
        ("log-in", flat1.pk, None),
        ("credentials: new-browser", flat1.pk, None),
        ("log-out", flat1.pk, None),
    ]
    assert all(each not in file.read_text() for each in ("flat1", "secret", "wrong", PASSWORD))
    assert lines(file)[0]["at"].endswith("+00:00")
    assert file.stat().st_mode & 0o777 == 0o600


def test_who_is_refused_is_noted_with_the_page_and_the_address(tenant, file, django_user_model):
    tenant.get("/units/999999/")
    line = lines(file)[-1]
    user = django_user_model.objects.get(username="flat1").pk
    assert (line["event"], line["user"], line["address"], line["of"]) == ("not found", user, "127.0.0.1", 999999)
    assert line["page"] == "console:units:unit"


def test_a_form_of_another_site_is_noted_once(building, file):
    client = Client(enforce_csrf_checks=True)
    client.post("/login/", {"username": "manager", "password": PASSWORD})
    assert [line["event"] for line in lines(file)] == ["form refused"]


def test_a_stranger_who_looks_for_pages_that_are_not_there_writes_nothing(client, db, file):
    client.get("/wp-login.php")
    assert lines(file) == []


def test_nobody_forges_a_line(file, rf):
    request = rf.generic("GET\nGET", "/", REMOTE_ADDR='1"}\n{"event": "log-in"')
    note("refused", request, why='x"}\n{"event": "log-in", "user": 1}')
    assert [line["event"] for line in lines(file)] == ["refused"]


def test_several_write_at_once_and_no_line_is_lost_when_a_file_is_full(file, monkeypatch):
    monkeypatch.setattr(security_log, "LARGEST", 4000)
    monkeypatch.setattr(security_log, "KEPT", 50)

    def work(number):
        for each in range(50):
            note("tried", None, by=number, each=each)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    files = list(file.parent.iterdir())
    assert len(files) > 3
    kept = {(line["by"], line["each"]) for each in files for line in lines(each)}
    assert len(kept) == 200


def test_a_disk_that_takes_no_line_stops_nobody(tmp_path, monkeypatch, caplog):
    (tmp_path / "run").write_text("no folder")
    note("tried", None)
    assert "can't be written" in caplog.text


def test_lines_of_all_logs_have_their_time_in_utc():
    record = logging.LogRecord("prewatt", logging.INFO, "", 1, "at work", (), None)
    record.created, record.msecs = 0.25, 250
    assert Lines().format(record) == "1970-01-01T00:00:00.250Z INFO prewatt: at work"


def test_the_log_of_the_worker_names_no_tenants(tenancy, caplog):
    def fail(item):
        raise ValueError

    apart("settlements", [tenancy], fail, meter_or_gateway_of)
    assert f"settlements: Tenancy {tenancy.pk}" in caplog.text
    assert tenancy.tenant not in caplog.text


def test_changes_of_roles_and_credentials_are_noted(building, file, django_user_model):
    user = django_user_model.objects.get(username="manager")
    with acting(Actor(Door.COMMAND, command="prewatt test")):
        user.set_password("another word")
        user.save()
        Membership.objects.filter(user=user).update(role="cashier")
    noted = [(line["event"], line["row"], line["columns"]) for line in lines(file)]
    assert noted[0] == ("login changed", str(user.pk), "password")
    assert noted[1][0::2] == ("role changed", "role")
