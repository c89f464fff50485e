"""The hours of a tariff are painted in a real browser, by mouse and by keyboard, and what was painted is what holds."""

import os

from playwright.sync_api import expect

from prewatt.kernel.tariff import Switch
from prewatt.server.estate.models import Property
from prewatt.server.tariffs.models import Tariff
from tests.building import PASSWORD, set_up

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def hour(page, line, time):
    return page.get_by_role("grid").nth(line).get_by_role("gridcell", name=f"{time} to ")


def test_hours_are_painted_by_mouse_and_by_keyboard(pages, clock, browser):
    set_up(clock)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{pages}/login/")
    page.get_by_label("Name").fill("manager")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.goto(f"{pages}/properties/{Property.objects.get().pk}/tariffs/new/")
    expect(page.locator("[role=grid]")).to_have_count(2)
    expect(page.locator("[role=grid]").first).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("painted")
    page.get_by_label("By the hour").check()
    for place, price in enumerate(("0.40", "0.10")):
        page.locator("[name=rate_price]").nth(place).fill(price)
    # By mouse: day from 7 to 9 on weekends; a stroke may go back.
    page.get_by_role("radio", name="day 0.40").click()
    hour(page, 1, "07:00").hover()
    page.mouse.down()
    hour(page, 1, "11:30").hover()
    hour(page, 1, "08:30").hover()
    page.mouse.up()
    # By keyboard: night, the second rate, from 12:00 to 13:30 on working days.
    hour(page, 0, "11:30").click()
    page.keyboard.press("2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(hour(page, 0, "13:00")).to_have_attribute("aria-label", "13:00 to 13:30: night")
    # A rate that is renamed is renamed where it was painted.
    page.locator("[name=rate_name]").nth(0).fill("peak")
    # Narrow, the same cells stand in lines below each other.
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    hour(page, 1, "23:30").click()
    page.get_by_label("From now on").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("painted is saved and on its way")
    # Tiers are a ladder of prices.
    page.goto(f"{pages}/properties/{Property.objects.get().pk}/tariffs/new/")
    page.get_by_label("By use").check()
    page.get_by_label("Name", exact=True).fill("climbs")
    page.locator("[data-end]").fill("100")
    for place, price in enumerate(("0.10", "0.20")):
        page.locator("[data-cost]").nth(place).fill(price)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("climbs is saved")
    page.close()
    assert errors == []
    climbs = Tariff.objects.get(name="climbs").kernel()
    assert (climbs.rates[0].prices, climbs.tiers.upto) == ((100_000, 200_000), (100_000,))
    working, free = (each.switches for each in Tariff.objects.get(name="painted").kernel().seasons[0].day_types)
    night, peak = "night", "peak"
    assert working == tuple(
        Switch(minute, rate) for minute, rate in [(0, night), (360, peak), (720, night), (810, peak), (1320, night)]
    )
    assert free == tuple(Switch(minute, rate) for minute, rate in [(0, night), (420, peak), (540, night)])
