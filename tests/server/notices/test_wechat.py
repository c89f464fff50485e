"""WeChat and WeCom, held to their published rules by servers that refuse what the real ones refuse."""

import re
from dataclasses import replace
from urllib.parse import urlsplit

import msgspec
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from prewatt.kernel.units import NANO
from prewatt.server.notices.channels.access_token import forget_tokens
from prewatt.server.notices.channels.interface import Message, SendError, Template
from prewatt.server.notices.channels.wechat import WeChat
from prewatt.server.notices.channels.wecom import WeCom, WeComApp
from prewatt.server.notices.events import Event
from prewatt.server.notices.languages import languages
from prewatt.server.notices.models import Delivery, Recipient, SendingTemplate
from prewatt.server.notices.preview import template
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.notices.samples import messages
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.notices.sending_templates import as_lines, keep_template
from prewatt.server.notices.tap_tokens import token_of
from prewatt.server.notices.watching import watch
from prewatt.server.sales.top_ups import top_up
from tests.server.notices.players.wechat import WeChatServer, WeComServer

ANNA = "o" + "a" * 27
ACCOUNT = {"appid": WeChatServer.APPID, "secret": WeChatServer.SECRET, "how": "", "page": ""}
PAID = "oSdXz7bxRnZPkOcJyBaTopUpTemplate"
PASTED = """房间号：{{thing1.DATA}}
充值金额：{{amount2.DATA}}
充值时间：{{time3.DATA}}
备注：{{thing4.DATA}}
"""


@pytest.fixture
def wechat(internet):
    forget_tokens()
    made = internet.answers["api.weixin.qq.com"] = WeChatServer()
    made.followers.add(ANNA)
    return made


@pytest.fixture
def account(tenancy, wechat):
    return keep_account(tenancy.unit.property.organisation, "wechat", ACCOUNT)


@pytest.fixture
def anna(tenancy, account):
    recipient = recipient_of(tenancy)
    recipient.quiet_from = recipient.quiet_until = 0
    recipient.language = "zh"
    recipient.save()
    add_channel(recipient, "wechat", ANNA)
    return recipient


def with_template(told, known, how=template):
    made = how(Event(told.event))
    known.templates[made.id] = [field for field, _fact in made.fields]
    return replace(told, template=made)


# -- each event, each way ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["template", "notification", "subscribe"])
def test_each_event_is_taken_in_every_language_with_room_and_amount(wechat, internet, monkeypatch, how):
    # Without TLS, which takes longer than all else here.
    plain = {"wechat-api": f"http://{internet.plain}"}
    monkeypatch.setattr(settings, "CONFIG", msgspec.structs.replace(settings.CONFIG, providers=plain))
    internet.answers[""] = wechat
    given = {**ACCOUNT, "how": how, "page": "pages/index/index"}
    wechat.allowed[ANNA, "preview"] = None
    for event in Event:
        for language in languages():
            for told in messages(event, language):
                WeChat.send(given, ANNA, with_template(told, wechat))
                _who, _id, shown, body = wechat.sent[-1]
                assert shown["thing1"] and (body.get("url") if how == "template" else body.get("page", "")) == (
                    told.link or None if how == "template" else "pages/index/index" if how == "subscribe" else told.link
                )
                assert ("client_msg_id" in body) == (how == "template")
    assert len(wechat.sent) == sum(len(messages(event, language)) for event in Event for language in languages())


def test_a_one_time_permission_is_used_up_by_one_message(wechat):
    given = {**ACCOUNT, "how": "subscribe"}
    wechat.allowed[ANNA, "preview"] = 1
    told = with_template(messages(Event.LOW, "zh")[0], wechat)
    WeChat.send(given, ANNA, told)
    with pytest.raises(SendError, match="43101 user refuse") as refused:
        WeChat.send(given, ANNA, told)
    assert refused.value.lasting and "allow it again" in str(refused.value)


@pytest.mark.parametrize(
    ("spoil", "code", "words", "lasting", "alone"),
    [
        (lambda server, told: server.followers.clear(), 43004, "does not follow", True, True),
        (lambda server, told: server.templates.clear(), 40037, "no template with this id", False, True),
        (lambda server, told: setattr(server, "left", 0), 45009, "reached its limit for today", False, False),
        (lambda server, told: setattr(server, "SECRET", "another"), 40125, "secret is wrong", False, False),
        (lambda server, told: setattr(server, "APPID", "another"), 40013, "app id is wrong", False, False),
        (lambda server, told: server.templates["preview"].append("thing9"), 47003, "data.thing9.value is empty", False, True),
    ],
)  # fmt: skip
def test_refusals_say_what_they_mean_in_wechats_words_too(wechat, spoil, code, words, lasting, alone):
    told = with_template(messages(Event.LOW, "en")[0], wechat)
    spoil(wechat, told)
    with pytest.raises(SendError) as refused:
        WeChat.send(ACCOUNT, ANNA, told)
    said = str(refused.value)
    assert str(code) in said and words in said and WeChatServer.SECRET not in said
    assert (refused.value.lasting, refused.value.alone) == (lasting, alone)


def test_a_field_that_is_refused_is_named_with_what_it_would_have_shown(wechat):
    told = replace(messages(Event.LOW, "zh")[0], template=Template("T", (("phrase1", '"not Chinese'),)))
    wechat.templates["T"] = ["phrase1"]
    with pytest.raises(SendError, match=r"47003 argument invalid! data\.phrase1\.value invalid") as refused:
        WeChat.send(ACCOUNT, ANNA, told)
    assert "phrase1 = “not C”" in str(refused.value)


def test_a_token_is_asked_for_once_and_another_one_only_when_it_is_used_up(wechat, internet):
    told = with_template(messages(Event.LOW, "en")[0], wechat)

    def asked():
        return sum(path.startswith("/cgi-bin/stable_token") for _host, path, _headers, _body in internet.asked)

    for _time in range(3):
        WeChat.send(ACCOUNT, ANNA, told)
    assert asked() == 1 and wechat.forced == 0
    wechat.expire()
    WeChat.send(ACCOUNT, ANNA, told)
    # Asked for without force it was another one already.
    assert asked() == 2 and wechat.forced == 0 and len(wechat.sent) == 4
    wechat.tokens[-1:] = ["revoked", wechat.tokens[-1]]
    answers = [(200, {"errcode": 40001, "errmsg": "invalid credential"})]
    internet.answers["api.weixin.qq.com"] = lambda path, body: (
        answers.pop() if answers and "send" in path else wechat(path, body)
    )
    WeChat.send(ACCOUNT, ANNA, told)
    assert wechat.forced == 1 and len(wechat.sent) == 5


# -- the landlord's templates ---------------------------------------------------------------------------------------------------


def test_a_template_is_pasted_as_wechat_shows_it_and_carries_what_it_says(anna, account, wechat, tenancy, log_in):
    row = keep_template(account, "top-up", "", PAID, PASTED)
    assert as_lines(row).splitlines() == ["thing1 = room", "amount2 = amount", "time3 = time", "thing4 = do"]
    wechat.templates[PAID] = ["thing1", "amount2", "time3", "thing4"]
    top_up(tenancy, 20 * NANO, "c1")
    watch()
    assert send_what_is_due() == 1
    (_who, used, shown, body) = wechat.sent[0]
    assert used == PAID and shown["thing1"] == "Flat 1" and shown["amount2"] == "€20.00"
    assert re.fullmatch(r"2025-10-06 \d\d:\d\d", shown["time3"]) and shown["thing4"] == "可在电表输入充值码"
    where = urlsplit(body["url"]).path
    assert where == f"/n/{token_of(Delivery.objects.get())}/"
    assert log_in("flat1").get(where)["Location"] == f"/tenancies/{tenancy.pk}/payments/"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("thing1=room\nthing2 = \"锦绣物业\"", ["thing1 = room", 'thing2 = "锦绣物业"']),
        ("{{first.DATA}}\n户号：{{keyword1.DATA}}\n余额：{{keyword2.DATA}}\n{{remark.DATA}}", ["keyword1 = room", "keyword2 = balance"]),
        ("用电地址 {{thing1.DATA}}\n剩余金额{{amount4.DATA}}\n提醒内容{{thing3.DATA}}\n时间{{time9.DATA}}",
         ["thing1 = room", "amount4 = balance", "thing3 = do", "time9 = time"]),
        ("状态 phrase3\n欠费类型 const5 = “欠费停电”", ["phrase3 = what", 'const5 = "欠费停电"']),
        ("content = line", ["content = line"]),
    ],
)  # fmt: skip
def test_what_fields_show_is_read_from_what_stands_beside_them(account, text, lines):
    row = keep_template(account, "low", "zh", "T1", text)
    assert as_lines(row).splitlines() == lines
    assert as_lines(keep_template(account, "low", "zh", "T1", as_lines(row))) == as_lines(row)
    assert SendingTemplate.objects.count() == 1


@pytest.mark.parametrize(
    ("event", "template_id", "text", "field", "said"),
    [
        ("low", "T1", "amount1 = room", "fields", "amount1 can't show “room”. It takes: amount, balance"),
        ("low", "T1", "thing1 = gold", "fields", "this notice has no “gold”"),
        ("shared-cost", "T1", "amount1 = balance", "fields", "this notice has no “balance”"),
        ("", "T1", "amount1 = amount", "fields", "this notice has no “amount”"),
        ("low", "T1", "天气：{{thing1.DATA}}", "fields", "Say what the field thing1 (天气) shows"),
        ("low", "T1", "const1 = what", "fields", "It takes: –"),
        ("low", "T1", 'phrase1 = "六个字的短语"', "fields", "1 to 5 characters"),
        ("low", "T1", "hello", "fields", "has no field such as thing1"),
        ("low", "T1", "", "fields", "Paste the template's content"),
        ("low", "T 1", "thing1 = room", "template", "not the id of a template"),
        ("gold", "T1", "thing1 = room", "event", "no such choice"),
    ],
)  # fmt: skip
def test_a_template_that_can_not_work_is_refused_when_it_is_typed(account, event, template_id, text, field, said):
    with pytest.raises(ValidationError) as refused:
        keep_template(account, event, "", template_id, text)
    assert said in " ".join(refused.value.message_dict[field])
    assert not SendingTemplate.objects.exists()


def test_the_nearest_template_carries_an_event_and_what_has_none_goes_another_way(
    anna, account, wechat, tenancy, internet
):
    top_up(tenancy, NANO, "c1")
    watch()
    assert send_what_is_due() == 0
    (delivery,) = Delivery.objects.all()
    # The only way that Anna has: it is said that it could not go, and tried again.
    assert delivery.state == "waiting" and "No template is set up for this notice (top-up)" in delivery.error
    add_channel(anna, "webhook", f"http://{internet.plain}/hook")
    top_up(tenancy, 2 * NANO, "c2")
    watch()
    assert set(Delivery.objects.filter(notice__key="top-up c2").values_list("channel__kind", flat=True)) == {"webhook"}
    wechat.templates |= {each: ["thing1", "thing2"] for each in ("general", "for-all", "in-english", "paid")}
    for event, language, used in (
        ("", "", "general"),
        ("", "en", "in-english"),
        ("top-up", "", "for-all"),
        ("top-up", "zh", "paid"),
    ):
        keep_template(account, event, language, used, "thing1 = room\nthing2 = line")
        top_up(tenancy, 3 * NANO, f"after {used}")
        watch()
        send_what_is_due()
        assert wechat.sent[-1][1] == (used if used != "in-english" else "general")
    assert wechat.sent[-1][2]["thing2"] == "已收3.00EUR，可在电表输入充值码"
    Recipient.objects.update(language="en")
    top_up(tenancy, 3 * NANO, "in english")
    watch()
    send_what_is_due()
    assert wechat.sent[-1][1] == "for-all"


def test_a_template_set_up_wrongly_holds_up_no_other(anna, account, wechat, tenancy):
    keep_template(account, "top-up", "", "gone", "thing1 = room")
    keep_template(account, "shared-cost", "", "gone-too", "thing1 = room")
    for number in range(3):
        top_up(tenancy, NANO, f"c{number}")
    watch()
    send_what_is_due()
    assert list(Delivery.objects.values_list("tries", flat=True)) == [1, 1, 1]


def test_of_another_way_of_sending_there_are_other_templates(account, tenancy):
    keep_template(account, "low", "", "T1", "thing1 = room")
    owner = tenancy.unit.property.organisation
    changed = keep_account(owner, "wechat", {**ACCOUNT, "how": "subscribe"})
    keep_template(changed, "low", "", "S1", "thing3 = room")
    assert sorted(SendingTemplate.objects.values_list("carrier", "template")) == [
        ("subscribe", "S1"),
        ("template", "T1"),
    ]


# -- WeCom ------------------------------------------------------------------------------------------------------------------


COMPANY = {"corpid": WeComServer.CORPID, "agentid": str(WeComServer.AGENT), "secret": WeComServer.SECRET}


@pytest.fixture
def wecom(internet):
    forget_tokens()
    made = internet.answers["qyapi.weixin.qq.com"] = WeComServer()
    return made


def test_wecom_takes_a_notice_by_bot_and_by_app(wecom):
    for event in (Event.LOW, Event.CUT_OFF, Event.TROUBLE):
        for told in messages(event, "zh")[:1]:
            WeCom.send({}, WeComServer.BOT, told)
            WeComApp.send(COMPANY, "zhangsan", told)
            assert {text for _who, text in wecom.sent[-2:]} == {f"{told.title}\n{told.text}"}
    long = Message("test", "k", "电" * 200, "表" * 3000, "zh", "")
    WeComApp.send(COMPANY, "zhangsan", long)
    assert len(wecom.sent[-1][1].encode()) <= 2048 and wecom.sent[-1][1].endswith("…")


def test_what_wecom_refuses(wecom):
    told = messages(Event.LOW, "en")[0]
    for given, who, code, lasting in (
        (COMPANY, "lisi", "81013", True),
        ({**COMPANY, "agentid": "7"}, "zhangsan", "301002", False),
        ({**COMPANY, "secret": "x"}, "zhangsan", "40001", False),
    ):
        with pytest.raises(SendError, match=code) as refused:
            WeComApp.send(given, who, told)
        assert refused.value.lasting == lasting
    wecom.token = "W1"
    WeComApp.send(COMPANY, "zhangsan", told)
    assert wecom.sent[-1][0] == "zhangsan"
    for who in ("", "张三", "a b", "@all", "a|b"):
        with pytest.raises(ValueError, match="account in WeCom"):
            WeComApp.read_address(who)


# -- the page ----------------------------------------------------------------------------------------------------------------


def test_the_landlord_maps_events_to_templates_and_tries_them(tenancy, wechat, log_in):
    owner = tenancy.unit.property.organisation
    manager = log_in("manager")
    page = manager.post(f"/organisations/{owner.pk}/sending-accounts/wechat/", ACCOUNT, follow=True)
    address = f"/organisations/{owner.pk}/sending-accounts/wechat/templates/"
    assert page.redirect_chain[-1][0] == address and "Not sent by this account" in page.content.decode()
    given = {"event": "top-up", "language": "", "template": PAID, "fields": "天气：{{thing1.DATA}}"}
    refused = manager.post(address, given)
    text = refused.content.decode()
    assert (
        refused.status_code == 400
        and "Say what the field thing1 (天气) shows" in text
        and "天气：" in text
        and PAID in text
    )
    page = manager.post(address, {**given, "fields": PASTED}, follow=True).content.decode()
    assert "Saved. Try it out." in page and "<td>thing1<br>" in page and "1204室" in page and "€100.00" in page
    row = SendingTemplate.objects.get()
    assert "thing1 = room" in manager.get(address, {"edit": row.pk}).content.decode()

    def tried(**changes):
        return manager.post(address, {"do": "check", "row": row.pk, **changes}, follow=True).content.decode()

    assert "Enter an address" in tried(address="")
    assert "40037 invalid template_id" in tried(address=ANNA)
    wechat.templates[PAID] = ["thing1", "amount2", "time3", "thing4"]
    assert "The service has accepted the message." in tried(address=ANNA)
    assert "43004 require subscribe" in tried(address="o" + "b" * 27)
    assert "This is not an openid" in tried(address="x")
    assert wechat.sent[-1][2]["amount2"] == "€100.00"
    manager.post("/notices/channels/new/", {"kind": "wechat", "address": ANNA})
    assert "The service has accepted the message." in tried(address="")
    assert "no such choice" in manager.post(address, {"do": "dance", "row": row.pk}, follow=True).content.decode()
    manager.post(address, {"do": "drop", "row": row.pk})
    assert not SendingTemplate.objects.exists()
    for nonsense in ("x", "", "9" * 30):
        assert manager.post(address, {"do": "drop", "row": nonsense}).status_code == 404


def test_templates_are_their_owners_alone(account, tenancy, log_in):
    owner = tenancy.unit.property.organisation
    row = keep_template(account, "low", "", "T1", "thing1 = room")
    address = f"/organisations/{owner.pk}/sending-accounts/wechat/templates/"
    assert log_in("flat1").get(address).status_code == 404
    assert log_in("flat1").post(address, {"do": "drop", "row": row.pk}).status_code == 404
    assert log_in("manager").get(address.replace("wechat", "email")).status_code == 404
    assert SendingTemplate.objects.exists()


def test_somebodys_own_test_goes_by_any_template(anna, account, wechat, log_in):
    me = log_in("flat1")
    channel = anna.channels.get()
    page = me.post(f"/me/notices/channels/{channel.pk}/", {"do": "test"}, follow=True).content.decode()
    assert "No template is set up for this notice (test)" in page
    keep_template(account, "top-up", "", PAID, PASTED)
    wechat.templates[PAID] = ["thing1", "amount2", "time3", "thing4"]
    channel.tested_at = None
    channel.save()
    page = me.post(f"/me/notices/channels/{channel.pk}/", {"do": "test"}, follow=True).content.decode()
    assert "Sent. Check whether it has arrived." in page, page
    assert wechat.sent[0][2]["thing1"] == "—"
