"""A tenant's keys against every call of the API: of other flats nothing; and nonsense in each body is refused in words."""

import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client

from prewatt.kernel.units import NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.allocation.models import Share, SharedCost
from prewatt.server.api.routes import OWN, READ_BY_PEOPLE, api
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.correspondence.models import Entry, Report
from prewatt.server.estate.models import Organisation, Resident, Tenancy
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.server.notices.models import Notice
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.payments.models import Merchant, Payment
from prewatt.server.sales.top_ups import top_up
from tests.building import set_up

pytestmark = [pytest.mark.django_db, pytest.mark.database]
SECRET = "Wasserfall"
"""A word that stands in everything that is of the others."""
BODY = {
    "amount": "5.00", "way": "wechat-mini", "asked": "z1", "kind": "meter", "category": "meter", "text": "x", "title": "x",
    "language": "de", "events": {"low": False}, "accepted": ["t"], "reason": "x", "credit_id": "z2", "adjustment_id": "z3",
    "payment_id": "z4", "receipt": "z5", "unit": "Flat 1", "tenant": "Zoe", "do": "hold", "serial": "S", "state": "done",
    "answer": "money", "postpaid": True, "agreed": True, "kwh": "1", "at": "2025-10-06T10:00:00Z", "to": 1, "used": "debt",
    "first": "2025-10-01", "last": "2025-10-02", "ends": "2025-10-07T00:00:00Z", "effective": "2026-11-01T00:00:00Z",
    "tariff": {}, "prices": [], "days": 2, "merchant": 1, "method": "native", "until": "2025-10-07T00:00:00Z",
    "phone": "", "preview": False, "send_to": "x", "name": "x", "day": "2025-10-07", "number": "n",
    "most_a_month": "50.00", "under_days": 3,
}  # fmt: skip


@pytest.fixture
def others(building, mini, tenancy, clock):
    """Rows of all kinds, in another flat of the same landlord and at another landlord."""
    made = set_up(
        clock, organisation=f"{SECRET} Homes", name=f"{SECRET} 1", gateway="g9", manager="rival",
        apartments=[Apartment(f"{SECRET} A", "x1", SECRET)],
    )  # fmt: skip
    Tenancy.objects.filter(tenant="Ben").update(tenant=f"Ben {SECRET}")
    found = list(Tenancy.objects.exclude(pk=tenancy.pk))
    for each in found:
        top_up(each, 7 * NANO, f"top-up {each.pk}")
        report = Report.objects.create(tenancy=each, asked="1", category="meter", made_at=1, changed_at=1)
        Entry.objects.create(report=report, asked="1", at=1, by=SECRET, is_from_office=False, text=SECRET)
        cost = SharedCost.objects.create(property=each.unit.property, name=f"{SECRET} {each.pk}")
        run = cost.runs.create(begins=1, ends=2, cost=1, rule={"equal": "100"}, made_at=1, memo=SECRET)
        Share.objects.create(run=run, unit=each.unit, tenancy=each, days=1, weights={"equal": "1"}, amount=1)
        Notice.objects.create(
            recipient=recipient_of(each), event="note", key="n", title=SECRET, text=SECRET, made_at=1, due_at=1
        )
        Alarm.objects.create(meter=each.unit.meter, kind="x", key="x", at=1, text=SECRET)
        Payment.objects.create(
            payment_id=f"other{each.pk}", asked="1", merchant=Merchant.objects.first(), tenancy=each, amount=NANO,
            currency="CNY", method="native", made_at=1, expires_at=2,
        )  # fmt: skip
    return made, found


SCHEMA = api.get_openapi_schema()
"""What the API says of itself. It takes a while to be made."""


def _paths():
    """Each call of the API, as (method, path)."""
    for path, item in SCHEMA["paths"].items():
        for method in item:
            yield method, path


def _values(organisation, tenancy):
    """What stands in an address for something of others, by the word before it and by its name."""
    share, report = Share.objects.filter(tenancy=tenancy).first(), Report.objects.filter(tenancy=tenancy).first()
    rows = {
        "tenancies": tenancy, "properties": tenancy.unit.property, "organisations": organisation, "reports": report,
        "shares": share, "runs": share.run, "shared-costs": share.run.shared_cost,
        "alarms": Alarm.objects.get(meter__unit=tenancy.unit), "residents": Resident.objects.get(tenancy=tenancy),
    }  # fmt: skip
    names = {"name": tenancy.unit.meter.name, "payment_id": f"other{tenancy.pk}", "asked": "1", "number": 1}
    return rows, names


def _filled(path, rows, names):
    parts = path.split("/")
    for number, part in enumerate(parts):
        if part.startswith("{"):
            before, name = parts[number - 1], part.strip("{}")
            parts[number] = "2025-10" if before == "statements" else str(
                rows[before].pk if before in rows else names.get(name, 1)
            )  # fmt: skip
    return "/".join(parts)


@pytest.mark.parametrize("key", ["phone", "program", "former"])
def test_of_other_flats_no_key_of_a_tenant_reads_or_changes_anything(anna, others, tenancy, clock, key):
    _made, foreign = others
    user = get_user_model().objects.get(username="flat1")
    text = anna.key
    if key == "program":
        text = make_key(user, "program")
    if key == "former":
        Tenancy.objects.filter(pk=tenancy.pk).update(ends=clock.at - 1, begins=clock.at - 10)
    program = Client(headers={"Authorization": f"Bearer {text}"})
    Gateway.objects.update(is_online=True)
    walked, own = 0, f"{tenancy.pk}"
    for other in foreign:
        rows, names = _values(other.unit.property.organisation, other)
        for method, path in _paths():
            if "{" not in path or path.startswith("/api/v1/wechat"):
                continue
            address = _filled(path, rows, names)
            query = "?first=2025-10-01&last=2025-10-07&kwh=5" if method == "get" else ""
            given = {} if method == "get" else {"data": json.dumps(BODY), "content_type": "application/json"}
            with transaction.atomic():
                answer = getattr(program, method)(address + query, **given)
                transaction.set_rollback(True)
            said = answer.content.decode(errors="replace")
            assert answer.status_code in (400, 401, 403, 404, 415, 422), (method, address, answer.status_code)
            assert SECRET not in said, (method, address)
            walked += 1
    assert walked > 150 and own
    # What is listed without a number is one's own.
    for path in (
        "/me",
        "/me/notices",
        "/notes",
        "/reports",
        "/properties",
        "/bills",
        "/refunds",
        "/debts",
        "/keypad-meters",
    ):
        assert SECRET not in program.get(f"/api/v1{path}").content.decode(), path
    assert not Resident.objects.filter(user=user).exclude(tenancy=tenancy).exists()


def test_a_flatmate_who_was_removed_reads_nothing_more(anna, tenancy):
    resident = tenancy.residents.get()
    resident.delete()
    for _method, path in filter(lambda each: each[0] == "get" and each[1].startswith(OWN), _paths()):
        address = re.sub(r"\{pk\}", str(tenancy.pk), path).replace("{name}", "2025-10")
        assert anna.call("get", re.sub(r"\{\w+\}", "1", address).removeprefix("/api/v1"))[0] in (401, 404), path


NONSENSE = [
    None,
    "",
    "abc",
    "1e2",
    "NaN",
    "５",
    "9" * 6000,
    "😀",
    "\x00",
    0,
    -1,
    10**30,
    1.5,
    True,
    [],
    {},
    [None],
    {"a": "b"},
]


def _fields(schema):
    """The names of a body's fields, by the schema of a call."""
    reference = schema["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return list(SCHEMA["components"]["schemas"][reference]["properties"])


def _with_bodies():
    for path, item in SCHEMA["paths"].items():
        for method, call in item.items():
            if path.startswith(READ_BY_PEOPLE) and "requestBody" in call:
                yield pytest.param(method, path, _fields(call), id=f"{method} {path}")


@pytest.mark.parametrize(("method", "path", "fields"), list(_with_bodies()))
def test_nonsense_in_a_body_is_refused_in_words(anna, tenancy, method, path, fields):
    address = path.removeprefix("/api/v1").replace("{pk}", str(tenancy.pk))
    good = {name: BODY[name] for name in fields if name in BODY}
    bodies = [{**good, name: value} for name in fields for value in NONSENSE] + [{}, [], "x", 7]
    for body in bodies:
        with transaction.atomic():
            status, found = anna.call(method, address, body)
            transaction.set_rollback(True)
        assert status in (200, 201, 204, 400, 401, 404, 429), (body, status)
        if status == 400:
            assert found["errors"] and all(each["message"] for each in found["errors"]), body
            said = str(found)
            assert not re.search(r"Traceback|Exception|[a-z]Error\b|object at 0x|Decimal\(|Input should", said), said
    assert Meter.objects.count() and Organisation.objects.count()
