"""The bounds of the pages' process: nobody who sends slowly, much or often keeps others from their pages."""

import asyncio
import contextlib
import socket
import threading
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from django.conf import settings
from msgspec import structs

from prewatt.processes.pages import application, bodies, turns
from prewatt.processes.pages.bodies import PIECE_WITHIN
from prewatt.processes.pages.connection import HEAD_WITHIN, READ_WITHIN
from prewatt.processes.pages.process import PagesServer
from prewatt.server.core.addresses import FORWARDED

RIGHT = f"{settings.SESSION_COOKIE_NAME}=right"
"""The cookie of a login that is right."""
GET = b"GET /login/ HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock the story moves on: nobody waits for a bound to pass, and a slow machine does not pass it."""

    ahead = 0.0

    def time(self):
        return super().time() + self.ahead


def passes(seconds):
    asyncio.get_running_loop().ahead += seconds


class Application:
    """In the place of Django: says what it was asked. What waits for `gate` holds a thread."""

    def __init__(self):
        self.asked, self.gate, self.inside = [], threading.Event(), threading.Semaphore(0)

    def __call__(self, environ, start_response):
        self.asked.append(environ)
        body = environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/slow/":
            self.inside.release()
            self.gate.wait()
        if environ["PATH_INFO"] == "/long/":
            body = b"x" * 20_000_000
        environ["prewatt.known"] = RIGHT in environ.get("HTTP_COOKIE", "")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body or b"nothing"]


@asynccontextmanager
async def serving(application, most=None):
    listening = socket.create_server(("127.0.0.1", 0))
    server = PagesServer(application, most)
    application.server = server
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield listening.getsockname()[1]
    finally:
        application.gate.set()
        server.should_exit = True
        await task


async def send(port, data):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def whole(port, data):
    """All that is answered until the other side closes."""
    reader, writer = await send(port, data)
    try:
        return await reader.read()
    finally:
        writer.close()


async def answer(port, data=GET):
    reader, writer = await send(port, data)
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        return int(head[9:12]), head, await reader.readexactly(length)
    finally:
        writer.close()


def form(size, path="/login/", more=""):
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n{more}\r\n".encode()


def run(story, application=None, most=None):
    async def told():
        made = application or Application()
        async with serving(made, most) as port:
            return await story(made, port)

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(told())


@pytest.mark.parametrize(
    ("part", "status"),
    [(b"", b""), (b"\r\n", b""), (b"GET / HTTP/1.1\r\nHost:", b"408"), (form(1000) + b"abc", b"408")],
)
def test_who_sends_half_a_request_shuts_nobody_out_and_is_hung_up_on(part, status):
    async def story(made, port):
        halves = [await send(port, part) for _ in range(110)]
        assert (await answer(port))[0] == 200
        passes(max(HEAD_WITHIN, PIECE_WITHIN))
        ends = [await reader.read() for reader, _writer in halves]
        assert {end[9:12] for end in ends} == {status}
        for _reader, writer in halves:
            writer.close()

    run(story)


def test_a_body_that_comes_by_drops_ends():
    async def story(made, port):
        reader, writer = await send(port, form(1000))
        status = asyncio.create_task(reader.readuntil(b"\r\n"))
        while not status.done():
            writer.write(b"x")
            await asyncio.wait([status], timeout=0.01)
            passes(PIECE_WITHIN / 10)
        assert b" 408 " in await status
        writer.close()

    run(story)


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\na: ", b"GET /", b"GET / HTTP/1.1\r\n" + 9000 * b"a: b\r\n"])
def test_a_head_without_end_is_refused(head):
    async def story(made, port):
        reader, writer = await send(port, head)
        status = asyncio.create_task(reader.readuntil(b"\r\n"))
        while not status.done():
            writer.write(b"b" * 1000)
            await asyncio.wait([status], timeout=0.01)
        assert b" 431 " in await status
        writer.close()

    run(story)


def test_who_waits_longest_makes_room_for_who_comes():
    async def story(made, port):
        halves = [await send(port, b"GET / HTTP/1.1\r\nHost:") for _ in range(40)]
        assert (await answer(port))[0] == 200
        with pytest.raises(ConnectionError):
            if not await halves[0][0].read():
                raise ConnectionError
        assert [reader.at_eof() for reader, _writer in halves[-10:]] == [False] * 10
        for _reader, writer in halves:
            writer.close()

    run(story, most=20)


def test_an_answer_that_nobody_reads_is_given_up():
    async def story(made, port):
        reader, writer = await send(port, GET.replace(b"/login/", b"/long/"))
        writer.transport.pause_reading()
        while not made.asked:
            await asyncio.sleep(0.01)
        while made.server.server_state.connections:
            passes(READ_WITHIN)
            await asyncio.sleep(0.01)
        writer.transport.resume_reading()
        with contextlib.suppress(ConnectionError):
            assert len(await reader.read()) < 20_000_000
        writer.close()

    run(story)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/login/", 64 * 1024),
        ("/bank-lines/", 6 * 1024**2),
        ("/api/v1/wechat/join", 64 * 1024),
        ("/api/v1/me", 6 * 1024**2),
    ],
)
def test_a_body_is_as_large_as_its_page_takes(path, most):
    async def story(made, port):
        assert (await answer(port, form(most, path) + b"x" * most))[0] == 200
        status, _head, page = await answer(port, form(most + 1, path) + b"x" * (most + 1))
        assert status == 413 and b"too large" in page and (b"{" if path.startswith("/api/") else b"<html") in page
        assert len(made.asked) == 1

    run(story)


def test_a_body_in_chunks_that_does_not_say_how_long_it_is_has_the_same_bound():
    async def story(made, port):
        head = b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        assert (await answer(port, head + piece + piece + b"0\r\n\r\n"))[2] == b"x" * 0x10000
        assert (await answer(port, head + 3 * piece + b"0\r\n\r\n"))[0] == 413
        assert len(made.asked) == 1

    run(story)


def test_large_bodies_have_room_beside_each_other_and_one_address_has_not_all_of_it(monkeypatch):
    monkeypatch.setattr(bodies, "ADDRESS_MOST", 8_000_000)
    monkeypatch.setattr(bodies, "ALL_MOST", 16_000_000)

    async def story(made, port):
        def upload(address):
            return form(5_000_000, "/bank-lines/", f"X-Forwarded-For: {address}\r\n")

        held = [await send(port, upload("1.2.3.4") + b"x")]
        while (await answer(port, upload("1.2.3.4") + b"x" * 5_000_000))[0] != 503:
            pass
        assert (await answer(port, upload("5.6.7.8") + b"x" * 5_000_000))[0] == 200
        for _reader, writer in held:
            writer.close()
        while (await answer(port, upload("1.2.3.4") + b"x" * 5_000_000))[0] == 503:
            pass

    run(story)


def test_a_proxy_on_this_machine_or_named_by_the_operator_says_for_whom_it_asks_and_nobody_else_does(
    monkeypatch, settings
):
    settings.CONFIG = structs.replace(settings.CONFIG, proxies=("10.9.0.0/24",))

    async def story(made, port):
        told = "X-Forwarded-For: 9.9.9.9, 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX_Forwarded_Proto: http\r\n"
        await answer(port, form(0, more=told))
        environ = made.asked[0]
        assert environ["REMOTE_ADDR"] == "1.2.3.4" and environ["wsgi.url_scheme"] == "https"
        assert not [name for name in environ if "FORWARDED" in name]
        # A proxy that passes on what a stranger says makes nobody one who sits at this machine.
        await answer(port, form(0, more="X-Forwarded-For: 127.0.0.1\r\n"))
        await answer(port, form(0))
        assert [FORWARDED in each for each in made.asked[1:]] == [True, False]
        del made.asked[1:]
        monkeypatch.setattr("uvicorn.protocols.http.httptools_impl.get_remote_addr", lambda _: ("8.8.8.8", 1))
        await answer(port, form(0, more=told))
        environ = made.asked[1]
        assert environ["REMOTE_ADDR"] == "8.8.8.8" and environ["wsgi.url_scheme"] == "http"
        assert not [name for name in environ if "FORWARDED" in name]
        monkeypatch.setattr("uvicorn.protocols.http.httptools_impl.get_remote_addr", lambda _: ("10.9.0.7", 1))
        await answer(port, form(0, more=told))
        environ = made.asked[2]
        assert environ["REMOTE_ADDR"] == "1.2.3.4" and environ["wsgi.url_scheme"] == "https"

    run(story)


def test_an_address_that_asks_too_often_is_told_so_and_neither_neighbours_nor_who_is_logged_in_there(monkeypatch):
    monkeypatch.setattr(application, "PAUSE", 0)
    # Time would let one more through, however short it is.
    monkeypatch.setattr(application, "time", SimpleNamespace(monotonic=lambda: 1000.0))

    async def story(made, port):
        def ask(address, cookie=""):
            more = f"X-Forwarded-For: {address}\r\nCookie: {cookie}\r\n"
            return answer(port, GET.replace(b"\r\n\r\n", b"\r\n" + more.encode() + b"\r\n"))

        # Django finds this session right before the flood.
        assert (await ask("1.2.3.4", RIGHT))[0] == 200
        answers = [await ask("1.2.3.4") for _ in range(260)]
        status, head, page = answers[-1]
        assert status == 429 and "retry-after: 1\r\n" in head and b"<html" in page
        assert answers[0][0] == 200
        # A made-up session is a stranger like all others.
        assert (await ask("1.2.3.4", f"{settings.SESSION_COOKIE_NAME}=made-up"))[0] == 429
        assert (await ask("1.2.3.4", RIGHT))[0] == 200
        assert (await ask("1.2.3.5"))[0] == 200
        callback = form(0, "/callbacks/x/y/", "X-Forwarded-For: 1.2.3.4\r\n")
        assert (await answer(port, callback))[0] == 200

    run(story)


def test_a_login_that_writes_its_session_in_many_ways_is_one_login(monkeypatch):
    monkeypatch.setattr(application, "PAUSE", 0)
    monkeypatch.setattr(application, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    name = settings.SESSION_COOKIE_NAME
    ways = (f"{name}=%d; {RIGHT}", f"{RIGHT}\r\nAuthorization: Basic %d", f"{name}=%d\r\nCookie: {RIGHT}")

    async def story(made, port):
        async def asked(cookie):
            more = f"X-Forwarded-For: 1.2.3.4\r\nCookie: {cookie}\r\n\r\n"
            return (await answer(port, GET.replace(b"\r\n\r\n", b"\r\n" + more.encode())))[0]

        answers = [await asked(ways[number % 3] % number) for number in range(160)]
        assert answers[:151] == [200] * 151 and set(answers[151:]) == {429}
        # Who is not logged in there has their own.
        assert await asked("") == 200

    run(story)


def test_who_asks_for_much_at_once_does_not_hold_all_threads():
    made = Application()

    async def story(made, port):
        slow = GET.replace(b"/login/", b"/slow/").replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n")
        held = [await send(port, slow) for _ in range(12)]
        for _ in range(3):
            await asyncio.to_thread(made.inside.acquire)
        assert [(await answer(port))[0] for _ in range(20)] == [200] * 20
        made.gate.set()
        for reader, writer in held:
            assert b"200" in await reader.readuntil(b"\r\n")
            writer.close()

    run(story, made)


def test_a_callback_does_not_wait_behind_strangers_of_the_same_address(monkeypatch):
    monkeypatch.setattr(turns, "WAIT_MOST", 60)
    made = Application()

    async def story(made, port):
        told = b"\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
        slow = GET.replace(b"/login/", b"/slow/").replace(b"\r\n\r\n", told)
        held = [await send(port, slow) for _ in range(70)]
        # More than wait for one address: the last of them are refused.
        refusals = [asyncio.create_task(reader.read(1)) for reader, _writer in held]
        await asyncio.wait(refusals, return_when=asyncio.FIRST_COMPLETED)
        callback = form(0, "/callbacks/x/y/", "X-Forwarded-For: 1.2.3.4\r\n")
        assert (await answer(port, callback))[0] == 200
        made.gate.set()
        for _reader, writer in held:
            writer.close()

    run(story, made)


def test_keep_alive_pipelining_head_and_a_method_of_nonsense():
    async def story(made, port):
        reader, writer = await send(port, GET + GET)
        for _ in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"200 OK" in head and await reader.readexactly(7) == b"nothing"
        writer.write(GET.replace(b"GET", b"HEAD") + GET)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length: 7" in head and (await reader.readexactly(12)) == b"HTTP/1.1 200"
        writer.close()
        assert b"400" in await whole(port, b"\x16\x03\x01 nonsense\r\n\r\n")

    run(story)
