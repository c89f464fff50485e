"""The streams of open pages, as a browser reads them, over the real pages of a building."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import Client

from prewatt.kernel.units import DAY, NANO
from prewatt.processes.pages import streams
from prewatt.processes.pages.process import PagesServer
from prewatt.server.core.time import system_now
from prewatt.server.estate.models import Tenancy
from prewatt.server.metering.models import Gateway, LiveReading, Meter
from prewatt.server.overview.places import keep_places
from tests.building import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def serving():
    listening = socket.create_server(("127.0.0.1", 0))
    server = PagesServer(get_wsgi_application())
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield listening.getsockname()[1], server
    finally:
        server.should_exit = True
        await task


def opened(name, path):
    """A page of a login: its cookie, and the address of its stream."""
    client = Client()
    assert client.login(username=name, password=PASSWORD)
    page = client.get(path).content.decode()
    return client.cookies[settings.SESSION_COOKIE_NAME].value, page.split('data-stream="')[1].split('"')[0]


async def listen(port, cookie, stream):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET {stream} HTTP/1.1\r\nHost: localhost\r\nCookie: {settings.SESSION_COOKIE_NAME}={cookie}\r\n\r\n"
    writer.write(head.encode())
    return (await reader.readuntil(b"\r\n\r\n")).decode(), reader, writer


async def event(reader, name):
    """The data of the next event of a name."""
    while True:
        lines = []
        while (line := (await reader.readline()).decode().rstrip("\r\n")) or not lines:
            lines.append(line)
        if f"event: {name}" in lines:
            return "\n".join(each[6:] for each in lines if each.startswith("data: "))


def test_open_pages_are_told_of_what_they_show_and_of_nothing_else(building, clock, monkeypatch):
    monkeypatch.setattr(streams, "EACH", 0.05)
    Gateway.objects.update(is_online=True, since=clock.now())
    pages = {
        name: opened(name, path) for name, path in (("flat1", "/me/"), ("flat2", "/me/"), ("manager", "/properties/"))
    }

    def change():
        meter = Meter.objects.get(name="m1")
        LiveReading.objects.create(meter=meter, heard_at=system_now(), at=clock.now(), power=1234)
        Meter.objects.filter(name="m1").update(seq=7, balance=5 * NANO)
        # What the worker does all the time.
        keep_places([meter.property.pk])

    async def story():
        async with serving() as (port, server):
            open_ = {name: await listen(port, *page) for name, page in pages.items()}
            assert all("text/event-stream" in head for head, _reader, _writer in open_.values())
            # The present as it was comes first.
            assert "0.00" in await event(open_["flat1"][1], "now") and await event(open_["flat2"][1], "now")
            await asyncio.to_thread(change)
            assert "1.234" in await event(open_["flat1"][1], "now")
            assert int(await event(open_["flat1"][1], "changed")) > 0
            assert int(await event(open_["manager"][1], "changed")) > 0
            # The neighbour's page is told nothing until the server ends.
            server.should_exit = True
            rest = await open_["flat2"][1].read()
            assert b"event" not in rest
            for _head, _reader, writer in open_.values():
                writer.close()

    asyncio.run(story())


def test_a_stream_is_for_the_session_of_its_page_and_is_looked_after_while_it_is_open_alone(building, monkeypatch):
    monkeypatch.setattr(streams, "EACH", 0.05)
    cookie, stream = opened("flat1", "/me/")

    async def story():
        async with serving() as (port, server):
            for wrong in (("other", stream), (cookie, stream + "x"), (cookie, "/live/")):
                head, _reader, writer = await listen(port, *wrong)
                assert "204" in head.splitlines()[0]
                writer.close()
            _head, reader, writer = await listen(port, cookie, stream)
            await event(reader, "now")
            writer.close()
            held = server.pages._streams
            while held._looking is not None:
                await asyncio.sleep(0.01)
            assert not held._streams and not held._of

    asyncio.run(story())


@pytest.mark.parametrize("before", ["", "{number}; {name}=", "a\r\nAuthorization: Bearer {number}\r\nCookie: {name}="])
def test_a_login_that_opens_many_streams_at_once_gets_no_more_than_one_by_one(building, monkeypatch, before):
    monkeypatch.setattr(streams, "LOGIN_MOST", 3)
    cookie, stream = opened("flat1", "/me/")
    # However the session is written, and whatever stands beside it.
    written = [before.format(number=each, name=settings.SESSION_COOKIE_NAME) + cookie for each in range(8)]

    async def story():
        async with serving() as (port, _server):
            several = await asyncio.gather(*(listen(port, each, stream) for each in written))
            assert sorted(head.split()[1] for head, _reader, _writer in several) == ["200"] * 3 + ["204"] * 5
            for _head, _reader, writer in several:
                writer.close()

    asyncio.run(story())


def test_a_login_gets_no_more_streams_by_logging_in_in_more_browsers(building, monkeypatch):
    monkeypatch.setattr(streams, "LOGIN_MOST", 3)
    mine, neighbours = [opened("flat1", "/me/") for _each in range(4)], opened("flat2", "/me/")

    async def story():
        async with serving() as (port, _server):
            several = [await listen(port, *each) for each in (*mine, neighbours)]
            assert [head.split()[1] for head, _reader, _writer in several] == ["200"] * 3 + ["204", "200"]
            for _head, _reader, writer in several:
                writer.close()

    asyncio.run(story())


@pytest.mark.parametrize("what", ["logged out", "no access any more", "moved out"])
def test_who_may_see_a_page_no_more_gets_nothing_of_it_from_a_stream_that_is_open(building, clock, monkeypatch, what):
    monkeypatch.setattr(streams, "EACH", 0.05)
    monkeypatch.setattr(streams, "ASKED_EACH", 0.0)
    cookie, stream = opened("flat1", "/me/")
    other, others = opened("flat2", "/me/")

    def leave():
        if what == "logged out":
            client = Client()
            client.cookies[settings.SESSION_COOKIE_NAME] = cookie
            client.post("/logout/", {"sure": "on"})
        elif what == "moved out":
            clock.at += DAY
            Tenancy.objects.filter(people__username="flat1").update(ends=clock.now())
        else:
            Tenancy.objects.get(people__username="flat1").residents.all().delete()

    async def story():
        async with serving() as (port, _server):
            _head, reader, writer = await listen(port, cookie, stream)
            _head, neighbour, neighbours = await listen(port, other, others)
            await event(reader, "now")
            await asyncio.to_thread(leave)
            # It is told to ask for its part, which is refused.
            await event(reader, "changed")
            assert b"event" not in await reader.readuntil(b"0\r\n\r\n")
            head, _reader, again = await listen(port, cookie, stream)
            assert "204" in head.splitlines()[0]
            await event(neighbour, "now")
            for each in (writer, neighbours, again):
                each.close()

    asyncio.run(asyncio.wait_for(story(), 60))
