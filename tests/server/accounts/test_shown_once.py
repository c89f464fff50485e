"""What is shown only once, such as a password or a PIN, is shown once and stays in no browser."""

import re

import pytest
from django.conf import settings

from prewatt.server.estate.models import Unit

pytestmark = pytest.mark.django_db


def test_a_pin_is_shown_once_and_travels_in_no_cookie(building, log_in):
    manager, unit = log_in("manager"), Unit.objects.get(name="Flat 1")
    answer = manager.post(f"/units/{unit.pk}/renew-pin/")
    page = manager.get(answer.url)
    assert re.search(r"PIN of Flat 1 is \d{6}\.", page.content.decode())
    assert set(manager.cookies) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert "shown only once" not in manager.get(answer.url).content.decode()
