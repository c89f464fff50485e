"""`python -m tests.walk`: walks all stories in each language on a phone and a desk, keeps pictures, and says what is wrong.

python -m tests.walk [--pictures dist/walk] [--languages en zh-hans de] [--sizes phone narrow desk] [--stories PATTERN]
"""

import argparse
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from tests.system.conftest import CHROMIUM, OPTIONS
from tests.walk import index, servers, stories
from tests.walk.place import Place
from tests.walk.stories.beginning import Beginning
from tests.walk.walker import LANGUAGES, SIZES, Walker, Way


def _asked():
    parser = argparse.ArgumentParser(prog="python -m tests.walk", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--pictures", type=Path, default=Path("dist/walk"), help="folder for the pictures")
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES), choices=LANGUAGES)
    parser.add_argument("--sizes", nargs="+", default=["phone", "desk"], choices=SIZES)
    parser.add_argument("--stories", default="", help="only those whose module and name this pattern finds")
    return parser.parse_args()


def _name(story):
    return f"{story.__module__.rpartition('.')[2]}.{story.__name__}"


def _role(story):
    return {
        "beginning": "owner-begins",
        "landlord": "owner",
        "till": "cashier",
        "on_site": "site-staff",
        "books": "accountant",
    }.get(_name(story).partition(".")[0], _name(story).partition(".")[0])


class Walk:
    """All stories in one way."""

    def __init__(self, browser, way, word):
        self._browser, self._way, self._word, self.steps = browser, way, word, []

    def through(self, told, server, place):
        """Go through some stories of one server; those of a role in one browser. One that can't go on is said, and the next begun."""
        role = walker = None
        for story in told:
            if not re.search(self._word, _name(story)):
                continue
            if _role(story) != role:
                self._end(walker)
                role = _role(story)
                walker = Walker(self._browser, server.address, role, self._way)
            began = time.monotonic()
            try:
                story(walker, place)
            except (Error, AssertionError) as error:
                walker.stuck(f"{_name(story)}: {str(error).splitlines()[0]}")
            print(
                f"  {_name(story)}: {len(walker.steps)} pages, {walker.clicks} presses, {walker.fields} fields, "
                f"{time.monotonic() - began:.0f} s",
                flush=True,
            )
        self._end(walker)

    def _end(self, walker):
        if walker is not None:
            self.steps += walker.steps
            walker.close()


def _wanted(told, word):
    return any(re.search(word, _name(story)) for story in told)


def _walk(browser, way, word, month):
    """The steps of all stories in one way, each server in a folder of its own."""
    walk = Walk(browser, way, word)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if _wanted(stories.EMPTY, word):
            empty = servers.EmptyServer(folder)
            try:
                walk.through(stories.EMPTY, empty, Beginning(empty.begin, folder, empty.enrol))
            finally:
                empty.stop()
        if _wanted(stories.LIVED, word):
            lived = servers.LivedServer(month, folder)
            try:
                walk.through(stories.LIVED, lived, Place(folder, lived.tenancies, pays=lived.pays))
            finally:
                lived.stop()
    return walk.steps


def main():
    asked = _asked()
    shutil.rmtree(asked.pictures, ignore_errors=True)
    asked.pictures.mkdir(parents=True)
    done = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        month = servers.play_month(Path(folder)) if _wanted(stories.LIVED, asked.stories) else None
        for language in asked.languages:
            for size in asked.sizes:
                print(f"{language}, {size}", flush=True)
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
                steps = _walk(browser, Way(language, size, asked.pictures), asked.stories, month)
                browser.close()
                done.append((language, size, steps))
                index.write(asked.pictures, done)
    wrong = [
        f"{language}, {size}, {step.role}, {step.name} ({step.path})\n    " + "\n    ".join(step.wrong)
        for language, size, steps in done
        for step in steps
        if step.wrong
    ]
    print("\n".join(wrong) or "Nothing is wrong.")
    print(f"{sum(len(steps) for _language, _size, steps in done)} pages, side by side: {asked.pictures / 'index.html'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
