"""The script beside fields of passwords, in a real browser."""

from pathlib import Path

from playwright.sync_api import expect

import prewatt

SCRIPT = Path(prewatt.__file__).parent / "server" / "sign_in" / "static" / "sign_in" / "passwords.js"
FIELD = """
<form>
  <label>New password
    <input type="password" data-show="Show" data-hide="Hide" data-strength="too short|easy to guess|good|strong">
  </label>
</form>
"""


def test_a_password_can_be_seen_and_its_strength_is_told_while_it_is_typed(browser):
    page = browser.new_page()
    page.set_content(FIELD)
    page.add_script_tag(path=SCRIPT)
    field, said = page.locator("input"), page.locator("output")
    for typed, strength in (
        ("lamps", "too short"),
        ("aaaaaaaaaaaaaaaa", "easy to guess"),
        ("123456789012", "easy to guess"),
        ("seven lamps over a river", "strong"),
        ("十二个字符的密码很难被猜中", "strong"),
        ("", ""),
    ):
        field.fill(typed)
        expect(said).to_have_text(strength)
    page.get_by_role("button", name="Show").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide").click()
    expect(field).to_have_attribute("type", "password")
    page.close()
