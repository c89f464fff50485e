"""The pages' server, killed (SIGKILL) at the n-th step of what it does with its database.

    python -m tests.system.dying_server ACCOUNTS    makes a building, and a merchant account at each provider of the JSON, and
        says what tests need of them. Then it reads numbers, one a line; for each it starts the server anew and says its port

At first it says the port of a server that is not killed, to which tests do all that they will do: what is done for the first time
takes ten times as long, and each later server is a copy of a process that has done it. An empty line ends that.

Steps are before each statement, after what one writes by itself, and before and after each commit: after any other statement the
database holds what it holds before the next one. 0: not killed. After a line that is empty the server is ended and it says how many
steps there were. `look`: ask the providers about open payments, as the worker does. `keep`: a server that is not killed, and lives
beside the others.
"""

import ctypes
import gc
import json
import os
import signal
import socket
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.db import connections
from django.db.backends.signals import connection_created

from prewatt.kernel.tariff import flat_tariff
from prewatt.processes.database import setup_django

STEPS = "steps"


class Steps:
    def __init__(self, last, told):
        self.last, self.count, self.told = last, 0, told

    def step(self):
        self.count += 1
        os.pwrite(self.told, f"{self.count:10}".encode(), 0)
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, connection, **_more):
        def around(execute, sql, params, many, context):
            self.step()
            answer = execute(sql, params, many, context)
            if not connection.in_atomic_block and not sql.startswith("SELECT"):
                self.step()
            return answer

        connection.execute_wrappers.append(around)
        commit = connection._commit

        def commit_watched():
            self.step()
            commit()
            self.step()

        connection._commit = commit_watched


def serve(last, told):
    import waitress

    from prewatt.server.wsgi import application

    steps = Steps(last, told)
    connection_created.connect(steps.watch, weak=False)
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    waitress.serve(application, sockets=[listening], threads=1, _quiet=True)


def look():
    from prewatt.server.payments.polling import look_at_open_payments

    look_at_open_payments()
    connections.close_all()
    print("looked", flush=True)


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


def in_a_thread(work):
    """Its connections, to the database and to providers, end with it: no copy of this process has them."""
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def warm_up():
    """Serve until the tests have done all that they will do."""
    from prewatt.server.wsgi import application

    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        serving = in_a_thread(server.serve_forever)
        print(server.server_port, flush=True)
        while sys.stdin.readline().strip() == "look":
            in_a_thread(look).join()
        server.shutdown()
        serving.join()


def make_house(accounts):
    """A flat with its tenant, and the merchant accounts; what the tests need of them."""
    from django.contrib.auth import get_user_model

    from prewatt.server.accounts.keys import make_key
    from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building
    from prewatt.server.estate.models import Organisation
    from prewatt.server.payments.merchants import keep_merchant

    set_up_building(
        BuildingPlan(
            organisation="O",
            name="P",
            zone="Asia/Shanghai",
            currency="CNY",
            gateway="g1",
            manager="manager",
            tariff=flat_tariff("flat", "CNY", "Asia/Shanghai", 600_000),
            apartments=[Apartment("Flat 1", "m1", "Ann")],
        )
    )
    owner = Organisation.objects.get()
    merchants = {name: keep_merchant(owner, name, name, given) for name, given in accounts.items()}
    return {
        "merchants": {name: (made.pk, made.public_id) for name, made in merchants.items()},
        "token": make_key(get_user_model().objects.get(username="manager"), "test"),
    }


def main():
    setup_django()
    print(json.dumps(make_house(json.loads(sys.argv[1]))), flush=True)
    connections.close_all()
    warm_up()
    gc.collect()
    gc.freeze()

    told = os.memfd_create("steps")
    for line in sys.stdin:
        wanted = line.strip()
        os.pwrite(told, b" " * 10, 0)
        child = os.fork()
        if not child:
            # Should its parent be killed, it ends too.
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
            try:
                if wanted == "look":
                    look()
                elif wanted == "keep":
                    serve(0, os.memfd_create("steps of its own"))
                else:
                    serve(int(wanted), told)
            finally:
                os._exit(0)
        if wanted == "keep":
            continue
        if wanted != "look":
            sys.stdin.readline()
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print(os.pread(told, 10, 0).decode().strip() or 0, flush=True)


if __name__ == "__main__":
    main()
