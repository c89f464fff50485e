"""A server's database and a gateway's journal are put back from copies, under the feet of real processes.

python -m tests.system.copies     prints what was found, as JSON
"""

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from itertools import count

from tests.system.running import running, wait_for

FLATS = 3
PAYMENTS = count(1)


def main():
    with running(FLATS, copied=True) as made:
        from django.db import connection

        from prewatt.kernel.entries import decode_entry
        from prewatt.kernel.units import NANO
        from prewatt.server.estate.models import Tenancy
        from prewatt.server.ledger.books import balance, tenant_account
        from prewatt.server.metering.models import Alarm, JournalEntry, Meter
        from prewatt.server.sales.found import book_found
        from prewatt.server.sales.top_ups import top_up
        from prewatt.server.vending.models import OPEN, Command

        children = made.supervisor.children
        database, journal = made.home / "prewatt.sqlite3", made.edge / "journal.sqlite3"

        def pay(flat, amount):
            tenancy = Tenancy.objects.get(unit__meter__name=f"m{flat}")
            return top_up(tenancy, amount * NANO, f"payment {next(PAYMENTS)}").command.number

        def paid(flat):
            """What the meter's journal, as it is here, says was credited."""
            rows = JournalEntry.objects.filter(meter__name=f"m{flat}", kind="credit")
            return sum(decode_entry(bytes(body)).amount for body in rows.values_list("body", flat=True)) // NANO

        def applied():
            return not Command.objects.filter(state__in=OPEN).exists()

        def settled():
            return applied() and all(each.told_seq == each.seq for each in Meter.objects.all())

        def copy_of(path):
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(f"{path}.copy")) as target:
                source.backup(target)

        def put_back(path):
            for each in path.parent.glob(f"{path.name}-*"):
                each.unlink()
            shutil.copyfile(f"{path}.copy", path)

        for flat in range(FLATS):
            pay(flat, 5)
        wait_for(applied)

        # The server, from a copy: one flat has paid since, and pays again before the gateway is heard.
        copy_of(database)
        lost = pay(0, 7)
        wait_for(applied)
        for name in ("headend", "worker", "web"):
            children[name].stop()
        connection.close()
        put_back(database)
        again = [pay(0, 3), pay(0, 4)]
        pay(1, 2)
        for name in ("headend", "worker", "web"):
            children[name].start()
        wait_for(lambda: applied() and paid(0) == 19 and paid(1) == 7)
        after_server = [paid(flat) for flat in range(FLATS)]
        unbooked = [alarm.data["amount"] // NANO for alarm in Alarm.objects.filter(kind="unbooked")]
        for alarm in Alarm.objects.filter(kind="unbooked"):
            book_found(alarm, None)

        # The gateway, from a copy: started since as often as one likes, and paid while it is off.
        children["agent"].stop()
        copy_of(journal)
        for _start in range(3):
            children["agent"].start()
            pay(0, 1)
            wait_for(applied)
            children["agent"].stop()
        put_back(journal)
        pay(0, 6)
        pay(2, 8)
        children["agent"].start()
        wait_for(lambda: settled() and paid(0) == 28 and paid(2) == 13)

        meters = {each.unit_id: each for each in Meter.objects.all()}
        json.dump(
            {
                "numbers": [lost, again],
                "after_server": after_server,
                "unbooked": unbooked,
                "after_gateway": [paid(flat) for flat in range(FLATS)],
                "books_against_meters": [
                    balance(tenant_account(each)) - meters[each.unit_id].balance for each in Tenancy.objects.all()
                ],
                "meters_themselves": [each.told_balance - each.balance for each in meters.values()],
                "alarms": sorted(Alarm.objects.filter(is_resolved=False).values_list("kind", flat=True)),
                "restarts": sum(child.restarts for child in children.values()),
            },
            sys.stdout,
        )


if __name__ == "__main__":
    main()
