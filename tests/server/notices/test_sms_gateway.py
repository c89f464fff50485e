"""Any gateway for SMS that takes an HTTP request: what is filled in where, what says that it is taken."""

import json
from dataclasses import replace

import msgspec
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from prewatt.server.notices.channels.interface import SendError
from prewatt.server.notices.channels.senders.gateway import Gateway
from prewatt.server.notices.channels.sms import Sms
from prewatt.server.notices.events import Event
from prewatt.server.notices.models import SendingAccount
from prewatt.server.notices.samples import messages
from prewatt.server.notices.sending_accounts import keep_account

NUMBER = "+8613800138000"


def gateway(internet, **changes):
    given = {
        "sender": "http",
        "url": f"http://{internet.plain}/send?to={{number}}",
        "method": "",
        "headers": "X-Key: s3cret",
        "body": '{"to": "{to}", "msg": "{text}", "n": 1}',
        "ok": '"code": 0',
    }
    return {**given, **changes}


def test_any_gateway_that_takes_json(internet, tenancy):
    account = gateway(internet)
    keep_account(tenancy.unit.property.organisation, "sms", account)
    sealed = SendingAccount.objects.get()
    assert "s3cret" not in json.dumps(sealed.settings) and b"s3cret" not in bytes(sealed.sealed)
    internet.answers[""] = lambda path, body: (200, {"code": 0})
    message = replace(messages(Event.LOW, "zh")[0], facts={"sms": 'a "b" \\ 电\n{to}'})
    Sms.send(account, NUMBER, message)
    ((_host, path, headers, body),) = internet.asked
    assert path == "/send?to=13800138000" and headers["X-Key"] == "s3cret"
    assert headers["Content-Type"] == "application/json" and headers["Idempotency-Key"] == message.key
    assert json.loads(body) == {"to": NUMBER, "msg": 'a "b" \\ 电\n{to}', "n": 1}
    internet.answers[""] = lambda path, body: (200, {"code": 7, "msg": "no money"})
    with pytest.raises(SendError, match=r'did not say that it accepted the message: .*"no money"'):
        Sms.send(account, NUMBER, message)
    internet.answers[""] = lambda path, body: (503, b"busy")
    with pytest.raises(SendError, match="status 503: busy"):
        Sms.send(account, NUMBER, message)


def test_any_gateway_that_takes_a_form_or_an_address(internet):
    message = replace(messages(Event.LOW, "zh")[0], facts={"sms": "a&b=c 电"})
    Sms.send(gateway(internet, body="phone={number}&text={text}", ok=""), "+4930123456", message)
    (_host, _path, headers, body) = internet.asked[-1]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert body == b"phone=4930123456&text=a%26b%3Dc%20%E7%94%B5"
    url = f"http://{internet.plain}/send?key=k&to={{to}}&text={{text}}"
    Sms.send(gateway(internet, url=url, method="GET", body="", ok=""), NUMBER, message)
    assert internet.asked[-1][1] == "/send?key=k&to=%2B8613800138000&text=a%26b%3Dc%20%E7%94%B5"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "ftp://x/{to}"}, "not an address"), ({"url": "https://x/", "body": "text={text}"}, "Write {to}"),
        ({"body": "to={to}"}, "Write {text}"), ({"body": '{"to": "{to}", "text": {text}}'}, "not correct JSON"),
        ({"headers": "no header"}, "is not a header"), ({"headers": "X: a\nEvil\r\nHeader: x: y"}, "is not a header"),
        ({"method": "DELETE"}, "no such choice"), ({"url": ""}, "needed"),
    ],
)  # fmt: skip
def test_a_gateway_that_can_not_work_is_refused(tenancy, internet, change, said):
    with pytest.raises(ValidationError, match=said):
        keep_account(tenancy.unit.property.organisation, "sms", gateway(internet, **change))


def test_a_gateway_does_not_reach_into_the_landlords_network(internet, monkeypatch):
    monkeypatch.setattr(settings, "CONFIG", msgspec.structs.replace(settings.CONFIG, private_notices=False))
    with pytest.raises(SendError, match="private network"):
        Gateway.send(gateway(internet), NUMBER, messages(Event.LOW, "zh")[0])
    assert not internet.asked
