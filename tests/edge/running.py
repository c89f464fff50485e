"""A real agent in a thread of this process, without any network, for tests of the ways in at the gateway."""

import queue
import sqlite3
import threading
from contextlib import contextmanager, suppress

from prewatt.edge.agent_thread import AgentThread
from prewatt.edge.settings import MeterSettings, TokenSettings
from prewatt.edge.shell import Shell
from prewatt.edge.site_service import SiteService
from prewatt.kernel.entries import Command, SetTariff, decode_entry
from prewatt.kernel.tariff import flat_tariff
from prewatt.tokens import MeterKey, account_number
from prewatt.wire.link import Call
from prewatt.wire.messages import Orders
from prewatt.wire.signing import seal, sign_command
from tests.edge.test_shell import SERVER, made_settings

KEY = MeterKey(account_number("00000000018"), "123456")
VENDING = bytes(range(20))


def obey(shell, order):
    """The server's order arrives; a switch that it moves is seen to have moved."""

    def arrive():
        number = shell.agent.meters["m1"].account.command + 1
        frame = seal(SERVER, Orders("g1", (sign_command(SERVER, Command("m1", number, 0, order)),)))
        shell._do(shell.agent.on_frame(shell.moment(), frame))

    AgentThread(shell.inbox).ask(arrive)
    shell.seen_switches.wait("m1")


@contextmanager
def agent(folder, ordered=True, settings=None, **changes):
    """An agent that runs, and the site that people meet. `ordered`: its one meter gets a tariff, and is dark for want of credit.
    `settings`: of the gateway, `changes`: of its meter, where they are otherwise.
    """
    token = TokenSettings(KEY.pan, KEY.supply_group, 1, 1, 2, 255, 2014, 4, 11, KEY.decoder_key(VENDING).hex())
    meter = MeterSettings("m1", "recorded", unit="Flat 1", token=token, **changes)
    settings = made_settings(folder, **{"meters": (meter,), "property_id": 3, **(settings or {})})
    ready = queue.Queue()

    def run():
        # The agent's thread owns its journal.
        shell = Shell(settings)
        ready.put(shell)
        # As the process does: a journal that can't be written ends it.
        with suppress(sqlite3.Error):
            shell.run()
        shell.close()

    thread = threading.Thread(target=run)
    thread.start()
    shell = ready.get(timeout=60)
    shell.thread = thread
    site = SiteService(shell, AgentThread(shell.inbox), {"m1": "Flat 1"})
    if ordered:
        obey(shell, SetTariff(0, flat_tariff("flat", "EUR", "Europe/Berlin", 200_000)))
    try:
        yield shell, site
    finally:
        shell.stop()
        # It may wait for the next event.
        shell.inbox.put(Call(lambda: None))
        thread.join()


def journal(shell):
    bodies = AgentThread(shell.inbox).ask(lambda: shell.journal.read("m1", 1, 10**6))
    return [decode_entry(body) for body in bodies]


def ended(shell):
    """Whether the agent has ended by itself."""
    shell.thread.join(timeout=60)
    return not shell.thread.is_alive()
