"""Each channel sends by its real way: to real names, over TLS, with nothing replaced within the process."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ValidationError

from prewatt.kernel.units import MINUTE, NANO
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.core.credential_fields import Field
from prewatt.server.notices.channels import CHANNELS
from prewatt.server.notices.channels.email import Email
from prewatt.server.notices.channels.interface import Message, SendError, is_public
from prewatt.server.notices.channels.push import Push, public_key
from prewatt.server.notices.channels.sms import Sms
from prewatt.server.notices.channels.webhook import Webhook
from prewatt.server.notices.channels.wecom import WeCom
from prewatt.server.notices.models import Channel, Recipient, SendingAccount
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipients import manager_of, recipient_of
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.watching import watch
from prewatt.server.sales.top_ups import top_up
from tests.building import set_up

TOLD = Message(
    "low", "7-low 1", "余额不足: 4.60 EUR", "4.60 EUR are left.\nTop up: https://p.example/me/", "zh", "2026-01-01T00:00:00Z",
    "https://p.example/me/",
)  # fmt: skip
TWILIO = f"twilio://AC{'0' * 32}:{'1' * 32}@+12025550100/{{to}}"
BOT = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
WECHAT = {"appid": "wx1", "secret": "s3cret", "how": ""}


def mail(internet, **changes):
    given = {"host": internet.mail.host, "sender": "power@example.com", "user": "", "password": "", "security": "none"}
    return {**given, **changes}


# -- e-mail, SMS ----------------------------------------------------------------------------------------------------------


def test_email_goes_by_the_organisations_server_with_its_login(internet):
    Email.send(mail(internet, user="u", password="p@ss/w:rd"), "anna@example.com", TOLD)
    ((sender, to, text),) = internet.mail.mails
    assert internet.mail.logins == [[b"u", b"p@ss/w:rd"]]
    assert "power@example.com" in sender and to == ["anna@example.com"]
    assert b"4.60 EUR are left." in text and b"https://p.example/me/" in text


def test_a_mail_server_that_refuses_or_is_not_there_is_said_so(internet):
    internet.mail.refuses = 1
    with pytest.raises(SendError):
        Email.send(mail(internet), "anna@example.com", TOLD)
    with pytest.raises(SendError, match="127"):
        Email.send(mail(internet, host="127.0.0.1:1"), "anna@example.com", TOLD)


def test_sms_by_a_service(internet):
    internet.answers["api.twilio.com"] = lambda path, body: (201, {})
    Sms.send({"url": TWILIO}, "+4930123456", TOLD)
    ((host, path, _headers, body),) = internet.asked
    assert host == "api.twilio.com" and path.endswith("/Messages.json") and b"To=%2B4930123456" in body
    internet.answers["api.twilio.com"] = lambda path, body: (401, {"message": "Authenticate"})
    with pytest.raises(SendError, match="401"):
        Sms.send({"url": TWILIO}, "+4930123456", TOLD)


@pytest.mark.parametrize(
    "url", ["json://127.0.0.1/{to}", "twilio://x", "file:///etc/passwd?{to}", "twilio://x/{to}", "{to}"]
)
def test_an_sms_account_that_is_none_is_refused(tenancy, url):
    with pytest.raises(ValidationError):
        keep_account(tenancy.unit.property.organisation, "sms", {"sender": "apprise", "url": url})
    assert not SendingAccount.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"host": "http://x/y"},
        {"host": ""},
        {"host": "a:99999"},
        {"sender": "me"},
        {"security": "maybe"},
        {"host": "u@h"},
    ],
)
def test_a_mail_account_that_is_none_is_refused(tenancy, internet, change):
    with pytest.raises(ValidationError):
        keep_account(tenancy.unit.property.organisation, "email", {**mail(internet), **change})


# -- WeCom (WeChat: test_wechat) ----------------------------------------------------------------------------------------------------------


def test_a_wecom_bot_that_says_no_with_status_200_has_not_taken_it(internet):
    internet.answers["qyapi.weixin.qq.com"] = lambda path, body: (200, {"errcode": 0, "errmsg": "ok"})
    WeCom.send({}, BOT, TOLD)
    assert json.loads(internet.asked[0][3])["text"]["content"].startswith(TOLD.title)
    internet.answers["qyapi.weixin.qq.com"] = lambda path, body: (200, {"errcode": 93000, "errmsg": "invalid webhook"})
    with pytest.raises(SendError, match="93000") as refused:
        WeCom.send({}, BOT, TOLD)
    assert refused.value.lasting
    for answer in (b"<html>", b"[]", b"{}"):
        internet.answers["qyapi.weixin.qq.com"] = lambda path, body, answer=answer: (200, answer)
        with pytest.raises(SendError):
            WeCom.send({}, BOT, TOLD)


# -- webhook ------------------------------------------------------------------------------------------------------------------


def test_a_webhook_gets_json_with_a_key_of_its_own(internet):
    Webhook.send({}, f"http://{internet.plain}/hook", TOLD)
    ((_host, path, headers, body),) = internet.asked
    assert path == "/hook" and headers["Idempotency-Key"] == TOLD.key
    assert json.loads(body)["title"] == TOLD.title


@pytest.mark.parametrize(("status", "lasting"), [(500, False), (404, True), (302, False)])
def test_a_webhook_that_refuses_or_sends_elsewhere(internet, status, lasting):
    internet.answers[""] = lambda path, body: (status, b"http://127.0.0.1:1/")
    with pytest.raises(SendError) as refused:
        Webhook.send({}, f"http://{internet.plain}/hook", TOLD)
    assert refused.value.lasting == lasting and len(internet.asked) == 1


@pytest.mark.parametrize("where", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"])
def test_nobody_reaches_into_the_landlords_own_network(internet, monkeypatch, where):
    monkeypatch.setattr(settings, "CONFIG", msgspec.structs.replace(settings.CONFIG, private_notices=False))
    port = internet.plain.partition(":")[2]
    said = set()
    for closed_or_open in ("1", port):
        with pytest.raises(SendError) as refused:
            Webhook.send({}, f"http://{where}:{closed_or_open}/hook", TOLD)
        assert refused.value.lasting
        said.add(str(refused.value))
    # Nobody learns where somebody listens.
    assert len(said) == 1
    with pytest.raises(SendError):
        Email.send(mail(internet, host=f"{where}:{port}"), "a@example.com", TOLD)
    endpoint = json.dumps({"endpoint": f"https://{where}:{port}/x", "keys": {"p256dh": "x", "auth": "y"}})
    with pytest.raises(SendError):
        Push.send({}, Push.read_address(endpoint), TOLD)
    with pytest.raises(SendError):
        Sms.send({"url": f"smseagle://token@{where}:{port}/{{to}}"}, "+4930123456", TOLD)
    assert not internet.asked and not internet.mail.mails


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("10.0.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("::ffff:10.0.0.1", False), ("fe80::1%eth0", False), ("224.0.0.1", False), ("fd00::1", False),
    ],
)  # fmt: skip
def test_what_is_public(address, public):
    assert is_public(address) == public


# -- push ----------------------------------------------------------------------------------------------------------------------


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def opened(body, key, auth):
    """What a browser reads: RFC 8188 and 8291, worked out here by hand."""
    salt, length = body[:16], body[20]
    theirs, sealed = body[21 : 21 + length], body[21 + length :]
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    secret = HKDF(hashes.SHA256(), 32, auth, b"WebPush: info\0" + point + theirs).derive(shared)
    content_key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    plain = AESGCM(content_key).decrypt(nonce, sealed, None)
    return json.loads(plain.rstrip(b"\0")[:-1])


def test_push_is_sealed_for_the_browser_and_signed_with_the_servers_key(internet):
    key, auth = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    address = Push.read_address(
        json.dumps(
            {
                "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
                "keys": {"p256dh": encoded(point), "auth": encoded(auth)},
            }
        )
    )
    internet.answers["fcm.googleapis.com"] = lambda path, body: (201, b"")
    Push.send({}, address, TOLD)
    ((host, path, headers, body),) = internet.asked
    assert (host, path) == ("fcm.googleapis.com", "/fcm/send/abc")
    assert opened(body, key, auth) == {"title": TOLD.title, "text": TOLD.text, "link": TOLD.link, "key": TOLD.key}
    scheme, _blank, parts = headers["Authorization"].partition(" ")
    token, shown = (part.strip().partition("=")[2] for part in parts.split(","))
    assert scheme == "vapid" and shown == public_key()
    signed, _dot, signature = token.rpartition(".")
    raw = decoded(signature)
    mine = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(shown))
    both = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    mine.verify(both, signed.encode(), ec.ECDSA(hashes.SHA256()))
    assert json.loads(decoded(signed.split(".")[1]))["aud"] == "https://fcm.googleapis.com"
    internet.answers["fcm.googleapis.com"] = lambda path, body: (410, b"")
    with pytest.raises(SendError, match="does not take push messages any more") as gone:
        Push.send({}, address, TOLD)
    assert gone.value.lasting


# -- addresses ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "anna"), ("email", "a@b\r\nBcc: x@y.de"), ("sms", "0301234"), ("sms", "+49٣٠1234567"), ("sms", "+0123456789"),
        ("wecom", "short"), ("wecom", "https://x/?key=a b"), ("webhook", "ftp://x"), ("webhook", "https://"), ("webhook", "https://x\ny"),
        ("webhook", "https://[::1"), ("wechat", "../../x"), ("push", "{"), ("push", '{"endpoint": "http://x", "keys": {}}'),
        ("push", "[" * 5000), ("gold", "x"), ("email", ""),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(tenancy, internet, kind, text):
    owner = tenancy.unit.property.organisation
    keep_account(owner, "email", mail(internet))
    keep_account(owner, "sms", {"sender": "apprise", "url": TWILIO})
    keep_account(owner, "wechat", WECHAT)
    with pytest.raises(ValidationError):
        add_channel(recipient_of(tenancy), kind, text)
    assert not Channel.objects.exists()


def test_an_address_is_sealed_kept_once_and_shown_in_part(tenancy, internet):
    recipient = recipient_of(tenancy)
    keep_account(tenancy.unit.property.organisation, "email", mail(internet))
    first = add_channel(recipient, "email", " anna@example.com ")
    assert add_channel(recipient, "email", "anna@example.com") == first
    assert b"anna@" not in bytes(first.sealed) and first.shown == "an…@example.com"
    for number in range(9):
        add_channel(recipient, "webhook", f"https://example.com/{number}?token=secret")
    assert not Channel.objects.filter(shown__contains="secret").exists()
    with pytest.raises(ValidationError, match="There are 10 channels already"):
        add_channel(recipient, "webhook", "https://example.com/x")


def test_only_what_the_organisation_can_send_by_is_offered(tenancy, internet):
    recipient = recipient_of(tenancy)
    with pytest.raises(ValidationError, match="not set up here"):
        add_channel(recipient, "email", "anna@example.com")
    assert set(CHANNELS) == {"email", "sms", "wechat", "wechat-mini", "wecom-app", "wecom", "push", "webhook"}


class Pigeon(Webhook):
    """A channel that no page knows."""

    name, title, address, is_rare = "pigeon", "Pigeon", "loft", True


class Raven(Pigeon):
    """One that many want, and that needs an account."""

    name, title, is_rare = "raven", "Raven", False
    fields = (Field("loft", "Loft"),)


def test_pages_ask_each_channel_whether_it_needs_an_account_and_is_rare(tenancy, log_in, monkeypatch):
    for kind in (Pigeon, Raven):
        monkeypatch.setitem(CHANNELS, kind.name, kind)
    office = log_in("manager")
    page = " ".join(office.get("/notices/").content.decode().split())
    assert "These need no account: WeCom bot, Push in this browser, Webhook, Pigeon." in page
    often, _summary, rare = page.partition("Send to a group or to a program")
    assert 'value="pigeon"' in rare and 'value="pigeon"' not in often and 'value="raven"' not in page
    keep_account(tenancy.unit.property.organisation, "raven", {"loft": "north"})
    often, _summary, rare = " ".join(office.get("/notices/").content.decode().split()).partition("Send to a group")
    assert 'value="raven"' in often and 'value="raven"' not in rare


# -- pages ----------------------------------------------------------------------------------------------------------------------


def test_a_tenant_chooses_is_told_and_sees_that_it_arrived(tenancy, internet, log_in):
    manager, me = log_in("manager"), log_in("flat1")
    owner = tenancy.unit.property.organisation
    page = manager.post(
        f"/organisations/{owner.pk}/sending-accounts/email/", {**mail(internet), "password": "s3cretpw"}, follow=True
    )
    assert "set up" in page.content.decode() and "s3cretpw" not in page.content.decode()
    assert "s3cretpw" not in manager.get(f"/organisations/{owner.pk}/sending-accounts/email/").content.decode()
    me.post("/me/notices/channels/new/", {"kind": "email", "address": "anna@example.com"})
    channel = Channel.objects.get()
    assert "Sent." in me.post(f"/me/notices/channels/{channel.pk}/", {"do": "test"}, follow=True).content.decode()
    assert (
        "a moment ago" in me.post(f"/me/notices/channels/{channel.pk}/", {"do": "test"}, follow=True).content.decode()
    )
    assert len(internet.mail.mails) == 1
    given = {"language": "zh", "quiet_from": "0", "quiet_until": "0", "low_days": "3", "tell": ["top-up"]}
    assert "Saved." in me.post("/me/notices/", given, follow=True).content.decode()
    top_up(tenancy, 20 * NANO, "c1")
    watch()
    send_what_is_due()
    page = me.get("/me/notices/").content.decode()
    assert "已收到付款" in page and "email: sent" in page
    me.post(f"/me/notices/channels/{channel.pk}/", {"do": "switch"})
    assert not Channel.objects.get().is_enabled
    me.post(f"/me/notices/channels/{channel.pk}/", {"do": "drop"})
    assert not Channel.objects.exists()


def test_nonsense_in_the_settings_is_named_and_what_was_typed_stays(tenancy, log_in):
    given = {"language": "en", "quiet_from": "77", "quiet_until": "0", "low_days": "soon", "tell": []}
    answer = log_in("flat1").post("/me/notices/", given)
    page = answer.content.decode()
    assert answer.status_code == 400 and "Type an hour from 0 to 23" in page and 'value="soon"' in page


def test_a_channel_is_its_owners_alone(tenancy, log_in, internet):
    channel = add_channel(recipient_of(tenancy), "webhook", "https://example.com/")
    other = log_in("flat2")
    assert other.post(f"/me/notices/channels/{channel.pk}/", {"do": "drop"}).status_code == 404
    assert other.get("/notices/").status_code == 404
    assert (
        other.get(f"/organisations/{tenancy.unit.property.organisation_id}/sending-accounts/email/").status_code == 404
    )
    assert log_in("manager").get("/me/notices/").status_code == 404


def test_a_manager_sees_what_has_not_arrived(tenancy, log_in, internet):
    owner = tenancy.unit.property.organisation
    keep_account(owner, "email", mail(internet, host="127.0.0.1:1"))
    add_channel(recipient_of(tenancy), "email", "anna@example.com")
    Recipient.objects.update(quiet_from=0, quiet_until=0)
    top_up(tenancy, 20 * NANO, "c1")
    watch()
    send_what_is_due()
    page = log_in("manager").get("/notices/").content.decode()
    assert "Notices that have not arrived" in page and "an…@example.com" in page


def test_inside_wechat_a_tenant_is_added_by_a_link(tenancy, log_in, internet):
    keep_account(tenancy.unit.property.organisation, "wechat", WECHAT)
    me = log_in("flat1")
    back = _through_wechat(me)
    internet.answers["api.weixin.qq.com"] = lambda path, body: (200, {"openid": "o" * 28})
    assert "Get notices here" in me.get(BY_WECHAT, back).content.decode() and not Channel.objects.exists()
    me.post(BY_WECHAT)
    assert Channel.objects.get().kind == "wechat"
    internet.answers["api.weixin.qq.com"] = lambda path, body: (200, {"errcode": 40029})
    me.get(BY_WECHAT, _through_wechat(me))
    assert "did not say which user" in me.post(BY_WECHAT, follow=True).content.decode()


def test_a_link_from_elsewhere_adds_no_wechat(tenancy, log_in, internet, clock):
    """A person's own trip alone counts: once, soon, and only after they have pressed the button."""
    keep_account(tenancy.unit.property.organisation, "wechat", WECHAT)
    internet.answers["api.weixin.qq.com"] = lambda path, body: (200, {"openid": "o" * 28})
    me = log_in("flat1")
    refused = "Nothing was added"
    assert refused in me.get(BY_WECHAT, {"code": "evil"}, follow=True).content.decode()
    back = _through_wechat(me)
    for evil in ({"code": "evil"}, {"code": "evil", "state": "guessed"}, {"code": "", "state": back["state"]}):
        assert refused in me.get(BY_WECHAT, evil, follow=True).content.decode()
    assert refused in log_in("flat2").get(BY_WECHAT, back, follow=True).content.decode()
    clock.at += 11 * MINUTE
    assert refused in me.get(BY_WECHAT, back, follow=True).content.decode()
    back = _through_wechat(me)
    assert me.get(BY_WECHAT, back).status_code == 200
    assert refused in me.get(BY_WECHAT, back, follow=True).content.decode()
    assert not Channel.objects.exists()


BY_WECHAT = "/me/notices/channels/new/wechat/"


def _through_wechat(me):
    """Set out for WeChat. Returns what WeChat sends the person back with."""
    asked = urlsplit(me.get(BY_WECHAT).url)
    assert asked.hostname == "open.weixin.qq.com"
    return {"code": "c", "state": parse_qs(asked.query)["state"][0]}


def test_the_service_worker_is_for_all_pages(client, db):
    answer = client.get("/app/worker/")
    assert answer["Content-Type"] == "text/javascript" and b"showNotification" in answer.content
    assert answer["Service-Worker-Allowed"] == "/"


def test_a_manager_of_two_organisations_keeps_them_apart(tenancy, log_in, clock, internet, django_user_model):
    set_up(clock, organisation="Other", name="Else 1", gateway="g2", manager="other", apartments=[])
    from prewatt.server.estate.models import Organisation

    other = Organisation.objects.get(name="Other")
    put_member(other, django_user_model.objects.get(username="manager"), Role.OWNER)
    log_in("manager").post("/notices/channels/new/", {"organisation": other.pk, "kind": "wecom", "address": BOT})
    assert manager_of(other).channels.count() == 1
    assert manager_of(tenancy.unit.property.organisation).channels.count() == 0
