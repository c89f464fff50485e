"""The pages' server, killed (SIGKILL) at the n-th step of what it does with its database.

    python -m tests.system.dying_server     reads numbers, one a line; for each it starts the server anew and says its port

Steps are before each statement, after what one writes by itself, and before and after each commit: after any other statement the
database holds what it holds before the next one. 0: not killed. After a line that is empty the server is
ended and it says how many steps there were. `look`: ask the providers about open payments, as the worker does.
"""

import ctypes
import os
import signal
import socket
import sys

from django.db import connections
from django.db.backends.signals import connection_created
from django.urls import get_resolver

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


def main():
    setup_django()
    from prewatt.server.payments.merchants import provider_of
    from prewatt.server.payments.models import Merchant
    from prewatt.server.payments.polling import look_at_open_payments
    from prewatt.server.wsgi import application  # noqa: F401

    # What takes long is done once, for all that are forked.
    get_resolver().resolve("/api/v1/openapi.json")
    for merchant in Merchant.objects.all():
        provider_of(merchant)
    connections.close_all()

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
                    look_at_open_payments()
                    print("looked", flush=True)
                else:
                    serve(int(wanted), told)
            finally:
                os._exit(0)
        if wanted != "look":
            sys.stdin.readline()
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print(os.pread(told, 10, 0).decode().strip() or 0, flush=True)


if __name__ == "__main__":
    main()
