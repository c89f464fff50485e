"""The way in by a paper, in a real browser on a phone: what browsers say of where a form comes from, only they say."""

import os

import pytest
from playwright.sync_api import expect

from prewatt.server.accounts.invitations import invite_to_flat
from prewatt.server.estate.models import Tenancy
from tests.building import set_up

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.mark.parametrize("by_link", [False, True])
def test_on_a_phone_a_paper_lets_its_tenant_in(pages, clock, browser, by_link):
    set_up(clock)
    tenancy = Tenancy.objects.order_by("pk").first()
    tenancy.people.clear()
    code = invite_to_flat(tenancy, None)
    page = browser.new_page(**PHONE)
    if by_link:
        page.goto(f"{pages}/join/{code.replace('-', '')}/")
    else:
        page.goto(f"{pages}/join/")
        page.get_by_label("Code").fill(code.lower().replace("-", " "))
        page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name=f"{tenancy.unit.name}, ")).to_be_visible()
    page.get_by_label("Name to log in with").fill("anna")
    page.get_by_label("Password of your choice").fill("a quiet staircase")
    page.get_by_role("button", name="Go in", exact=True).click()
    page.wait_for_url("**/me/")
    assert list(tenancy.people.values_list("username", flat=True)) == ["anna"]
    page.close()
