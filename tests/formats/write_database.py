"""Writes a small building's database as SQL, for later versions to open: `python -m tests.formats.write_database FILE`."""

import gzip
import os
import sqlite3
import sys
import tempfile
from datetime import date
from pathlib import Path


def lived():
    """Three flats that lived for two days, and a payment that waits. Returns the gateway's side and the head-end's."""
    from prewatt.headend.store import Store
    from prewatt.kernel.units import HOUR, NANO
    from prewatt.server.core import time
    from prewatt.server.estate.models import Tenancy
    from prewatt.server.sales.top_ups import top_up
    from prewatt.wire.topics import SHARDS
    from tests.building import FixedClock, set_up
    from tests.gateway import Edge, at

    clock = FixedClock(at(2025, 10, 6))
    time.clock = lambda: clock
    building = set_up(clock)
    top_up(Tenancy.objects.get(tenant="Anna"), 20 * NANO, "first")
    edge = Edge(building.code, clock)
    for meter in edge.accounts:
        edge.obey(meter)
    store = Store(range(SHARDS))
    edge.live(store, at(2025, 10, 8), {"m1": 300, "m2": 20, "m3": 1}, HOUR)
    top_up(Tenancy.objects.get(tenant="Anna"), 5 * NANO, "waits")
    return edge, store


def booked(edge, store):
    """All that is booked beside payments and charges: each kind of transfer, and what goes to the meters with it."""
    from django.contrib.auth import get_user_model

    from prewatt.kernel.entries import Debit, GrantCredit
    from prewatt.kernel.tariff import flat_tariff
    from prewatt.kernel.units import DAY, HOUR, NANO
    from prewatt.server.allocation.models import SharedCost
    from prewatt.server.allocation.runs import reverse, run
    from prewatt.server.billing.owed import pay_out
    from prewatt.server.estate.models import Organisation, Tenancy, Unit
    from prewatt.server.metering.models import Alarm, Gateway, Meter
    from prewatt.server.payments.bank import book_line, book_payout, upload
    from prewatt.server.payments.models import Merchant, Payment, SettlementFile
    from prewatt.server.payments.paying import confirm
    from prewatt.server.payments.providers.interface import PAYMENT, Line, PaymentReport, State
    from prewatt.server.payments.settlement import _keep
    from prewatt.server.payments.staff import record
    from prewatt.server.payments.undoing import reverse_top_up
    from prewatt.server.sales.corrections import correct
    from prewatt.server.sales.found import book_found
    from prewatt.server.sales.found import keep as found
    from prewatt.server.sales.giving_back import decide, give, put_right, refund
    from prewatt.server.sales.top_ups import top_up
    from prewatt.server.tariffs.versions import keep
    from prewatt.server.tenancies.moving import move_in, move_out, settle
    from tests.building import ZONE
    from tests.gateway import at

    owner, clock = Organisation.objects.get(), edge.clock
    manager = get_user_model().objects.get(username="manager")
    second = get_user_model().objects.create_user("second", password="correct horse")
    Gateway.objects.update(is_online=True)
    anna, ben = (Tenancy.objects.get(tenant=name) for name in ("Anna", "Ben"))
    cleo = move_in(Unit.objects.get(name="Flat 3"), "Cleo", at(2025, 10, 7, 12), deposit=50 * NANO)
    record(ben, 20 * NANO, "bank 9", manager, "R-1", "transfer")
    typo = record(ben, 3 * NANO, "typo", manager, "R-2")
    reverse_top_up(typo, manager, "typed twice")
    made = refund(anna, 2 * NANO, manager, "asked for it")
    pay_out(made, manager)
    give(anna, 5 * NANO, "gift", manager, "the lift was out")
    decide(give(ben, 60 * NANO, "large", manager, "flood"), second, True)
    put_right(ben, NANO, "waits", manager, "read wrongly")
    cost = SharedCost.objects.create(property=anna.unit.property, name="Garden")
    run(cost, date(2025, 10, 6), date(2025, 10, 6), bill=6 * NANO)
    reverse(run(cost, date(2025, 10, 7), date(2025, 10, 7), bill=3 * NANO))
    cheaper = keep(owner, flat_tariff("cheaper", "EUR", ZONE, 100_000))
    correct(anna.unit.property, cheaper, at(2025, 10, 6, 12), at(2025, 10, 7, 12), "the wrong price", manager)
    for meter in edge.accounts:
        edge.obey(meter)
    edge.live(store, at(2025, 10, 9), {"m1": 30, "m2": 20, "m3": 1}, HOUR)
    move_out(cleo, clock.at)
    edge.live(store, clock.at + HOUR, {}, HOUR)
    settle(cleo)
    move_out(ben, clock.at)
    edge.live(store, clock.at + HOUR, {}, HOUR)
    settle(ben, move_in(Unit.objects.get(name="Flat 3"), "Ben", clock.at))
    lines = b"date,amount,currency,payer,text\n2025-10-08,12.00,EUR,Anna,rent\n2025-10-08,30.00,EUR,STRIPE,payout\n"
    first, other = upload(owner, lines, "EUR", manager).new
    book_line(first, anna, manager)
    stripe = Merchant.objects.create(
        organisation=owner, provider="stripe", name="cards", sealed=b"", made_at=clock.at - 3 * DAY
    )
    book_payout(other, stripe, manager)
    asked = {
        "merchant": stripe,
        "tenancy": anna,
        "currency": "EUR",
        "method": "card",
        "made_at": clock.at,
        "expires_at": clock.at,
    }
    for number, paid in ((1, 7), (2, 8)):
        name = f"{number:032x}"
        Payment.objects.create(payment_id=name, asked=name, amount=7 * NANO, **asked)
        confirm(stripe, PaymentReport(name, State.PAID, f"tx{number}", paid * 100, "EUR", clock.at), "query")
    file = SettlementFile.objects.create(merchant=stripe, day=date(2025, 10, 9), fetched_at=clock.at)
    _keep(stripe, file, Line("l1", PAYMENT, f"{1:032x}", "tx1", 700, 21, "EUR", clock.at))
    meter = Meter.objects.get(name="m1")
    for number, order, amount in (
        (900, GrantCredit("forgotten", 4 * NANO), 4 * NANO),
        (901, Debit("share 77", NANO, "stairs, May"), -NANO),
    ):
        found(meter, seq=number, at=clock.at - HOUR, number=number, order=order, amount=amount, tid=None)
        book_found(Alarm.objects.get(kind="unbooked", is_resolved=False), manager)
    top_up(anna, NANO, "last")


if __name__ == "__main__":
    home = Path(tempfile.mkdtemp())
    os.environ.update(PREWATT_HOME=str(home), DJANGO_SETTINGS_MODULE="prewatt.server.settings")
    from prewatt.processes.database import setup_django

    setup_django()
    booked(*lived())
    lines = "\n".join(sqlite3.connect(home / "prewatt.sqlite3").iterdump())
    Path(sys.argv[1]).write_bytes(gzip.compress(lines.encode(), mtime=0))
