"""The gateway's own page shows what is now, to who opened it, and writes nothing into the journal for it."""

import urllib.error
from contextlib import contextmanager

import pytest

from prewatt.edge.page import SESSION_LASTS
from tests.edge.running import journal
from tests.edge.test_page import Browser, served


@contextmanager
def opened_page(folder):
    with served(folder) as (shell, address, hours):
        browser = Browser(address)
        browser.login()
        yield shell, browser, hours


def test_who_looks_sees_the_meter_as_it_is_and_no_entry_is_written(tmp_path):
    with opened_page(tmp_path) as (shell, browser, _hours):
        before = len(journal(shell))
        for _ in range(5):
            now = browser.get("/now")
        assert 'class="live"' in now and "0.000 kW" in now and "EUR" in now
        # The first part of the page alone, which a script of the page's own puts in its place.
        assert "Type a code" not in now and now.startswith('<section id="now"')
        page = browser.get()
        assert now.split("<p")[0] in page and '<script src="/page.js">' in page
        assert "fetch(" in browser.get("/page.js")
        assert len(journal(shell)) == before


def test_a_page_that_is_left_open_is_closed_like_any_other(tmp_path):
    """To look on is no click: the PIN is asked for anew."""
    with opened_page(tmp_path) as (_shell, browser, hours):
        for _ in range(3):
            hours.at += SESSION_LASTS / 2 - 1
            if _ < 2:
                browser.get("/now")
        with pytest.raises(urllib.error.HTTPError) as refused:
            browser.get("/now")
        assert refused.value.code == 403


def test_without_the_pin_nothing_is_shown(tmp_path):
    with served(tmp_path) as (_shell, address, _hours), pytest.raises(urllib.error.HTTPError) as refused:
        Browser(address).get("/now")
    assert refused.value.code == 403


def test_a_meter_that_does_not_answer_is_said_not_to_with_what_is_known(tmp_path):
    with opened_page(tmp_path) as (shell, browser, _hours):
        (tmp_path / "meters" / "m1.exchange").write_text("{")
        shell.agent.looking._seen.clear()
        now = browser.get("/now")
        assert "The meter does not answer now. As of" in now and 'class="live"' not in now
