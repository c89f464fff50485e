"""An electrician hangs another meter and tells nobody; the manager records it on the unit's page; the old one's end is asked.

python -m tests.system.exchange     plays it with real processes, and prints what came of it as JSON
"""

import json
import sys

from prewatt.kernel.entries import ChangeTenancy
from prewatt.kernel.units import NANO
from tests.system.running import running, wait_for


def main():
    with running(1, poll_shortest=1, copied=True) as made:
        from django.contrib.auth import get_user_model
        from django.test import Client

        from prewatt.server.accounts.first_passwords import FirstPassword
        from prewatt.server.core.time import now
        from prewatt.server.estate.models import Property, Tenancy
        from prewatt.server.ledger.books import balance, tenant_account, trial_balance
        from prewatt.server.metering.models import Alarm, JournalEntry, Meter
        from prewatt.server.sales.top_ups import top_up
        from prewatt.server.vending.account_settings import send_settings
        from prewatt.server.vending.credit_log import issue

        manager = Client(SERVER_NAME="localhost")
        FirstPassword.objects.all().delete()
        manager.force_login(get_user_model().objects.get(username="manager"))
        tenancy = Tenancy.objects.select_related("unit__property__organisation").get()
        # Behind so large a fuse so little credit is looked after each few seconds.
        Meter.objects.update(power_highest=1_000_000)
        send_settings(Property.objects.get())
        top_up(tenancy, 2 * NANO, "first")

        def meter():
            return Meter.objects.select_related("unit").get()

        wait_for(lambda: meter().closed and meter().read_at)
        before = meter()
        (made.edge / "meters" / "m0.exchange").write_text(json.dumps({"serial": "m0-new", "first": 50_000}))
        wait_for(lambda: Alarm.objects.filter(kind="foreign-meter").exists())
        foreign = Alarm.objects.get(kind="foreign-meter")
        page = manager.get(f"/alarms/{foreign.pk}/").content.decode()
        dark = meter().told_closed is False or meter().closed is False
        given = {"serial": "m0-new", "first": "50", "end": "unknown", "do": "exchange"}
        manager.post(f"/meters/{before.pk}/exchange/", given)
        wait_for(lambda: meter().serial)
        # A reading is journalled each quarter of an hour, and where a tenancy changes.
        issue(meter(), ChangeTenancy(now()))
        wait_for(lambda: (meter().read_at or 0) > foreign.at)
        # And it obeys: credit comes and is believed.
        top_up(tenancy, 3 * NANO, "second")
        wait_for(lambda: not meter().credit_log.filter(state__in=("queued", "sent")).exists())
        asked = Alarm.objects.get(kind="exchanged", is_resolved=False)
        manager.post(f"/alarms/{asked.pk}/", {"do": "answer", "answer": "money", "amount": "0.5"})
        wait_for(lambda: not meter().credit_log.filter(state__in=("queued", "sent")).exists())
        wait_for(lambda: meter().told_seq == meter().seq)
        after = meter()
        charged = sum(JournalEntry.objects.exclude(charge=None).values_list("charge", flat=True))
        energy = sum(JournalEntry.objects.exclude(energy=None).values_list("energy", flat=True))
        first = JournalEntry.objects.exclude(register=None).order_by("seq").first().register
        last_of_old = (
            JournalEntry.objects.exclude(register=None).filter(at__lt=foreign.at).order_by("seq").last().register
        )
        json.dump(
            {
                "form_filled_in": 'value="m0-new"' in page,
                "dark": dark or after.closed is False,
                "serial": after.serial,
                "name": after.name,
                "foreign_settled": not Alarm.objects.filter(kind="foreign-meter", is_resolved=False).exists(),
                "energy_not_measured": (last_of_old - first) + (after.register - 50_000) - energy,
                "balance": after.balance - (5 * NANO - charged - NANO // 2),
                "books": balance(tenant_account(tenancy)) - after.balance,
                "meter": after.told_balance - after.balance,
                "trial_balance": sum(trial_balance(tenancy.unit.property.organisation).values()),
                "open": list(Alarm.objects.filter(is_resolved=False).values_list("kind", flat=True)),
                "history": "m0-new begins at 50.000 kWh"
                in manager.get(f"/units/{after.unit_id}/journal/").content.decode(),
            },
            sys.stdout,
        )


if __name__ == "__main__":
    main()
