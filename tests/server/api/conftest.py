"""What the stories of the mini program start from: a landlord who has one, a merchant number that is bound to it, and phones."""

import itertools
import json
from copy import copy

import msgspec
import pytest
from django.conf import settings
from django.test import Client

from prewatt.server.estate.models import Organisation
from prewatt.server.notices.channels.access_token import forget_tokens
from prewatt.server.notices.models import Recipient
from prewatt.server.notices.sending_accounts import keep_account
from tests.recorded import recorded_once
from tests.server.notices.players.wechat import WeChatServer

_numbers = itertools.count()


class Phone:
    """Somebody's WeChat with the mini program open, and the key that it has got."""

    def __init__(self, who, **headers):
        self.who, self.key, self.client, self.headers = who, "", Client(), headers

    def __deepcopy__(self, _memo):
        other = copy(self)
        other.client = Client()
        return other

    @property
    def code(self):
        """What `wx.login` gives."""
        return f"code-{self.who}-{next(_numbers)}"

    def call(self, method, path, body=None):
        """What a call answers: the status, and its JSON."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = getattr(self.client, method)(f"/api/v1{path}", **given, headers={**headers, **self.headers})
        return answer.status_code, answer.json() if answer.content[:1] in (b"{", b"[") else answer.content

    def get(self, path):
        """What is read; it is there."""
        status, found = self.call("get", path)
        assert status == 200, found
        return found

    def log_in(self):
        status, found = self.call("post", "/wechat/log-in", {"code": self.code})
        self.key = found.get("key", "")
        return status

    def join(self, **given):
        """Join a login. Returns the status and the answer."""
        status, found = self.call("post", "/wechat/join", {"code": self.code, **given})
        self.key = found.get("key", "")
        return status, found


@pytest.fixture
def mini(building, merchants, providers, monkeypatch):
    """The landlord's mini program, and WeChat's side of it."""
    config = msgspec.structs.replace(settings.CONFIG, providers=providers.with_wechat)
    monkeypatch.setattr(settings, "CONFIG", config)
    forget_tokens()
    providers.messages = WeChatServer(providers.MINI_APPID, providers.MINI_SECRET)
    given = {"appid": providers.MINI_APPID, "secret": providers.MINI_SECRET}
    keep_account(Organisation.objects.get(), "wechat-mini", given)
    Recipient.objects.update(language="zh")
    return providers


@pytest.fixture
@recorded_once
def anna(mini, tenancy, clock):
    """Anna's phone, which has joined her login."""
    from tests.building import PASSWORD

    phone = Phone("anna")
    status, found = phone.join(login="flat1", password=PASSWORD)
    assert status == 200, found
    phone.flat = f"/me/tenancies/{tenancy.pk}"
    return phone
