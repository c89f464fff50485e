"""Fifty tenants pay at once, and ten more people for one of them, at three providers, each told of three times at once.

python -m tests.system.rush     plays it, and prints what came of it as JSON
"""

import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from prewatt.kernel.units import NANO
from tests.server.payments.players.server import METHODS, send
from tests.system.running import running, wait_for

FLATS, EXTRA, TELLS = 50, 10, 3


def post(url, given, token):
    body = json.dumps(given).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as answer:
        return json.load(answer)


def main():
    with running(FLATS, copied=True) as made:
        from django.contrib.auth import get_user_model

        from prewatt.server.accounts.keys import make_key
        from prewatt.server.estate.models import Organisation, Tenancy
        from prewatt.server.ledger.books import Kind, balance, tenant_account, trial_balance
        from prewatt.server.metering.models import Alarm, Meter
        from prewatt.server.payments.models import Payment, Unexpected
        from prewatt.server.vending.models import OPEN, Command, TopUp

        token = make_key(get_user_model().objects.get(username="manager"), "rush")
        tenancies = list(Tenancy.objects.select_related("unit__property__organisation").order_by("pk"))
        merchants = list(made.merchants.values())
        payers = [*enumerate(tenancies), *((FLATS + number, tenancies[0]) for number in range(EXTRA))]

        def ask(payer):
            number, tenancy = payer
            merchant = merchants[number % 3]
            given = {
                "merchant": merchant.pk,
                "method": METHODS[merchant.provider],
                "amount": f"{20 + number}.00",
                "asked": f"a{number}",
            }
            url = f"{made.address}/api/v1/tenancies/{tenancy.pk}/payments"
            # Whoever asks twice at once asks for one payment.
            with ThreadPoolExecutor(2) as twice:
                answers = list(twice.map(lambda _number: post(url, given, token), range(2)))
            assert answers[0]["payment_id"] == answers[1]["payment_id"], answers
            return answers[0]["payment_id"]

        def pay(payment):
            trade = made.providers.pay(payment)
            told = [made.providers.callback(trade) for _number in range(TELLS)]
            with ThreadPoolExecutor(TELLS) as calls:
                return [
                    answer[0] for answer in calls.map(lambda each: send(made.callback_address(payment), *each), told)
                ]

        with ThreadPoolExecutor(len(payers)) as crowd:
            names = list(crowd.map(ask, payers))
            rows = {each.payment_id: each for each in Payment.objects.select_related("merchant")}
            statuses = list(crowd.map(pay, [rows[name] for name in names]))

        def settled():
            waiting = Command.objects.filter(state__in=OPEN).exists()
            behind = [
                meter for meter in Meter.objects.all() if meter.told_balance is None or meter.told_seq != meter.seq
            ]
            return not waiting and not behind and not Payment.objects.filter(state="open").exists()

        wait_for(settled)
        meters = {meter.unit_id: meter for meter in Meter.objects.all()}
        owner = Organisation.objects.get()
        paid = sum((20 + number) * NANO for number, _tenancy in payers)
        json.dump(
            {
                "payments": Payment.objects.filter(state="paid").count(),
                "others": Payment.objects.exclude(state="paid").count(),
                "top_ups": TopUp.objects.count(),
                "refused": sum(status >= 500 for each in statuses for status in each),
                "unexpected": Unexpected.objects.count(),
                "alarms": Alarm.objects.count(),
                "books_against_meters": [
                    balance(tenant_account(each)) - meters[each.unit_id].balance for each in tenancies
                ],
                "meters_themselves": [meter.told_balance - meter.balance for meter in meters.values()],
                "clearing": paid
                + sum(amount for each, amount in trial_balance(owner).items() if each.kind == Kind.CLEARING),
                "trial_balance": sum(trial_balance(owner).values()),
            },
            sys.stdout,
        )


if __name__ == "__main__":
    main()
