"""A walk over all forms of the pages and calls of the API, with what somebody may well send, each of which is sent twice, as by a double
click: the second one adds nothing, and its answer is that of the first.
"""

import json
import re
from itertools import count
from urllib.parse import urlencode

import pytest
from django.contrib.messages import ERROR, get_messages
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve

from prewatt.server.api.routes import api
from tests.building import PASSWORD
from tests.server.statements.test_statements import anna, edge  # noqa: F401
from tests.server.test_nonsense import Forms, filled, pages, world  # noqa: F401
from tests.server.test_two_landlords import CALLS, FORMS, Landlord

pytestmark = pytest.mark.django_db

WITHOUT_NAMES = (
    "console:books:decide_adjustment", "console:books:undo_top_up", "console:emergency_codes:make_emergency_codes",
    "console:estate:gateway_code", "console:orders:pin", "console:owed:refund_paid",
    "console:papers:draw", "console:residents:again", "console:residents:invite", "console:residents:remove",
    "console:supply:on_site_rules", "console:tenancies:end_tenancy", "tenant:gifts:make", "tenant:notices:change_channel",
    "tenant:residents:invite",
)  # fmt: skip
"""Forms that do something with what they are filled in with here, beside those that take a name."""
REFUSED = {
    "api:add_code": "all of the credit was sold the first time",
    "api:add_reading": "the same reading is the later one that is there already",
    "api:emergency_codes": "the flat has all the codes that it may have",
    "api:run_shared_cost": "the bill is booked already, unless it is another one, which has another note",
    "api:tenancies": "somebody lives there by then",
}
"""The calls of the API of which the second does nothing and is told so, and why it is not answered as the first: it has no name."""
TELLS_WHAT_IS_NEW = {"api:load_prices": "it lists the versions that it made, which the second time are none"}
PLAIN = "application/x-www-form-urlencoded"
NOT_COUNTED = ("django_session", "accounts_sentform", "accounts_throttle", "usersessions_")


def rows():
    """How many rows each table has, but for what is noted of a request itself."""
    with connection.cursor() as cursor:
        names = [each for each in connection.introspection.table_names(cursor) if not each.startswith(NOT_COUNTED)]
        cursor.execute("SELECT " + ", ".join(f'(SELECT count(*) FROM "{each}")' for each in names))
        return dict(zip(names, cursor.fetchone(), strict=True))


def added(before):
    """The tables that have other rows than before, with the number of new ones."""
    after = rows()
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def sent(client, address, given):
    """Send a form as a browser does."""
    if any(isinstance(each, UploadedFile) for each in given.values()):
        for each in given.values():
            if isinstance(each, UploadedFile):
                each.seek(0)
        return client.post(address, given)
    return client.post(address, urlencode(given, doseq=True), content_type=PLAIN)


def refusals(answer):
    return [str(each) for each in get_messages(answer.wsgi_request) if each.level >= ERROR]


def asked_about(answer):
    """The form of a page that asks whether something is meant: (address, what is sent with the yes); None if it asks nothing."""
    read = Forms("")
    read.feed(answer.content.decode())
    forms = [(address, fields) for address, _method, fields in read.forms if "sure" in fields]
    if answer.status_code != 200 or not forms:
        return None
    address, fields = forms[0]
    return address or answer.wsgi_request.path, {name: values[-1] for name, (_kind, values) in fields.items() if values}


class Walk:
    """Sends each form twice, and keeps what the second one did (`wrong`). `done`: the names of forms that did something."""

    def __init__(self):
        self.wrong, self.done = [], set()

    def send(self, client, address, given, name):
        """Send a form, say yes if it is asked whether it is meant, and send what has done it once more."""
        began = rows()
        answer = sent(client, address, given)
        question = asked_about(answer)
        if question:
            address, given = question
            answer = sent(client, address, given)
        if refusals(answer) or answer.status_code >= 400:
            return answer
        if added(began):
            self.done.add(name)
        before = rows()
        second = sent(client, address, given)
        self.wrong += [(name, each) for each in self._of(answer, second, added(before))]
        return second

    @staticmethod
    def _of(first, second, more):
        if more:
            yield more
        if (second.status_code, second.get("Location")) != (first.status_code, first.get("Location")):
            yield f"{second.status_code} {second.get('Location')} after {first.status_code} {first.get('Location')}"
        yield from refusals(second)


def test_each_form_with_names_is_done_once(building, clock, providers, thousands):
    walk = Walk()

    class Twice(Landlord):
        def post(self, path, given, by=None):
            with_secret = {**given, "csrfmiddlewaretoken": "s" * 64}
            return walk.send(by or self.client, path, with_secret, resolve(path).view_name)

    who = Twice("Berg Homes", "manager", "m1", providers)
    for act in FORMS.values():
        act(who)
    assert not walk.wrong
    # What was typed as a list of flats is shown first, and a bank's strange columns are asked about.
    assert set(FORMS) - walk.done <= {"console:estate:add_units", "console:bank_columns:columns"}


def test_each_form_of_a_page_is_done_once(world, thousands):  # noqa: F811
    walk, seen = Walk(), set()
    for login, page in pages(world):
        client = Client(raise_request_exception=False)
        assert client.login(username=login, password=PASSWORD)
        read = Forms(page)
        read.feed(client.get(page).content.decode())
        for address, method, fields in read.forms:
            name = resolve(address.partition("?")[0]).view_name
            key = (name, *sorted(fields), *fields.get("do", ("", []))[1][:1])
            if key in seen or method.lower() == "get" or "logout" in address or address.startswith("/admin"):
                continue
            seen.add(key)
            with transaction.atomic():
                walk.send(client, address, filled(fields), name)
                transaction.set_rollback(True)
    assert not walk.wrong
    assert {*WITHOUT_NAMES} <= walk.done


def named_calls():
    """The routes of calls with a field `asked`, by which a program names what it asks for."""
    document = api.get_openapi_schema()
    for path, item in document["paths"].items():
        content = item.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        schema = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if "asked" in document["components"]["schemas"].get(schema, {}).get("properties", {}):
            yield re.sub(r"{(\w+)}", r"<\1>", path.removeprefix("/"))


def test_each_call_of_the_api_is_done_once(building, providers, thousands):
    numbers, wrong, refused, named = count(1), [], set(), {*named_calls()}

    class Twice(Landlord):
        def call(self, path, given):
            address = f"/api/v1/{path}"
            match = resolve(address)
            if re.sub("<[a-z]+:", "<", match.route) in named and "asked" not in given:
                given = {**given, "asked": f"call {next(numbers)}"}
            body, headers = json.dumps(given), {"Authorization": f"Bearer {self.token}"}
            first = self.client.post(address, body, content_type="application/json", headers=headers)
            before = rows()
            second = self.client.post(address, body, content_type="application/json", headers=headers)
            if first.status_code < 300:
                if second.status_code == 400:
                    refused.add(match.view_name)
                elif match.view_name in TELLS_WHAT_IS_NEW:
                    assert second.status_code == first.status_code
                elif (second.status_code, second.json()) != (first.status_code, first.json()):
                    wrong.append((match.view_name, second.content))
                wrong.extend((match.view_name, each) for each in added(before).items())
            return first.status_code, first.json()

    who = Twice("Berg Homes", "manager", "m1", providers)
    for act in {**FORMS, **CALLS}.values():
        act(who)
    assert not wrong
    assert refused == {*REFUSED}
