"""A phone is lost while its building is online, and another one while the gateway is down, with real processes: server, broker,
head-end, and an agent whose adapter is a virtual one.

python -m tests.system.lost_phone     plays it, and prints what came of it as JSON
"""

import asyncio
import json
import sys
import threading
from base64 import b64decode
from signal import SIGKILL

import msgspec
from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport import open_transport

from prewatt.cli.visit import visit
from prewatt.kernel.orders import Restore
from prewatt.kernel.units import NANO
from prewatt.wire.on_site import Act, OnSiteError, SignedGrant
from prewatt.wire.signing import SigningKey
from tests.ports import free_port
from tests.system.running import PATIENCE, Running, running, wait_for


class WithRadios(Running):
    """The gateway has an adapter, and whoever visits it another one."""

    def start(self, poll_shortest):
        ports, self._kept = [free_port(), free_port()], []
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._open(ports), loop).result(PATIENCE)
        self.bluetooth, self.visitor = (f"tcp-client:127.0.0.1:{port}" for port in ports)
        super().start(poll_shortest)

    async def _open(self, ports):
        link = LocalLink()
        for port in ports:
            transport = await open_transport(f"tcp-server:127.0.0.1:{port}")
            controller = Controller(f"at {port}", host_source=transport.source, host_sink=transport.sink, link=link)
            self._kept.append((transport, controller))

    def try_to_restore(self, key, row):
        """What comes of a phone's order to restore."""

        async def go():
            async with visit(self.visitor, "g1") as here:
                await here.open_session(key, msgspec.msgpack.decode(b64decode(row.text), type=SignedGrant))
                return (await here.instruct(Act("m0", Restore(amount=NANO), "dark"))).text

        try:
            return asyncio.run(go())
        except OnSiteError as error:
            return str(error)


def main():
    with running(1, kind=WithRadios, copied=True) as made:
        from django.contrib.auth import get_user_model

        from prewatt.server.accounts.memberships import reach_of
        from prewatt.server.metering.models import Gateway, JournalEntry, RevocationList, StaffGrant
        from prewatt.server.metering.phones import grants_for
        from prewatt.server.metering.revoking import revoke

        user = get_user_model().objects.get(username="manager")
        agent = made.supervisor.children["agent"]

        def told():
            return Gateway.objects.get().told_revocations

        def bluetooth_is_on(times):
            wait_for(lambda: agent._log.read_text().count("Bluetooth is on") == times)

        wait_for(lambda: told() == 0)
        bluetooth_is_on(1)
        keys = [SigningKey.generate() for _ in range(2)]
        first, second = (grants_for(user, reach_of(user), key.public().hex()).grants[0] for key in keys)
        before = made.try_to_restore(keys[0], first)
        revoke(StaffGrant.objects.filter(pk=first.pk), "manager")
        wait_for(lambda: told() == RevocationList.objects.get().number)
        after = made.try_to_restore(keys[0], first)
        # While the gateway is down another one is taken back. What it had is on its flash, and it hears of the rest at its return.
        agent.signal(SIGKILL)
        agent._process.wait()
        revoke(StaffGrant.objects.filter(pk=second.pk), "manager")
        agent.start()
        bluetooth_is_on(2)
        again = made.try_to_restore(keys[0], first)
        wait_for(lambda: told() == RevocationList.objects.get().number)
        json.dump(
            {
                "before": before,
                "after": after,
                "again": again,
                "second": made.try_to_restore(keys[1], second),
                "restored": JournalEntry.objects.filter(kind="on-site").count(),
            },
            sys.stdout,
        )


if __name__ == "__main__":
    main()
