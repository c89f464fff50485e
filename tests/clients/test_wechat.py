"""The WeChat mini program in `clients/wechat`: its rules, its pages in a browser, and its stories on a real server.

Node runs it with a simulator of WeChat's components. `LOOK=folder` keeps a picture of each page.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.walking import AXE, LOOK, NARROW, PHONE

ROOT = Path(__file__).parent.parent.parent
CLIENT = ROOT / "clients" / "wechat"
TEST = ("--test", "--test-reporter=tap")
PICTURES, FOR_DOCUMENTS = os.environ.get("LOOK", ""), os.environ.get("SCREENSHOTS", "")
MEASURE = """
() => {
  const root = document.documentElement;
  const touched = [...document.querySelectorAll("button, input, textarea, .wx-picker")];
  const small = touched.filter(part => part.getBoundingClientRect().height < 43.5).map(part => part.outerHTML.slice(0, 90));
  return {wider: root.scrollWidth - root.clientWidth, small};
}
"""


@pytest.fixture(scope="module")
def installed():
    """What the tests of the mini program need from npm, pinned by its lock file, is there; it is kept for the next time."""
    assert shutil.which("node") and shutil.which("npm"), "node and npm are missing: `make system` installs them"
    lock, kept = CLIENT / "package-lock.json", CLIENT / "node_modules" / ".package-lock.json"
    with lock.open() as held:
        # Several workers may come here at the same time.
        fcntl.flock(held, fcntl.LOCK_EX)
        if not kept.exists() or kept.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=CLIENT, check=True, capture_output=True)


def node(*command, **settings):
    """What a program of Node says; it must end well."""
    environment = {**os.environ, "TZ": "Asia/Shanghai", **settings}
    done = subprocess.run(command, cwd=CLIENT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.usefixtures("installed")
def test_types_are_right():
    node("node_modules/.bin/tsc", "--project", ".")


@pytest.mark.usefixtures("installed")
def test_texts_amounts_and_pages_follow_their_rules():
    said = node("node", *TEST, *(f"test/{each}.test.js" for each in ("forms", "languages", "lint", "pages")))
    assert "kB compressed; WeChat takes 2048 kB" in said
    assert "\n# fail 0" in said
    print(next(line for line in said.splitlines() if "kB compressed" in line))


@pytest.fixture
def played():
    """A building with its server and WeChat, as another process, which ends with its standard input."""
    command = [sys.executable, "-m", "tests.clients.played_server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline()
        process.stdin.close()


@pytest.mark.usefixtures("installed")
def test_a_tenant_lives_with_the_mini_program(played):
    assert json.loads(played)["server"]
    said = node("node", *TEST, "test/stories.test.js", PLAYED=played)
    assert "\n# fail 0" in said


@pytest.mark.usefixtures("installed")
def test_every_page_fits_a_phone_and_can_be_read_by_everybody(browser, tmp_path):
    node("node", "test/pictures.js", tmp_path)
    wrong, files = [], sorted(tmp_path.glob("*.html"))
    context = browser.new_context(viewport=NARROW, reduced_motion="reduce", offline=True, device_scale_factor=1.5)
    page = context.new_page()
    for file in files:
        page.emulate_media(color_scheme="light")
        page.set_content(file.read_text(), wait_until="domcontentloaded")
        found = page.evaluate(MEASURE)
        wrong += [f"{file.stem}: {found}"] if found["wider"] > 0 or found["small"] else []
        if file.stem.endswith(".en"):
            page.evaluate(f"() => {{{AXE}}}")
            wrong += [f"{file.stem}: {each}" for each in page.evaluate(LOOK, None)]
            page.emulate_media(color_scheme="dark")
            wrong += [f"{file.stem}, dark: {each}" for each in page.evaluate(LOOK, ["color-contrast"])]
        keep(page, file.stem)
    context.close()
    assert len(files) > 3 * 20
    assert not wrong, "\n".join(wrong)


def keep(page, name):
    """Keep a picture of a page, if somebody wants one."""
    page.set_viewport_size(PHONE)
    if PICTURES:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(PICTURES) / f"{name}.{scheme}.png", full_page=True)
    if FOR_DOCUMENTS and name == "home-chinese.zh-hans":
        page.screenshot(path=Path(FOR_DOCUMENTS) / "wechat.png")
    page.set_viewport_size(NARROW)
