"""The line between a building and the broker, which can be cut: a TCP relay on the local machine."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class Line:
    """It relays connections to a local port. From `cut` to `mend`, it relays nothing."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target = target_port
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(ready,), name="line", daemon=True).start()
        ready.wait()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._relay, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        ready.set()
        self._loop.run_forever()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        await asyncio.wait(
            [asyncio.create_task(_pump(reader, far_writer)), asyncio.create_task(_pump(far_reader, writer))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for end in ends:
            end.transport.abort()
        self._writers -= ends

    def cut(self) -> None:
        """Cut the line: nothing passes any more, and connections end."""

        def sever() -> None:
            self._whole = False
            for writer in self._writers:
                writer.transport.abort()

        self._loop.call_soon_threadsafe(sever)

    def mend(self) -> None:
        """Mend the line."""
        self._loop.call_soon_threadsafe(setattr, self, "_whole", True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
