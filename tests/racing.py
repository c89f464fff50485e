"""Two transactions that meet, each in a thread of its own, on a database that locks rows: PostgreSQL."""

import threading

from django.db import connection, connections, transaction

LOCKS = ("FOR UPDATE", "FOR NO KEY UPDATE")
WAITS = "SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted"


class Racer(threading.Thread):
    """Does some work on a connection of its own. `result` or `error` is what came of it."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.result, self.error, self.pid = work, None, None, None
        self.other, self.here = None, threading.Event()

    def run(self):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.pid = cursor.fetchone()[0]
            self.result = self.work(self)
        except Exception as error:
            self.error = error
        finally:
            self.here.set()
            connections.close_all()

    def wait_for_the_other(self):
        """Until the other has come as far, has ended, or waits for a row that somebody has."""
        self.here.set()
        while not self.other.here.wait(0.01):
            with connection.cursor() as cursor:
                cursor.execute(WAITS, [self.other.pid])
                if cursor.fetchone()[0]:
                    return

    def after_its_first_lock(self, execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if not self.here.is_set() and (sql.startswith("UPDATE") or any(each in sql for each in LOCKS)):
            self.wait_for_the_other()
        return answer


def race(*works):
    racers = [Racer(work) for work in works]
    racers[0].other, racers[1].other = racers[1], racers[0]
    for each in racers:
        each.start()
    for each in racers:
        each.join()
    return racers


def at_once(*works):
    """Two works, each of which goes on only when both have locked their first row, or the one waits for the other's."""

    def stopped(work):
        def run(racer):
            with connection.execute_wrapper(racer.after_its_first_lock):
                return work()

        return run

    return race(*map(stopped, works))


def before(first, second):
    """The first work is done, and committed only when the second one, which begins then, waits for it or has ended."""
    done = threading.Event()

    def held(racer):
        try:
            with transaction.atomic():
                result = first()
                racer.here.set()
                done.set()
                racer.wait_for_the_other()
                return result
        finally:
            done.set()

    def late(_racer):
        done.wait()
        return second()

    return race(held, late)
