"""A real browser."""

import asyncio
import gc
import shutil
import socket
import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
"""The same engine without the program around it, which takes a third of the processor's time and shows no notifications."""
# What pulses for as long as a page is open is drawn sixty times a second: without it nothing else looks different.
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
           "--force-prefers-reduced-motion"]  # fmt: skip

# A page may take long on a machine that does much else.
expect.set_options(timeout=60_000)


@contextmanager
def started(program):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser():
    with started(SHELL) as browser:
        yield browser


@pytest.fixture
def pages(transactional_db):
    """The address of the pages: their process as a thread of this one, on the tests' database."""
    from prewatt.processes.pages.process import PagesServer
    from prewatt.server.wsgi import application

    listening = socket.create_server(("127.0.0.1", 0))
    server = PagesServer(application)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    # Its threads kept their connections to the database, which lie in circles.
    gc.collect()
