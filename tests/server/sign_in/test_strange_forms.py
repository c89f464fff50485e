"""Whatever is posted at the doors, by a stranger or by who is in, the answer is a page and no failure."""

import itertools

import pytest
from django.test import Client

from prewatt.server.sign_in import phones
from tests.building import PASSWORD
from tests.server.web.addresses import pages

pytestmark = pytest.mark.django_db
NUMBER = "+4915112345678"
FIELDS = (
    "username", "login", "password", "oldpassword", "password1", "password2", "code", "email", "phone", "credential", "name",
    "recipient", "next", "action", "passwordless",
)  # fmt: skip
STRANGE = (
    "", "x", "\0", "a\0b", "'\"><script>", "9" * 5_000, "💡" * 400, "[]", "{}", "null", "1", '{"id": 1}',
    '{"id": "x", "rawId": "x", "response": {}, "type": "public-key"}',
    '{"id": "eA", "rawId": "eA", "response": {"userHandle": "MQ", "clientDataJSON": "e30", "authenticatorData": "AA",'
    ' "signature": "AA", "attestationObject": "oA"}, "type": "public-key", "clientExtensionResults": {}}',
    '{"response": {"userHandle": "%%%"}}', '{"response": []}', "//evil.example", "resend", "change",
)  # fmt: skip
ADDRESSES = sorted(
    page.address.replace("<int:pk>", "1").replace("<slug:uidb36>", "1").replace("<slug:key>", "set-password")
    for page in pages()
    if page.name.startswith(("account_", "mfa_", "sign_in:"))
)


def stranger(number):
    return Client(raise_request_exception=False, REMOTE_ADDR=f"203.0.113.{number}")


def who_has_begun(number):
    """Who has asked for a code, and has to type it."""
    client = stranger(number)
    client.post("/login/code/", {"phone": NUMBER})
    return client


def who_is_in(number):
    client = stranger(number)
    client.post("/login/", {"username": "flat1", "password": PASSWORD})
    return client


@pytest.mark.parametrize(
    ("who", "begin"),
    [(stranger, ("login/", "password/")), (who_has_begun, ("login/code/confirm/",)), (who_is_in, ("account/",))],
)
def test_nothing_that_is_posted_makes_the_server_fail(anna, sent, who, begin):
    phones.keep(anna, NUMBER)
    failed, made = [], itertools.count(1)
    for address in (each for each in ADDRESSES if each.startswith(begin)):
        client = who(next(made))
        client.get(f"/{address}", headers={"Accept": "application/json"})
        for strange in STRANGE:
            answer = client.post(f"/{address}", dict.fromkeys(FIELDS, strange))
            if answer.status_code >= 500:
                failed.append((address, strange[:60]))
            assert "evil.example" not in answer.headers.get("Location", "").partition("?")[0]
    assert failed == []
