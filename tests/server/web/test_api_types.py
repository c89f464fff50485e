"""Calls of the API say that they are JSON, and their answers are shown to nobody as a page."""

import json

import pytest

pytestmark = pytest.mark.django_db


def test_a_body_that_is_not_called_json_is_refused_with_415_and_does_nothing(manager, tenancy):
    from prewatt.server.vending.models import TopUp

    address, body = f"/api/v1/tenancies/{tenancy.pk}/top-ups", json.dumps({"amount": "5", "credit_id": "7"})
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = manager.post(address, body, content_type=kind or "application/octet-stream")
        assert answer.status_code == 415, kind
        assert "Content-Type: application/json" in answer.json()["detail"]
    assert not TopUp.objects.exists()
    assert manager.post(address, body, content_type="application/json; charset=utf-8").status_code in (200, 201)
    assert TopUp.objects.count() == 1


def test_an_answer_is_a_file_for_a_browser(manager):
    assert manager.get("/api/v1/properties")["Content-Disposition"] == 'attachment; filename="api.json"'
