"""The gateway's own page in a real browser, as people have it who stand in the stairwell without a network."""

import pytest
from playwright.sync_api import expect

from tests.edge.test_page import PIN, code, served
from tests.system.walking import AXE, LOOK, MEASURE, NARROW, PHONE

LANGUAGES = {
    "en-GB": ("en", "Which flat is yours?", "Credited: ", "19 of 20 digits"),
    "de-AT": ("de", "Welche Wohnung ist Ihre?", "Gutgeschrieben: ", "19 von 20 Ziffern"),
    "zh-CN": ("zh", "您住哪个房间？", "已充入", "已输入 19 位，共 20 位"),
}


@pytest.fixture
def house(tmp_path, monkeypatch):
    # By the hour of the test it would be dark always, or never.
    monkeypatch.setattr("prewatt.edge.site_service.NIGHT_BEGINS", 24)
    monkeypatch.setattr("prewatt.edge.site_service.NIGHT_ENDS", 0)
    with served(tmp_path) as (shell, address, _hours):
        yield shell, address


def judge(page):
    """What is wrong with a page on small phones, by day and by night."""
    wrong = []
    for size in (NARROW, PHONE):
        page.set_viewport_size(size)
        found = page.evaluate(MEASURE)
        assert (found["overflow"], found["small"], found["tops"], found["skips"]) == (0, [], 1, False), found
    page.evaluate(f"() => {{{AXE}}}")
    for shade, rules in (("light", None), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=shade, reduced_motion="reduce")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(12, 15, 16)") == (shade == "dark")
        wrong += [f"{shade}: {each}" for each in page.evaluate(LOOK, rules)]
    return wrong


def test_in_the_dark_stairwell_a_code_is_typed_on_large_keys_in_every_language(house, browser):
    shell, address = house
    for number, (locale, (language, question, credited, nineteen)) in enumerate(LANGUAGES.items()):
        digits = code(shell, number)
        page = browser.new_context(viewport=PHONE, locale=locale).new_page()
        asked, broken = [], []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("pageerror", lambda error, broken=broken: broken.append(str(error)))
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(question)
        assert page.locator("html").get_attribute("lang") == language
        assert judge(page) == []
        page.get_by_role("link", name="Flat 1").click()
        field, keys = page.locator("textarea"), page.locator(".keys")
        expect(field).to_have_attribute("inputmode", "none")
        if language == "en":
            for digit in digits[:19]:
                keys.get_by_text(digit, exact=True).click()
        else:
            # By another keyboard, in full-width digits; some pages of banks copy them with hyphens.
            field.focus()
            wide = "-".join(chr(0xFF10 + int(digit)) for digit in digits[:19])
            page.keyboard.insert_text(wide)
        expect(keys.locator("output")).to_have_text(nineteen)
        keys.get_by_text("0", exact=True).click()
        keys.get_by_text("⌫").click()
        keys.get_by_text(digits[19], exact=True).click()
        expect(field).to_have_value(" ".join(digits[at : at + 4] for at in range(0, 20, 4)))
        # A digit in the middle is taken away and typed again where it was.
        field.evaluate("field => field.setSelectionRange(6, 6)")
        keys.get_by_text("⌫").click()
        keys.get_by_text(digits[4], exact=True).click()
        expect(field).to_have_value(" ".join(digits[at : at + 4] for at in range(0, 20, 4)))
        assert judge(page) == []
        field.press("Enter")
        expect(page.locator(".told")).to_contain_text(credited)
        # What was chosen last is there again.
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Flat 1")
        page.locator("[name=pin]").fill(PIN)
        page.locator("[name=pin]").press("Enter")
        expect(page.locator("#now")).to_contain_text(("20.00", "40,00", "60.00")[number])
        assert judge(page) == []
        assert not broken and all(url.startswith(address) for url in asked)
        page.context.close()
