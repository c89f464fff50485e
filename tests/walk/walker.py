"""Somebody who walks through pages in a browser: does what a story says, measures each page that it comes to, keeps a picture.

A story finds parts by addresses, names of fields and `data-` attributes, never by words: it is the same in all languages.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import expect

from tests.system.walking import AXE, DESK, LOOK, MEASURE, NARROW, PHONE
from tests.walk.english import texts_left

PATIENCE = 60_000
"""Milliseconds that anything on a page may take."""
SIZES = {"phone": PHONE, "narrow": NARROW, "desk": DESK}
LANGUAGES = {"en": "en-CA", "zh-hans": "zh-CN", "de": "de-CH"}
"""The pages' languages, and what a browser says that its person reads."""
TO_CHART = """
() => {
  const chart = document.querySelector("figure.use canvas")?.closest("figure");
  chart?.scrollIntoView();
  return Boolean(chart);
}
"""
KEPT = """
async () => {
  await navigator.serviceWorker.ready;
  while (!(await (await caches.open("kept")).match("/me/kept/"))) await new Promise(requestAnimationFrame);
}
"""
SETTLED = "async () => { await document.fonts.ready; scrollTo(0, 0); }"
TECHNICAL = ("/admin/", "/changes/")
"""Pages that name the database's columns and their values, in English."""
LINKS = """
() => [...document.querySelectorAll("a[href^='/'], a[href^='?']")].filter(each => each.checkVisibility() && !each.download)
  .map(each => each.pathname + each.search).filter(each => !each.includes("format="))
"""


class Step(NamedTuple):
    """A page as somebody came to it. `wrong`: what is wrong with it."""

    role: str
    name: str
    path: str
    picture: str
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """How a walk is done: `language` of the pages, `size` of the screen, `pictures`: the folder for them, None for none. `beside`:
    also measured at this size.
    """

    language: str = "en"
    size: str = "phone"
    pictures: Path | None = None
    beside: str = ""


class Walker:
    """`steps` that were done, `clicks` and `fields`: how many buttons were pressed and fields filled until now."""

    def __init__(self, browser, address, role, way):
        self.address, self.role, self.way = address, role, way
        self.steps, self.clicks, self.fields = [], 0, 0
        self._numbers, self._errors, self._is_in, self._links = Counter(), [], "", {}
        context = browser.new_context(
            viewport=SIZES[way.size],
            locale=LANGUAGES[way.language],
            timezone_id="Europe/Zurich",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: self._errors.append(f"script: {error.error}"))
        self.page = context.new_page()

    # -- what people do ----------------------------------------------------------------------------------------------

    def open(self, path, step=""):
        """Go to an address, and look at it."""
        self.page.goto(path if path.startswith("http") else f"{self.address}{path}")
        self.look(step)

    def fill(self, **values):
        """Type into fields of the page's own part, by their names."""
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]:visible").first
            field.select_option(value) if field.evaluate("each => each.tagName") == "SELECT" else field.fill(value)
            self.fields += 1

    def tick(self, name, value):
        """Choose a value of a field of choices."""
        self.page.locator(f"main [name={name}][value='{value}']").first.check()
        self.clicks += 1

    def click(self, selector, step=""):
        """Press what a selector finds first."""
        self.page.locator(selector).locator("visible=true").first.click()
        self.clicks += 1
        self.look(step)

    def follow(self, path, step=""):
        """Press the link whose address ends so; on a phone the places are behind a button."""
        links = f"main a[href$='{path}'], .rooms a[href$='{path}'], header a[href$='{path}']"
        if not self.page.locator(links).locator("visible=true").count():
            self.unfold("header .menu")
        self.click(links, step)

    def send(self, step="", form="form", button="button.main", at=None):
        """Press a button of a form of the page's own part, and wait for the page that comes; `at`: its address."""
        with self.page.expect_navigation(url=at or re.compile(".")):
            self.page.locator(f"main {form} {button}").locator("visible=true").first.click()
        self.clicks += 1
        self.look(step)

    def print(self, step, form="form", button="button"):
        """Press a button of a form whose answer is a paper in a tab of its own, and go on there."""
        with self.page.expect_popup() as paper:
            self.page.locator(f"main {form} {button}").locator("visible=true").first.click()
        self.clicks += 1
        self.page = paper.value
        self.look(step)

    def unfold(self, selector):
        """Open a part that is folded."""
        self.page.locator(selector).first.locator("summary").first.click()
        self.clicks += 1

    def log_in(self, name, password, step=""):
        """Log in at the door; whoever is in already stays."""
        if self._is_in == name:
            return
        self._is_in, self._links = name, {}
        self.page.context.clear_cookies()
        self.open("/login/")
        self.fill(username=name, password=password)
        self.send(step)

    def leaves(self):
        """Be nobody who is logged in."""
        self._is_in, self._links = "", {}
        self.page.context.clear_cookies()

    def loses_the_network(self, step):
        """Come back to the page where there is no network, once the phone has kept what it shows then; and have it again."""
        self.page.evaluate(KEPT)
        self.page.context.set_offline(True)
        self.page.reload()
        self.look(step)
        self.page.context.set_offline(False)

    def text(self, selector):
        """Return what the first such part of the page says."""
        return self.page.locator(selector).first.inner_text()

    def number(self, pattern):
        """Return the number that an address of the page has at the group of a pattern."""
        found = re.search(pattern, self.page.content()) or re.search(pattern, self.page.url)
        assert found, f"{self.page.url} has no {pattern}"
        return found[1]

    def sees(self, selector, count=None):
        """Wait until the page shows something, or as many."""
        shown = self.page.locator(selector)
        if count is None:
            expect(shown.locator("visible=true").first).to_be_visible(timeout=PATIENCE)
        else:
            expect(shown).to_have_count(count, timeout=PATIENCE)

    # -- what is measured --------------------------------------------------------------------------------------------

    def look(self, step):
        """Measure the page and keep a picture of it, as a step of the story. Without a name it is none."""
        if not step:
            return
        page = self.page
        page.wait_for_load_state("load")
        # A chart is drawn when it comes into sight.
        if page.evaluate(TO_CHART):
            expect(page.locator("figure.use canvas").first).to_be_visible(timeout=PATIENCE)
        page.evaluate(SETTLED)
        wrong = [*self._measured(self.way.size), *self._axe(), *self._words()]
        if self.way.beside:
            page.set_viewport_size(SIZES[self.way.beside])
            wrong += self._measured(self.way.beside)
            page.set_viewport_size(SIZES[self.way.size])
        for link in page.evaluate(LINKS):
            # One flat's page is as another's.
            self._links.setdefault(re.sub(r"[0-9]+", "1", link), (link, step))
        self._numbers[self.role] += 1
        name = f"{self._numbers[self.role]:02}-{step}"
        path = page.url.removeprefix(self.address)
        self.steps.append(Step(self.role, name, path, self._keep(name), (*wrong, *self._errors)))
        self._errors.clear()

    def stuck(self, why):
        """Note that a story could not go on, with a picture of where."""
        self._numbers[self.role] += 1
        name = f"{self._numbers[self.role]:02}-stuck"
        self.steps.append(Step(self.role, name, self.page.url.removeprefix(self.address), self._keep(name), (why,)))

    def refused(self):
        """Note each link of the pages so far that leads to a refusal: nobody is shown what they may not open."""
        for link, step in self._links.values():
            answer = self.page.request.get(f"{self.address}{link}", max_redirects=0)
            if answer.status in (403, 404, 500):
                self.steps.append(Step(self.role, step, link, "", (f"its link leads to {answer.status}",)))

    def _measured(self, size):
        found, wrong = self.page.evaluate(MEASURE), []
        if found["overflow"] > 0:
            wrong.append(f"{size}: {found['overflow']} px wider than the screen, by {found['wide']}")
        if found["small"] and size != "desk":
            wrong.append(f"{size}: too small for a thumb: {found['small']}")
        if found["tops"] != 1:
            wrong.append(f"{size}: {found['tops']} h1")
        if found["skips"]:
            wrong.append(f"{size}: a level of headings is left out")
        if found["lang"].lower() != self.way.language:
            wrong.append(f"the page says that it is in {found['lang']!r}")
        return wrong

    def _axe(self):
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(f"() => {{{AXE}}}")
        return self.page.evaluate(LOOK, None)

    def _words(self):
        if self.page.url.removeprefix(self.address).startswith(TECHNICAL):
            return []
        return [f"English: {text!r}" for text in texts_left(self.page, self.way.language)]

    def _keep(self, name):
        if self.way.pictures is None:
            return ""
        path = Path(self.way.language) / self.way.size / self.role / f"{name}.png"
        (self.way.pictures / path).parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.way.pictures / path, full_page=True)
        return path.as_posix()

    def close(self):
        self.page.context.close()
