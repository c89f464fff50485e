"""The labels of a strip of prices, in a real browser: each stands within its part, or is not seen."""

import os

import pytest
from django.test import Client

from prewatt.kernel.tariff import DayType, Rate, Season, Switch, Tariff
from prewatt.server.estate.models import Property
from tests.building import PASSWORD, ZONE, set_up
from tests.system.walking import DESK, PHONE, whole

pytestmark = pytest.mark.django_db
# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

NAMES = ("night", "shoulder of the morning", "day", "shoulder of the evening", "late")
DAYS = DayType("all", tuple(range(8)), tuple(map(Switch, (0, 360, 420, 1080, 1140), NAMES)))
RATES = tuple(Rate(name, (100_000 * place,)) for place, name in enumerate(NAMES, 1))
LABELS = """
() => [...document.querySelectorAll(".strip i")].map(part => {
  const range = document.createRange();
  range.selectNodeContents(part);
  const [box, label] = [part, range].map(each => each.getBoundingClientRect());
  const isWithin = label.left >= box.left && label.right <= box.right && label.bottom <= box.bottom + 1;
  return isWithin ? "within" : label.top >= box.bottom - 1 ? "unseen" : `${part.textContent} is cut`;
})
"""


def test_a_label_without_room_is_not_seen_on_a_phone_and_on_a_desk(browser, clock):
    set_up(clock, tariff=Tariff("shoulders", "EUR", ZONE, RATES, (Season("year", 1, 1, (DAYS,)),)))
    client = Client()
    assert client.login(username="manager", password=PASSWORD)
    html = client.get(f"/properties/{Property.objects.get().pk}/tariffs/").content.decode()
    page = browser.new_page(viewport=PHONE)
    page.set_content(whole(html), wait_until="domcontentloaded")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        labels = page.evaluate(LABELS)
        assert labels == ["within", "unseen", "within", "unseen", "within"]
    page.close()
