"""Adds people of each role, and what their stories need, to the building that the demonstration leaves. A program of its own,
because the server's settings are made in it: reads the provider's settings, prints the numbers of the rows that stories name,
and where the provider calls back.
"""

import json
import sys

from prewatt.processes.database import setup_django

PASSWORD = "four quiet roofs"
STAFF = {
    "olga": "owner",
    "mark": "manager",
    "carla": "cashier",
    "stan": "site_staff",
    "alma": "accountant",
    "rita": "read_only",
}
OPERATOR = "oskar"

TENANTS = ("flat03", "flat05")
"""Who lives in the demonstration's building, and comes to these stories."""


def _with_password(login):
    login.set_password(PASSWORD)
    login.save()
    return login


def main():
    setup_django()
    from django.contrib.auth import get_user_model

    from prewatt.server.accounts.memberships import put_member
    from prewatt.server.estate.models import Organisation, Tenancy
    from prewatt.server.payments.merchants import keep_merchant

    owner, people = Organisation.objects.get(), get_user_model().objects
    for name, role in STAFF.items():
        put_member(owner, people.create_user(name, password=PASSWORD), role)
    people.create_superuser(OPERATOR, password=PASSWORD)
    callbacks = {
        name: f"/callbacks/{name}/{keep_merchant(owner, name, name, settings).public_id}/"
        for name, settings in json.load(sys.stdin).items()
    }
    tenancies = {each.unit.name: each.pk for each in Tenancy.objects.select_related("unit")}
    for name in TENANTS:
        _with_password(people.get(username=name))
    print(json.dumps([tenancies, callbacks]))


if __name__ == "__main__":
    main()
