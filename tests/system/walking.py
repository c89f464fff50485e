"""A browser that is shown the pages that Django's test client gets, without a server: all that they need is put into them."""

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import Client

from prewatt.server.web.bundles import BUNDLES
from prewatt.server.web.static_files import _HASHED

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
PHONE, NARROW, DESK = {"width": 390, "height": 844}, {"width": 360, "height": 780}, {"width": 1280, "height": 900}
NOWHERE = "/nothing/"
THUMB = 44
"""Pixels that a thumb needs; links within words are as small as the words."""

MEASURE = """
() => {
  const shown = part => part.checkVisibility({visibilityProperty: true}) && part.getBoundingClientRect().width > 2;
  const name = part => `${part.tagName.toLowerCase()} "${(part.innerText || part.name || part.className).trim().slice(0, 40)}"`;
  const wide = [...document.querySelectorAll("body *")].filter(part => shown(part)
    && part.getBoundingClientRect().right + scrollX > document.documentElement.clientWidth + 1
    && !part.closest(".scroll, .rooms, .tabs, .skip, svg"));
  const touched = "button, .button, summary, select, input:not([type=hidden], [type=checkbox], [type=radio]), nav a, .tile[href]";
  const small = [...document.querySelectorAll(touched)].filter(part => shown(part)
    && part.getBoundingClientRect().height < THUMB - .5);
  const heads = [...document.querySelectorAll("h1, h2, h3, h4")].filter(part => part.checkVisibility());
  const levels = heads.map(part => Number(part.tagName[1]));
  return {
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    wide: wide.slice(-3).map(name), small: small.slice(0, 4).map(name),
    tops: levels.filter(level => level === 1).length,
    skips: levels.some((level, at) => at > 0 && level > levels[at - 1] + 1), lang: document.documentElement.lang,
  };
}
""".replace("THUMB", str(THUMB))
LOOK = """
async rules => {
  // What a page does once it knows how wide its parts are has been done by the second picture.
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const found = await axe.run(document, {resultTypes: ["violations"], ...(rules ? {runOnly: {type: "rule", values: rules}} : {})});
  return found.violations.filter(each => ["serious", "critical"].includes(each.impact))
    .map(each => `${each.id}: ${each.nodes.slice(0, 3).map(node => node.target.join(" ") + " " +
       (node.any[0]?.message ?? "").replace(/Expected.*/, "")).join("; ")}`);
}
"""


_SHEET = re.compile(r'<link rel="stylesheet" href="/static/([^"]+)">')
_SCRIPT = re.compile(r'<script ([^>]*)src="/static/([^"]+)"([^>]*)></script>')
_LIBRARY = re.compile(r'data-library="/static/([^"]+)"')
_LIVE = re.compile(r"htmx|/live\.")
"""Scripts that ask the server, which is not there."""


@cache
def _static(name):
    return Path(finders.find(name)).read_text()


def _files(name):
    """The files that a page gets under an address: one, or those of a bundle."""
    match = _HASHED.match(name)
    plain = f"{match['stem']}{match['ending']}" if match else name
    return BUNDLES.get(plain, (plain,))


def whole(html):
    """A page with its sheets and scripts within it: the browser asks for nothing more."""
    scripts = [
        f'<script type="module">{_static(file)}</script>'
        for name in (*_LIBRARY.findall(html), *(name for _before, name, _after in _SCRIPT.findall(html)))
        for file in _files(name)
        if not _LIVE.search(file)
    ]
    html = _SHEET.sub(lambda match: f"<style>{''.join(map(_static, _files(match[1])))}</style>", html)
    return _SCRIPT.sub("", html).replace("</body>", "".join(scripts) + "</body>")


class Visitor:
    """Somebody who is logged in, in a browser of their own."""

    def __init__(self, browser, user, pictures="", language="en"):
        self._client, self._pictures = (
            Client(raise_request_exception=False, headers={"Accept-Language": language}),
            pictures,
        )
        if user is not None:
            self._client.force_login(user)
        self.page = browser.new_context(viewport=PHONE, reduced_motion="reduce", offline=True).new_page()
        self._wrong = []
        self.page.on("pageerror", lambda error: self._wrong.append(f"script: {error}"))

    def look_at(self, path):
        """What is wrong with a page, on a phone and on a desk, by day and by night. None if it is none."""
        answer = self._client.get(path, follow=True)
        is_whole = b"<!DOCTYPE html>" in answer.getvalue()[:200]
        if answer.status_code != (404 if path.endswith(NOWHERE) else 200) or not is_whole:
            return None
        self._wrong.clear()
        page = self.page
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="light")
        page.set_content(whole(answer.getvalue().decode()), wait_until="domcontentloaded")
        wrong = [*self._measured("390"), *self._axe("light")]
        self._keep(path, "phone")
        page.set_viewport_size(NARROW)
        wrong += [each for each in self._measured("360") if "wider" in each]
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="dark")
        wrong += [each for each in self._measured("1280") if "small" not in each]
        wrong += self._axe("dark", ["color-contrast"])
        self._keep(path, "desk")
        return [*wrong, *self._wrong]

    def _measured(self, at):
        found, wrong = self.page.evaluate(MEASURE), []
        if found["overflow"] > 0:
            wrong.append(f"{at}: {found['overflow']} px wider than the screen, by {found['wide']}")
        if found["small"]:
            wrong.append(f"{at}: too small for a thumb: {found['small']}")
        if found["tops"] != 1:
            wrong.append(f"{at}: {found['tops']} h1")
        if found["skips"]:
            wrong.append(f"{at}: a level of headings is left out")
        if not found["lang"]:
            wrong.append(f"{at}: html says no language")
        return wrong

    def _axe(self, shade, rules=None):
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(f"() => {{{AXE}}}")
        return [f"{shade}: {each}" for each in self.page.evaluate(LOOK, rules)]

    def _keep(self, path, at):
        if self._pictures:
            name = path.strip("/").replace("/", "-").split("?")[0] or "home"
            self.page.screenshot(path=Path(self._pictures) / f"{name}.{at}.png", full_page=True)

    def close(self):
        self.page.context.close()
