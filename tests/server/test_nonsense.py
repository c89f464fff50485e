"""A walk over all forms of the pages and all calls of the API: whatever is typed into whichever field, no page crashes, nothing
is booked by nonsense, and nobody reads a column's or an exception's name.
"""

import html
import json
import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth import get_user_model
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve

from prewatt.kernel.units import NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.allocation.models import SharedCost
from prewatt.server.api.routes import api
from prewatt.server.correspondence.models import Report
from prewatt.server.correspondence.reports import open_report
from prewatt.server.estate.models import Tenancy
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Alarm, Gateway, Meter
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipients import manager_of
from prewatt.server.payments.models import Payment
from prewatt.server.sales.giving_back import give, refund
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.models import Adjustment, Code, Command, Refund, TokenMeter, TopUp
from tests.building import PASSWORD
from tests.server.keypads import keypad_flat
from tests.server.payments.paying import start_payment
from tests.server.sales.test_questions import jump
from tests.server.statements.test_statements import anna, edge  # noqa: F401

pytestmark = pytest.mark.django_db

NUMBERS = [
    "",
    "abc",
    "-5",
    "-0",
    "1e2",
    "1e400",
    "NaN",
    "inf",
    "9" * 6000,
    "9" * 25,
    "5²",
    "一百",
    "😀",
    "<script>x</script>",
    "\x00",
    "0.0000000001",
]
DAYS = [
    "",
    "abc",
    "9999-12-31",
    "0001-01-01",
    "9999-12",
    "2025-13-45",
    "9" * 6000,
    "２０２５",
    "😀",
    "<script>x</script>",
    "\x00",
    "-1",
]
CHOICES = [
    "no-such-choice",
    "",
    "-1",
    "99999999999999999999",
    "9" * 6000,
    "５",
    "٥",
    "😀",
    "<script>x</script>",
    "\x00",
    "1e2",
    "NaN",
]
TEXTS = ["", "  ", "陈 小明", "😀", "<script>x</script>", "\x00", "x" * 6000, "a/b", "'; --"]
NATURAL = ["５", "٥", "1,50", "0,00"]
"""What people may well type: it may book."""
FREE = {"note", "reason", "memo", "tenant", "detail", "name", "holder", "address", "typed", "list", "part", "parts"}

IDS = {"credit_id", "adjustment_id", "asked", "pay_out_id"}

OURS = re.compile(
    r"\b(?:[a-z]+_[a-z_]+|Traceback|Exception|[A-Z][a-zA-Z]*Error|Decimal\(|Constraint|HTTPS?Connection\w*|object at 0x|ValidationError)\b"
    r"|^[a-z]+: "
)
"""What is ours to know: a column, an exception, a constraint."""


class Forms(HTMLParser):
    """The forms of a page: (action, method, {field: (kind, values)})."""

    def __init__(self, page):
        super().__init__()
        self.page, self.forms, self.form, self.select, self.said, self.depth = page, [], None, "", [], 0

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.form = (given.get("action") or self.page, given.get("method", "get"), {})
            self.forms.append(self.form)
        elif self.form is not None and tag in ("input", "textarea", "button") and given.get("name"):
            kind = given.get("inputmode") or given.get("type", tag)
            if kind in ("checkbox", "radio", "hidden", "button", "submit") or tag == "button":
                kind = "choice"
            elif kind not in ("decimal", "numeric", "date", "datetime-local", "file"):
                kind = "text"
            _kind, values = self.form[2].setdefault(given["name"], (kind, []))
            value = given.get("value", "on" if given.get("type") == "checkbox" else "")
            if tag == "button" or not (given.get("type") in ("checkbox", "radio") and "checked" not in given):
                values.append(value)
        elif self.form is not None and tag == "select":
            self.select = given["name"]
            self.form[2].setdefault(self.select, ("choice", []))
        elif self.form is not None and tag == "option" and self.select and "value" in given and given["value"]:
            self.form[2][self.select][1].append(given["value"])
        if any(each in given.get("class", "") for each in ("notice", "toast", "bad")):
            self.said.append("")
            self.depth = 1
        elif self.depth:
            self.depth += tag not in ("input", "br", "img")

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = ""
        if self.depth:
            self.depth -= 1

    def handle_data(self, data):
        if self.depth:
            self.said[-1] += data


GOOD = {
    "decimal": "1.50", "numeric": "1", "date": "2025-10-07", "datetime-local": "2025-10-09T12:00", "text": "something", "choice": "",
}  # fmt: skip


def filled(fields):
    """A form as somebody would send it. Of an order or a choice the first one is taken."""
    found = {}
    for name, (kind, values) in fields.items():
        if kind == "file":
            found[name] = SimpleUploadedFile("prices.csv", b"from,price\n2025-11-01T00:00:00Z,0.2\n")
        else:
            # A test would be sent.
            found[name] = next((each for each in values if each and each != "test"), GOOD[kind])
    return found


def books():
    """How many rows there are of what nonsense must not add: counted in one query, as it is asked after each try."""
    tables = (Transfer, TopUp, Refund, Adjustment, Code, Command, Payment)
    counts = ", ".join(f"(SELECT count(*) FROM {each._meta.db_table})" for each in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return cursor.fetchone()


@pytest.fixture
def world(edge, anna, store, merchants, clock):  # noqa: F811
    """Something of everything, so that every form is there."""
    Gateway.objects.update(is_online=True)
    jump(edge, store, 9_000)
    owner = anna.unit.property.organisation
    manager = get_user_model().objects.get(username="manager")
    where = anna.unit.property
    where.refresh_from_db()
    SharedCost.objects.create(property=where, name="Garden")
    Alarm.objects.create(meter=Meter.objects.get(name="m2"), kind="switch-failed", at=clock.at, text="A switch stuck.")
    give(anna, 60 * NANO, "waits", manager, "flood")
    refund(anna, 2 * NANO, manager, "paid twice")
    top_up(keypad_flat(where, number="00000000000"), 20 * NANO, "of Kim")
    add_channel(manager_of(owner), "webhook", "https://berg.example/told")
    start_payment(anna, merchants["stripe"])
    open_report(anna, "1", "meter", "It hums.", (), anna.people.get())
    return anna


def pages(world):
    """Where forms are: (login, address)."""
    unit, where, meter = world.unit_id, world.unit.property_id, Meter.objects.get(name="m1").pk
    alarms = [f"/alarms/{each.pk}/" for each in Alarm.objects.filter(is_resolved=False)]
    office = [
        "/properties/",
        *(f"/units/{unit}/{tab}" for tab in ("", "money/", "switch/", "people/", "papers/", "journal/")),
        *(
            f"/properties/{where}/{part}/"
            for part in (
                "tariffs",
                "tariffs/new",
                "tariffs/compare",
                "shared-costs",
                "losses",
                "supply",
                "alarms",
                "emergency-codes",
                "contacts",
                "batches",
                "statements",
                "units/add",
                "price",
                "gateways",
                "common-meters/add",
            )
        ),
        "/landlord/",
        "/properties/add/",
        f"/units/{unit}/change/",
        f"/tenancies/{world.pk}/terms/",
        f"/tenancies/{world.pk}/take-cash/",
        "/till/",
        "/till/day/",
        f"/meters/{meter}/exchange/",
        f"/meters/{meter}/wrong-readings/",
        *alarms,
        "/books/",
        "/payments/",
        "/merchants/new/stripe/",
        "/reconciliation/",
        "/notices/",
        "/keypad-meters/",
        f"/keypad-meters/{TokenMeter.objects.get(meter__isnull=True).pk}/",
        "/notes/",
        f"/reports/{Report.objects.get().pk}/",
    ]
    return [
        *(("manager", each) for each in office),
        *(("flat1", each) for each in ("/me/", "/me/notices/", "/me/reports/", "/me/residents/", "/me/gift-links/")),
    ]


class Sender:
    """Sends a form, and opens the page that its answer leads to: once, where it says what it has said before (of another
    text that was typed) and the form has written nothing but that, so that the page is the same.
    """

    def __init__(self, client):
        self.client, self.opened = client, set()

    def send(self, send, address, given, typed):
        """The page that is shown in the end, or the answer that leads to one that was opened before."""
        before = self._written()
        answer = send(address, given)
        if answer.status_code != 302:
            return answer
        said = list(map(str, get_messages(answer.wsgi_request)))
        answer.said = [each.replace(typed, "…") if typed and "<" not in typed else each for each in said]
        leads_to = (answer["Location"], *answer.said)
        # What is said is kept in the row of the session.
        if self._written() == before + bool(said) and leads_to in self.opened:
            return answer
        self.opened.add(leads_to)
        return self.client.get(answer["Location"], follow=True)

    @staticmethod
    def _written():
        """How many rows were written until now. Only SQLite counts them: elsewhere each one differs from all others."""
        return connection.connection.total_changes if connection.vendor == "sqlite" else float("nan")


def faults(answer):
    """What is wrong with an answer: it is no page, repeats a script, or says what is ours to know."""
    if hasattr(answer, "said"):
        return [each for each in answer.said if OURS.search(each)]
    if answer.status_code not in (200, 400, 404, 405):
        return [str(answer.status_code)]
    if not answer.get("Content-Type", "").startswith("text/html"):
        return []
    page = answer.content.decode()
    read = Forms("/")
    read.feed(page)
    said = [html.unescape(each).strip() for each in read.said]
    return [*(["a script"] if "<script>x" in page else []), *(each for each in said if OURS.search(each))]


def test_whatever_is_typed_into_any_form(world, thousands):
    seen, found, tried = set(), [], 0
    before = books()
    for login, page in pages(world):
        client = Client(raise_request_exception=False)
        assert client.login(username=login, password=PASSWORD)
        sender = Sender(client)
        answer = client.get(page)
        assert answer.status_code == 200, page
        read = Forms(page)
        read.feed(answer.content.decode())
        for address, method, fields in read.forms:
            # One of each kind: not the same form for each row.
            key = (
                resolve(address.partition("?")[0]).view_name,
                method,
                tuple(sorted(fields)),
                fields.get("do", ("", []))[1][:1] == [],
            )
            if key in seen or "logout" in address or address.startswith("/admin"):
                continue
            seen.add(key)
            good = filled(fields)
            good.pop("csrfmiddlewaretoken", None)
            for name, (kind, _values) in fields.items():
                if name == "csrfmiddlewaretoken":
                    continue
                free = name in FREE or kind == "text"
                values = {"decimal": NUMBERS, "numeric": NUMBERS, "date": DAYS, "datetime-local": DAYS}.get(
                    kind, CHOICES
                )
                for text in TEXTS if free else [*values, *(NATURAL if kind == "decimal" else [])]:
                    with transaction.atomic():
                        send = client.get if method.lower() == "get" else client.post
                        answer = sender.send(send, address, {**good, name: text}, text)
                        found += [(address, name, text[:30], each[:200]) for each in faults(answer)]
                        # An empty one may be left out; an id of one's own may be any text, and so may what a field has shown.
                        may = (
                            free
                            or not text
                            or text in NATURAL
                            or name in IDS
                            or text == "-0"
                            or name.startswith("initial-")
                        )
                        if not may and books() != before:
                            found.append((address, name, text[:30], "booked"))
                        tried += 1
                        transaction.set_rollback(True)
    assert not found
    assert tried > 500


CALLS = {
    "/properties/{pk}/tariffs/check": {"name": "t"},
    "/properties/{pk}/tariffs": {"tariff": {"name": "t"}, "effective": "2025-11-01T00:00:00Z"},
    "/properties/{pk}/prices": {"prices": [["2025-11-01T00:00:00Z", "0.2"]], "base": "flat"},
    "/properties/{pk}/corrections": {
        "tariff": {"name": "t"}, "begins": "2025-10-07T00:00:00Z", "ends": "2025-10-07T01:00:00Z", "reason": "x",
    },
    "/properties/{pk}/compare": {"tariffs": [], "begins": "2025-10-07T00:00:00Z", "ends": "2025-10-07T01:00:00Z"},
    "/shared-costs/{pk}/runs": {"first": "2025-10-06", "last": "2025-10-06", "bill": "10.00", "memo": "m", "book": True},
    "/shared-costs/{pk}/change": {
        "name": "n", "rule_percent": {"equal": "100"}, "vacancy": "others", "schedule": "daily", "since": "2025-10-06",
    },
    "/shared-costs/{pk}/end": {"last": "2025-10-07"},
    "/shared-costs/{pk}/remove": {},
    "/runs/{pk}/reverse": {},
    "/tenancies/{pk}/top-ups": {"amount": "5.00", "credit_id": "c", "receipt": "r", "way": "cash"},
    "/tenancies/{pk}/payments": {"merchant": 1, "method": "native", "amount": "5.00", "asked": "b1", "currency": "CNY", "payer": "p"},
    "/meters/{name}/orders": {
        "do": "restore", "reason": "x", "amount": "5", "until": "2025-10-08T00:00:00Z", "watts": 5, "override": False,
    },
    "/meters/{name}/exchange": {"serial": "n1", "first": "0", "last": "", "preview": False},
    "/meters/{name}/lead-back": {},
    "/alarms/{pk}/answer": {"answer": "money", "amount": "1.00"},
    "/alarms/{pk}/settle": {},
    "/me/grants": {"public_key": "ab" * 32},
    "/me/grants/revoke": {"public_key": "ab" * 32},
    "/tenancies/{pk}/adjustments": {"amount": "1.00", "adjustment_id": "z", "reason": "x"},
    "/tenancies/{pk}/goodwill": {"amount": "1.00", "adjustment_id": "y", "reason": "x"},
    "/properties/{pk}/emergency-codes": {"amount": "1.00", "days": 2, "units": ["Flat 1"]},
    "/properties/{pk}/emergency-codes/revoke": {},
    "/emergency-codes/{pk}/revoke": {},
    "/organisations/{pk}/notes": {
        "asked": "1", "title": "t", "text": "t", "units": [1], "properties": [], "everybody": False, "urgent": False,
        "texts": {"zh": {"title": "t", "text": "t"}},
    },
    "/tenancies/{pk}/reports": {"asked": "2", "category": "meter", "text": "t"},
    "/reports/{pk}/entries": {"asked": "2", "text": "t", "state": "work"},
    "/reports/{pk}/photos/{asked}": {"photo": "t"},
    "/keypad-meters/{pk}/codes": {"kwh": "1.0", "note": "n"},
    "/keypad-meters/{pk}/readings": {"at": "2025-10-06T10:00:00Z", "kwh": "1.0", "left_kwh": "1.0", "sure": False},
    "/tenancies/{pk}/keypad/codes": {},
    "/tenancies/{pk}/keypad/codes/{number}/give-back": {"reason": "x"},
    "/refunds/{pk}/pay-outs": {"amount": "1.00", "way": "cash", "day": "2025-10-07", "number": "n"},
    "/refunds/{pk}/send-to": {"send_to": "DE02 1203 0000 0000 2020 51"},
    "/tenancies/{pk}/debt-payments": {"amount": "1.00", "payment_id": "p1", "receipt": "r1", "way": "cash"},
    "/debt-payments/{pk}/undo": {"reason": "x"},
    "/debts/{pk}/write-offs": {"reason": "x", "amount": "1.00"},
    "/write-offs/{pk}/decide": {"agreed": True},
    "/debts/{pk}/set-off/{refund_pk}": {},
    "/tenancies/{pk}/moved-payments": {"credit_id": "first of Anna", "to": 2, "reason": "x", "used": "debt", "preview": False},
    "/tenancies/{pk}/terms": {
        "postpaid": True, "limit": "100.00", "limit_cuts": True, "due_days": 14, "overdue": "remind", "overdue_days": 14,
        "owed": "debt", "begins": "2025-10-08T00:00:00Z", "preview": False,
    },
    "/tenancies/{pk}/move-out": {"ends": "2025-10-08T00:00:00Z"},
    "/tenancies/{pk}/put-move-right": {"reason": "x", "begins": "2025-10-06T10:00:00Z", "tenant": "Ann", "deposit": "1.00"},
    "/properties/{pk}/tenancies": {
        "unit": "Flat 3", "tenant": "Zoe", "begins": "2025-10-08T00:00:00Z", "occupants": 2, "deposit": "5.00",
        "phone": "+4915112345678", "email": "zoe@example.com", "language": "en",
    },
    "/wechat/log-in": {"code": "code-anna-1", "appid": ""},
    "/wechat/join": {
        "code": "code-anna-2", "appid": "", "invitation": "ABCD", "name": "Mei", "login": "flat1", "password": "x",
        "second_factor": "1",
    },
    "/me/notices/subscriptions": {"accepted": ["t"]},
    "/me/tenancies/{pk}/emergency": {"asked": "1"},
    "/me/tenancies/{pk}/payments": {"amount": "1.00", "way": "wechat-mini", "asked": "4"},
    "/me/tenancies/{pk}/reports": {"kind": "meter", "text": "t", "asked": "4"},
    "/me/tenancies/{pk}/residents/invitations": {},
    "/me/tenancies/{pk}/automatic": {"amount": "20.00", "most_a_month": "50.00", "under_days": 3, "way": ""},
    "/me/tenancies/{pk}/automatic/resume": {},
    "/me/tenancies/{pk}/gift-links": {"flat_name": "Home", "shown_name": "Anna", "note": "Mama", "days": 30},
    "/tenancies/{pk}/contact": {"phone": "+4915112345678", "email": "zoe@example.com", "language": "en", "over": False},
}  # fmt: skip
"""Each call that changes something, with what may be sent."""
STRICT = [
    "",
    "abc",
    "1e2",
    "1e400",
    "NaN",
    "５",
    "٥",
    "+5",
    "1,5",
    "9" * 6000,
    "😀",
    "一百",
    "<script>x</script>",
    "\x00",
    "-0.0000000001",
]
WORDS = {"credit_id", "receipt", "asked", "payer", "reason", "memo", "note", "adjustment_id", "serial", "name", "base"}


def test_every_call_that_takes_something_is_walked_over():
    known = {path for path, item in api.get_openapi_schema()["paths"].items() if "post" in item}
    assert known == {f"/api/v1{path}" for path in CALLS}


@pytest.mark.parametrize("path", CALLS)
def test_whatever_a_program_sends(world, thousands, path):
    token = make_key(get_user_model().objects.get(username="manager"), "test")
    client = Client(headers={"Authorization": f"Bearer {token}"})
    # That the key is used is noted once, and not again by each call that is undone.
    assert client.get("/api/v1/properties").status_code == 200
    question = Alarm.objects.filter(kind="rebased").first()
    pks = {
        "properties": world.unit.property_id,
        "tenancies": world.pk,
        "shared-costs": SharedCost.objects.get().pk,
        "runs": 1,
        "alarms": question.pk if question else 1,
        "keypad-meters": 4,
        "refunds": Refund.objects.get().pk,
        "organisations": world.unit.property.organisation_id,
        "reports": Report.objects.get().pk,
    }
    if "/keypad/" in path:
        pks["tenancies"] = Tenancy.objects.get(tenant="Kim").pk
    address = "/api/v1" + path.replace("{pk}", str(pks.get(path.split("/")[1], 1))).replace("{name}", "m1").replace(
        "{refund_pk}", "1"
    ).replace("{asked}", "3").replace("{number}", "1")
    body = CALLS[path]
    values = [*STRICT, None, 0, -1, 10**30, 1.5, True, [], {}, [None], {"a": "b"}]
    for name in body:
        for text in values:
            with transaction.atomic():
                before = books()
                answer = client.post(address, json.dumps({**body, name: text}), content_type="application/json")
                assert answer.status_code in (200, 201, 400, 404, 422), (name, text, answer.status_code)
                for error in answer.json().get("errors", []) if answer.status_code == 400 else []:
                    assert not re.search(
                        r"Traceback|Exception|[a-z]Error\b|object at 0x|Decimal\(", error["message"]
                    ), error
                booked = books() != before
                number = name in (
                    "amount",
                    "kwh",
                    "bill",
                    "first",
                    "last",
                    "until",
                    "effective",
                    "begins",
                    "ends",
                    "watts",
                )
                assert not (booked and number and text in STRICT and text), (name, text)
                transaction.set_rollback(True)
