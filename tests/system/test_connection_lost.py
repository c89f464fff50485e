"""A page that stands open while the device has no network, in a real browser."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.building import PASSWORD, set_up

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.mark.parametrize(("name", "zone"), [("manager", "Asia/Kathmandu")])
def test_a_page_says_since_when_it_is_not_live_until_it_is_again(pages, clock, browser, name, zone):
    set_up(clock)
    page = browser.new_page(timezone_id=zone)
    page.goto(f"{pages}/login/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    said = page.locator(".lost")
    expect(said).to_have_count(1)
    expect(said).to_be_hidden()
    page.context.set_offline(True)
    # On the clock of who looks, not of the server or the building.
    there = page.evaluate("new Date().toLocaleTimeString('en', {hour: '2-digit', minute: '2-digit'}).slice(0, 3)")
    expect(said).to_have_text(
        re.compile(rf"^Not live since {there}\d\d.*\. What is shown is the last that is known\.$")
    )
    page.context.set_offline(False)
    expect(said).to_be_hidden()
    page.close()
