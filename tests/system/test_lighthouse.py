"""The tenant's home as browsers and Lighthouse see it: installable, open to everybody, made as pages should be, and small."""

import os

import pytest
from bench.lighthouse import ACCESSIBILITY, LEAST, PRACTICES, judge_in
from bench.visit import MOST, MOST_WITHOUT_CHARTS, chromium, first_visit, give, session

from tests.building import set_up
from tests.ports import free_port

# The browser's driver runs a loop in this thread; the database is used beside it, never within it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def cookie(pages, clock):
    set_up(clock)
    return session(username="flat1")


def test_browsers_can_install_it_and_lighthouse_finds_nothing_that_shuts_people_out(pages, cookie):
    port = free_port()
    with chromium(port) as context:
        give(context, cookie)
        page = context.new_page()
        page.goto(f"{pages}/me/")
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        tools = context.new_cdp_session(page)
        assert tools.send("Page.getAppManifest")["errors"] == []
        assert tools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        page.close()
        found = judge_in(port, f"{pages}/me/", ACCESSIBILITY, PRACTICES)
    assert set(found.scores) == {ACCESSIBILITY, PRACTICES}
    assert min(found.scores.values()) >= LEAST, found.wrong


@pytest.mark.parametrize(("charts", "most"), [(False, MOST_WITHOUT_CHARTS), (True, MOST)])
def test_a_first_visit_is_small(pages, cookie, charts, most):
    assert 20_000 < first_visit(int(pages.rsplit(":", 1)[1]), "/me/", cookie, charts) <= most
