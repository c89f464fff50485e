"""The pages of errors: they look like the others, and say what happened and what to do."""

import pytest
from django.db import DataError
from django.test import Client

from prewatt.server.estate.models import Unit
from tests.building import PASSWORD

pytestmark = pytest.mark.database


def said(answer, status):
    """The words of an error's page, which looks like the others."""
    text = " ".join(answer.content.decode().split())
    assert answer.status_code == status
    assert 'href="/static/web/all.' in text and 'class="brand"' in text
    return text


def test_a_page_that_is_none_and_a_page_of_others_are_the_same_404(log_in, building):
    manager = log_in("manager")
    answers = [said(manager.get(path), 404) for path in ("/nothing/", "/units/99999/", "/me/")]
    assert all("belongs to somebody else" in answer and ">manager</a>" in answer for answer in answers)
    assert len({answer.split("<main")[1].split("<footer")[0] for answer in answers}) == 1
    assert "belongs to somebody else" in said(Client().get("/nothing/"), 404)


def test_a_program_is_told_in_json(log_in):
    answer = log_in("manager").get("/api/v1/nothing")
    assert answer.status_code == 404
    assert "no such page" in answer.json()["detail"]


def test_a_form_without_the_secret_of_its_page_is_refused_in_words(building):
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="manager", password=PASSWORD)
    unit = Unit.objects.get(name="Flat 1")
    answer = client.post(f"/units/{unit.pk}/top-up/", {"amount": "5", "credit_id": "a"})
    assert "load the page again and send the form once more" in said(answer, 403)


def test_a_failure_of_the_server_is_said_without_asking_the_database(building, monkeypatch, django_assert_num_queries):
    client = Client(raise_request_exception=False)
    monkeypatch.setattr("allauth.account.views.LoginView.dispatch", lambda *_args, **_named: 1 // 0)
    with django_assert_num_queries(0):
        text = said(client.get("/login/"), 500)
    assert "Something went wrong" in text and "Before you try again" in text


def test_who_may_not_do_something_is_told_whom_to_ask(building, rf):
    from prewatt.server.web.trouble import forbidden

    assert "Ask the person who gave you the login" in said(forbidden(rf.get("/"), PermissionError()), 403)


def test_what_no_database_can_store_is_refused_in_words(log_in, monkeypatch):
    def refuse(*_args):
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")

    manager = log_in("manager")
    monkeypatch.setattr("prewatt.server.console.till.views.tenancies_called", refuse)
    assert "what was sent, so nothing was changed. Go back" in said(manager.get("/till/?q=%00"), 400)
