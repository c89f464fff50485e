"""A walk over all addresses: every page and call, every method, everybody. Nobody outside reads a name or changes a row, and whoever
has a role may do what the table says and no more.
"""

import json
import re
from collections import Counter
from functools import cache

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.urls import resolve as resolve_anew

from prewatt.server.accounts.rights import MEMBER_ROLES, RIGHTS, Right, Role
from prewatt.server.web.needs import API, PAGES, PARTS, Who, need_of
from prewatt.server.web.needs import CALLS as NEEDS_OF_CALLS
from tests.server.accounts.landlords import MARKS, elsewhere, flatmates, landlord, numbers, person
from tests.server.test_nonsense import CALLS

pytestmark = pytest.mark.django_db
resolve = cache(resolve_anew)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRITES = re.compile(r'^(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)"?')
BOOKKEEPING = re.compile(r"^(?:django_session|accounts_(?!membership)\w+)$")
"""Tables of sessions, throttles and logs: they are written whoever asks."""
NAMED = {
    "provider": "stripe",
    "kind": "email",
    "asked": "a1",
    "public_id": "nobody",
    "app_label": "estate",
    "url": "x",
    "uidb36": "1",
    "key": "x",
    "code": "x",
    "token": "x",
}
"""Arguments of addresses that are no row's number."""
DOORS = ("account_", "mfa_", "sign_in:")
"""How the names of pages begin that let people in, and show them their own login alone."""
WITHOUT_RIGHT = {
    "console:keys:keys", "console:keys:revoke_all", "console:keys:revoke_key", "staff-password",
    "console:begin:begin", "console:begin:link",
    "admin:", "api:api-root", "api:openapi-json", "api:openapi-view", "enrol", "pay-callback", "set-up",
    "tenant:emergency:emergency", "tenant:home:tenancy", "tenant:home:use", "tenant:app:manifest",
    "tenant:app:worker", "tenant:app:offline", "tenant:app:kept",
    "tenant:pay:pay", "tenant:pay:payer",
    "tenant:gifts:end", "tenant:gifts:gift_link", "tenant:gifts:gift_links", "tenant:gifts:make",
    "tenant:automatic:agree", "tenant:automatic:automatic", "tenant:automatic:back", "tenant:automatic:end",
    "tenant:automatic:resume", "tenant:home:power", "tenant:notices:stop", "tenant:notices:tap",
    "tenant:giving:give", "tenant:giving:pay", "tenant:giving:payer", "tenant:giving:payment",
    "tenant:reports:my_reports", "tenant:residents:invite", "tenant:residents:leave", "tenant:residents:name",
    "tenant:residents:remove", "tenant:residents:residents", "tenant:residents:revoke_invitations", "web:home",
    "web:language", "web:look:look", "web:tasks:task", "web:tasks:file", "web:tasks:progress",
}  # fmt: skip
"""Everybody's pages, and those on which a login sees what is its own alone."""
CALLED_WITHOUT_RIGHT = {
    "me", "me/notices", "me/notices/subscriptions", "me/payments/<payment_id>", "wechat/join", "wechat/log-in",
}  # fmt: skip
"""The same of calls, beside those of a flat of one's own: `tests/server/api/test_walked.py` walks them with tenants' keys."""
MALFORMED = {f"{API}properties/<pk>/tariffs/check": (422,), f"{API}reports/<pk>/photos/<asked>": (422,)}
"""Calls whose bodies are not sent here: they are refused before anybody looks whose the number is."""
OWN = {(who, "me/merchants/<int:pk>/payer/") for who in ("next door", "flatmate next door", "lives in two")}
"""What belongs to somebody outside too: both tenants pay to the same landlord."""
NOTHING_HERE = (f"{API}tenancies/<pk>/keypad", "organisations/<int:pk>/sending-accounts/<slug:kind>/templates/")
"""What the rows of the walk have nothing for: a flat with a keypad meter, an account that sends e-mail."""


def addresses(patterns=None, prefix=""):
    """All addresses that the server has, as Django knows them."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        address = f"{prefix}{each.pattern}".replace("^", "").replace("$", "")
        if isinstance(each, URLPattern):
            yield address
        else:
            yield from addresses(each.url_patterns, address)


def filled(address, rows, meter):
    """An address with the numbers of some rows, and whether it has any."""
    parts, has_number = [], False
    for part in re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", address).split("/"):
        match = re.search(r"<(?:\w+:)?(\w+)>", part)
        if match is None:
            parts.append(part)
            continue
        name = match[1]
        if name in NAMED:
            value = NAMED[name]
        elif name == "name":
            value, has_number = meter, True
        else:
            # In the set-up pages any number will do.
            value, has_number = rows.get(parts[-1], 1 if "admin" in parts else None), True
            assert value is not None, f"{address}: there is no row of {parts[-1]} in landlords.py"
        parts.append(f"{value}")
    return "/" + "/".join(parts), has_number


class Walk:
    """Asks for addresses as somebody, and counts what comes of it. Whatever was changed is undone. A method that an address does not
    know for one person it knows for nobody: what was answered so is not asked for again.
    """

    def __init__(self, rows, target):
        self.rows, self.target, self.written, self.wrong = rows, target, [], []
        self.statuses: Counter[int] = Counter()
        self.unknown: set[tuple[str, str]] = set()
        chosen = {"organisation": "organisations", "unit": "units", "property": "properties", "tenancy": "tenancies"}
        self.form = {name: rows[kind] for name, kind in chosen.items()} | {
            "to": rows["tenancies"], "merchant": rows["merchants"], "meter": rows["meters"], "amount": "1", "reason": "x",
            f"line-{rows['bank-lines']}": f"tenancy:{rows['tenancies']}", "asked": "9", "text": "x", "title": "x", "first": "2025-10-01",
            "last": "2025-10-05", "kwh": "1",
        }  # fmt: skip

    def watch(self, execute, sql, *rest):
        """Note which tables are written to."""
        found = WRITES.match(sql)
        if found and not BOOKKEEPING.match(found[1]):
            self.written.append(found[1])
        return execute(sql, *rest)

    def methods(self, path, methods):
        """Those of the methods that the address may know."""
        return [each for each in methods if (path, each) not in self.unknown]

    def ask(self, client, path, method):
        """What is answered to a request, and what it wrote."""
        call = path.startswith(f"/{API}")
        body = CALLS.get(self.template(path), {}) if call else self.form
        self.written = []
        with transaction.atomic():
            if method == "GET":
                answer = client.get(path, self.form)
            elif call:
                answer = client.generic(method, path, json.dumps({**self.form, **body}), "application/json")
            else:
                answer = client.generic(method, path, "&".join(f"{name}={value}" for name, value in self.form.items()),
                                        "application/x-www-form-urlencoded")  # fmt: skip
            transaction.set_rollback(True)
        self.statuses[answer.status_code] += 1
        if answer.status_code == 405:
            self.unknown.add((path, method))
        return answer, self.written

    def order_of(self, path):
        """The order that a call is sent with; some need another right."""
        return CALLS.get(self.template(path), {}).get("do", "") if path.startswith(f"/{API}") else ""

    def note(self, fine, *what):
        """Note what was answered if it is not as it should be."""
        if not fine:
            self.wrong.append(tuple(map(str, what)))

    def template(self, path):
        """The path of a call as the API's own description has it."""
        return "/" + re.sub(r"<(\w+)>", r"{\1}", resolve(path).route.removeprefix(API))


@pytest.fixture
def world(db, clock, settings):
    """The landlords and people, and the walk with the numbers of one of them."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    other, target = landlord(clock, "other", "n"), landlord(clock, "target", "m")
    target.elsewhere = elsewhere(target)
    return other, target, Walk(numbers(target), target)


def browser(user=None):
    """A browser in which somebody is logged in."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def leaks(answer, marks):
    """What of the marks stands in an answer."""
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return [mark for mark in marks if mark.encode() in text]


def check_outside(walk, who, client, marks):
    """Somebody who has nothing to do with the target's rows: no name is read, nothing is changed, no number is told apart."""
    for address in walk.addresses:
        if address.startswith("admin/") and who not in ("stranger", "owner", "manager", "tenant"):
            # Nobody without staff's own permissions gets further there than these four.
            continue
        path, has_number = filled(address, walk.rows, walk.target.meter.name)
        need = need_of(resolve(path))
        for method in walk.methods(path, METHODS if who == "stranger" else METHODS[:2]):
            answer, written = walk.ask(client, path, method)
            status = answer.status_code
            fine = status < 500 and not leaks(answer, marks) and (status < 400 or not written)
            if has_number and need.read is not Who.ANYBODY and (who, address) not in OWN:
                fine &= not written and status in (
                    (302, 401, 405) if who == "stranger" else (403, 404, 405, *MALFORMED.get(address, ()))
                )
            walk.note(fine, who, method, path, status, written)


def check_role(walk, role, client):
    """Somebody with a role at the target: they may do what the table says, and no more."""
    for address in walk.addresses:
        path, has_number = filled(address, walk.rows, walk.target.meter.name)
        need = need_of(resolve(path))
        for method in walk.methods(path, METHODS[:2]):
            right = need.to(method, walk.order_of(path))
            if not isinstance(right, Right) or (need.tenants and "/me/" in path):
                continue
            answer, written = walk.ask(client, path, method)
            status = answer.status_code
            if right in RIGHTS[role]:
                looks = method == "GET" and has_number and address not in NOTHING_HERE
                fine = status != 403 and status < 500 and (not looks or status in (200, 302, 400, 405))
            else:
                refusals = (403, 404, 405, *MALFORMED.get(address, ())) if need.tenants else (403,)
                fine = status in refusals and not written
            walk.note(fine, role, method, path, status, written)


def test_every_address_names_the_right_that_it_needs():
    """Who adds an address says what it needs; until then it is refused."""
    rows = dict.fromkeys({part for each in addresses() for part in each.split("/")[:-1]}, 1)
    unnamed = [each for each in addresses() if need_of(resolve(filled(each, rows, "m1")[0])) is None]
    assert unnamed == []
    names = {resolve(filled(each, rows, "m1")[0]).view_name for each in addresses()}
    assert set(PAGES) - names == set()


def test_what_needs_no_right_is_listed():
    """An address whose right was taken away is found here."""
    without = {name for name, need in {**PAGES, **PARTS}.items() if not isinstance(need.read, Right)}
    assert {name for name in without if not name.startswith(DOORS)} == WITHOUT_RIGHT
    without = {path for path, need in NEEDS_OF_CALLS.items() if not isinstance(need.read, Right)}
    assert {path for path in without if not path.startswith("me/tenancies/<pk>")} == CALLED_WITHOUT_RIGHT
    assert all(NEEDS_OF_CALLS[path].read is Who.LOGIN for path in without if path.startswith("me"))
    assert all(need.write is None or isinstance(need.write, Right) for need in {**PAGES, **NEEDS_OF_CALLS}.values())


def test_ten_thousand_requests_read_and_change_nothing_that_is_not_theirs(world, thousands):
    other, target, walk = world
    # Whoever logs out is a stranger from then on.
    walk.addresses = [each for each in addresses() if "logout" not in each]
    manager, cashier, before = target.elsewhere
    left, flatmate, lives_in_two = flatmates(target, other)
    with connection.execute_wrapper(walk.watch):
        check_outside(walk, "stranger", browser(), MARKS)
        for role, user in other.people.items():
            check_outside(walk, role.value, browser(user), MARKS)
        check_outside(walk, "tenant", browser(other.tenant), MARKS)
        # Who works at another building knows the landlord, who lives next door the building, who lived there the flat.
        for who in (manager, cashier):
            check_outside(walk, who.username, browser(who), (MARKS[0], MARKS[2], MARKS[3]))
        check_outside(walk, "next door", browser(target.neighbour), (MARKS[0], MARKS[3]))
        check_outside(walk, "flatmate next door", browser(flatmate), (MARKS[0], MARKS[3]))
        check_outside(walk, "lives in two", browser(lives_in_two), (MARKS[0], MARKS[3]))
        check_outside(walk, "lived there", browser(before), (MARKS[0],))
        check_outside(walk, "left the flat", browser(left), MARKS)
        for role in MEMBER_ROLES:
            check_role(walk, role, browser(target.people[role]))
        check_role(walk, Role.OPERATOR, browser(person("operator", is_superuser=True, is_staff=True)))
    assert walk.wrong == []
    assert walk.statuses.total() >= 10_000, walk.statuses
