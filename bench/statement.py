"""How long others' payments wait while a bank statement of 20,000 lines goes in, beside the same payments without it.

Server, broker, head-end and a gateway's agent are processes of their own; the provider is played in this one. One landlord
uploads by the page as a browser does; another landlord's tenants pay all the while, one after the other: the clock runs from
a callback's first byte until the server has answered it, credited and signed. Each payment is credited once, and each line is
kept.
"""

from __future__ import annotations

import re
import statistics
import sys
import threading
import time

import requests
from tests.server.payments.players.server import send
from tests.system.running import Running, running

from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import NANO

LINES = 20_000
UPLOADS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
QUIET = 100
"""Payments without an upload."""
PAUSE = 0.05
AMOUNT = 20 * NANO
PASSWORD = "correct horse"


def main() -> None:
    with running(4) as made:
        quiet, busy, took = run(made)
    print(f"another landlord's payments, callback to answer (seconds); {UPLOADS} statements of {LINES} lines:")
    print(f"{'':32}  {'n':>5}  {'p50':>6}  {'p99':>6}  {'max':>6}")
    for name, times in (("nobody uploads", quiet), ("while a statement goes in", busy)):
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        print(f"{name:32}  {len(times):5}  {statistics.median(times):6.3f}  {cuts[98]:6.3f}  {max(times):6.3f}")
    print(f"an upload: {statistics.median(took):.1f} s, the longest {max(took):.1f} s")


def run(made: Running) -> tuple[list[float], list[float], list[float]]:
    from prewatt.server.commissioning.setup import BuildingPlan, set_up_building
    from prewatt.server.estate.models import Organisation
    from prewatt.server.payments.models import BankLine, Payment

    set_up_building(
        BuildingPlan(
            organisation="Other",
            name="Else",
            zone="Europe/Berlin",
            currency="EUR",
            gateway="g2",
            manager="other",
            password=PASSWORD,
            tariff=flat_tariff("flat", "EUR", "Europe/Berlin", 200_000),
            apartments=[],
        )
    )
    payer = _Payer(made)
    for _number in range(QUIET):
        payer.pay()
        time.sleep(PAUSE)
    quiet, busy, took = payer.times, [], []
    browser = _log_in(made.address)
    for number in range(UPLOADS):
        payer.times = []
        ended = threading.Event()
        paying = threading.Thread(target=_pay_until, args=(payer, ended))
        paying.start()
        began = time.monotonic()
        answer = _upload(browser, made.address, number)
        took.append(time.monotonic() - began)
        ended.set()
        paying.join()
        busy += payer.times
        assert f"{LINES} new" in answer, answer[:2000]
    other = Organisation.objects.get(name="Other")
    assert BankLine.objects.filter(organisation=other).count() == LINES * UPLOADS
    assert Payment.objects.filter(state=Payment.State.PAID).count() == payer.made
    return quiet, busy, took


class _Payer:
    """Tenants who pay one after the other."""

    def __init__(self, running: Running) -> None:
        from prewatt.server.estate.models import Tenancy

        rows = Tenancy.objects.filter(unit__property__organisation__name="Rush")
        self._tenancies = list(rows.select_related("unit__property__organisation"))
        self._running, self.made, self.times = running, 0, list[float]()

    def pay(self) -> None:
        from prewatt.server.payments.payment_request import PaymentRequest, start

        tenancy = self._tenancies[self.made % len(self._tenancies)]
        payment = start(PaymentRequest(tenancy, self._running.merchants["wechat"], "native", AMOUNT, f"a{self.made}"))
        self.made += 1
        body, headers = self._running.providers.callback(self._running.providers.pay(payment))
        began = time.monotonic()
        status, _answer = send(self._running.callback_address(payment), body, headers)
        assert status == 200
        self.times.append(time.monotonic() - began)


def _pay_until(payer: _Payer, ended: threading.Event) -> None:
    from django.db import connection

    while not ended.wait(PAUSE):
        payer.pay()
    connection.close()


def _log_in(address: str) -> requests.Session:
    made = requests.Session()
    made.get(f"{address}/login/", timeout=60).raise_for_status()
    given = {"username": "other", "password": PASSWORD, "csrfmiddlewaretoken": _token(made)}
    made.post(f"{address}/login/", given, timeout=60).raise_for_status()
    return made


def _token(browser: requests.Session) -> str:
    return next(str(each.value) for each in browser.cookies if "csrftoken" in each.name)


def _upload(browser: requests.Session, address: str, number: int) -> str:
    rows = (
        f"{line % 28 + 1:02}.{line % 12 + 1:02}.2025;Strom {number};Tenant {line};{line % 90 + 1},{line % 100:02};EUR"
        for line in range(LINES)
    )
    text = "\n".join(["Buchungstag;Verwendungszweck;Name;Betrag;Waehrung", *rows, ""])
    answer = browser.post(
        f"{address}/bank-lines/",
        {"csrfmiddlewaretoken": _token(browser)},
        files={"statement": ("statement.csv", text.encode(), "text/csv")},
        timeout=600,
    )
    # It is read as a task, whose page goes back to the list when it is done.
    while "/tasks/" in answer.url:
        time.sleep(0.2)
        answer = browser.get(answer.url, timeout=60)
    return re.sub(r"<[^>]+>", " ", answer.text)


if __name__ == "__main__":
    main()
