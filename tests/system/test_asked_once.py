"""What darkens or costs is asked about once, in a real browser."""

from playwright.sync_api import expect

from tests.system.walking import whole

FORM = """
<body>
  <form id="off" data-sure="sure-1"><button name="do" value="off">Switch off</button></form>
  <dialog class="sure" id="sure-1">
    <form method="dialog"><button>Don't</button><button value="yes">Yes, off</button></form>
  </dialog>
  <script src="/static/web/page.js" defer></script>
</body>
"""
COUNT = """
window.sent = [];
document.addEventListener("submit", event => {
  if (event.target.id !== "off" || event.defaultPrevented) return;
  event.preventDefault();
  window.sent.push(event.submitter.value);
});
"""


def test_an_act_is_asked_about_once_and_sent_with_the_button_that_was_pressed(browser):
    page = browser.new_page()
    page.set_content(whole(FORM))
    page.evaluate(COUNT)
    off, question = page.get_by_role("button", name="Switch off"), page.get_by_role("dialog")
    off.click()
    expect(question).to_be_visible()
    page.get_by_role("button", name="Don't").click()
    expect(question).to_be_hidden()
    off.click()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    assert page.evaluate("sent") == []
    off.click()
    page.get_by_role("button", name="Yes, off").click()
    page.wait_for_function("sent.length")
    assert page.evaluate("sent") == ["off"]
    page.close()
