"""What the stories of the doors start from: a landlord who sends, and what has been sent."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model

from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.sign_in import carrying


def bare(answer):
    """A page without what differs each time: the form's secret, the nonce, and what was typed."""
    return re.sub(r'(value|nonce)="[^"]*"', "", answer.content.decode())


class Sent:
    """What landlords' accounts have carried. It waits until all that was given to them is gone."""

    def __init__(self, internet, pool):
        self._internet, self._pool = internet, pool

    @property
    def texts(self):
        self._pool.submit(int).result()
        return [body.decode() for _host, _path, _headers, body in self._internet.asked]

    @property
    def mails(self):
        self._pool.submit(int).result()
        return [text.decode() for _sender, _to, text in self._internet.mail.mails]

    @property
    def code(self):
        """The last code that was sent."""
        return re.search(r"\b(\d{6}) is your code", self.texts[-1])[1]

    def link(self, path):
        """The last link to a page that was sent by e-mail, without the server's name."""
        plain = self.mails[-1].replace("=\n", "").replace("=\r\n", "")
        return re.search(rf"https?://[^/]+({path}\S*)", plain)[1]


@pytest.fixture
def anna(building):
    return get_user_model().objects.get(username="flat1")


@pytest.fixture
def sent(internet, tenancy, monkeypatch):
    """The landlord has accounts for SMS and e-mail. One letter is carried after the other, so that a test can wait for all."""
    pool = ThreadPoolExecutor(max_workers=1)
    monkeypatch.setattr(carrying, "_pool", pool)
    owner = tenancy.unit.property.organisation
    internet.answers[""] = lambda path, body: (200, {"code": 0})
    account = {"sender": "http", "url": f"http://{internet.plain}/send", "method": "", "headers": "", "ok": ""}
    keep_account(owner, "sms", {**account, "body": '{"to": "{to}", "msg": "{text}"}'})
    mail = {"host": internet.mail.host, "sender": "power@example.com", "user": "", "password": "", "security": "none"}
    keep_account(owner, "email", mail)
    yield Sent(internet, pool)
    pool.shutdown()
