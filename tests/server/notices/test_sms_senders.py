"""Senders of SMS: signed as the clouds have published it, refused as they refuse, and one way for whoever is told."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from prewatt.kernel.units import NANO
from prewatt.server.estate.models import Property
from prewatt.server.notices.channels.interface import SendError, Template
from prewatt.server.notices.channels.senders import SENDERS, aliyun, huawei, tencent
from prewatt.server.notices.channels.senders.interface import Why
from prewatt.server.notices.channels.sms import Sms
from prewatt.server.notices.events import Event
from prewatt.server.notices.models import Delivery, SendingAccount
from prewatt.server.notices.recipient_channels import add_channel, address_of
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.notices.samples import messages, usable
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.sending_accounts import keep_account, values_of
from prewatt.server.notices.sending_templates import as_lines, keep_template
from prewatt.server.notices.watching import watch
from prewatt.server.sales.top_ups import top_up
from tests.reading import unbroken
from tests.server.notices.players.sms_clouds import AliyunCloud, Cloud, HuaweiCloud, TencentCloud
from tests.server.notices.test_sms_gateway import gateway

NUMBER = "+8613800138000"
CLOUDS = {"aliyun": AliyunCloud, "tencent": TencentCloud, "huawei": HuaweiCloud}
ACCOUNTS = {
    "aliyun": {
        "sender": "aliyun", "access_key_id": Cloud.ID, "access_key_secret": Cloud.KEY, "sign_name": Cloud.SIGN_NAME,
    },
    "tencent": {
        "sender": "tencent", "secret_id": Cloud.ID, "secret_key": Cloud.KEY, "app_id": TencentCloud.APP,
        "sign_name": Cloud.SIGN_NAME, "region": "", "longest": "",
    },
    "huawei": {
        "sender": "huawei", "address": f"https://{HuaweiCloud.host}:443/sms", "app_key": Cloud.ID, "app_secret": Cloud.KEY,
        "channel": HuaweiCloud.SENDER, "sign_name": "",
    },
}  # fmt: skip


@pytest.fixture(params=CLOUDS)
def cloud(request, internet):
    return CLOUDS[request.param](internet), ACCOUNTS[request.param]


def told(event=Event.LOW, language="zh", case=0):
    fields = tuple((fact, fact) for fact in usable(event) if fact not in ("title", "text"))
    return replace(messages(event, language)[case], template=Template("SMS_1", fields))


# -- signatures --------------------------------------------------------------------------------------------------------------


def test_aliyuns_published_example():
    """https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature, "固定参数示例"."""
    query = aliyun.encoded(
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
    )
    headers = aliyun.signed(
        "YourAccessKeyId",
        "YourAccessKeySecret",
        "ecs.cn-shanghai.aliyuncs.com",
        "RunInstances",
        "2014-05-26",
        query,
        "2023-10-26T10:22:32Z",
        "3156853299f313e23d1673dc12e1703d",
    )
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencents_published_example():
    """https://cloud.tencent.com/document/api/213/30654, DescribeInstances; the keys as its SDKs' tests have them in full."""
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    made = tencent.authorization(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
        "cvm",
        "cvm.tencentcloudapi.com",
        body,
        1551113065,
    )
    assert made == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_huaweis_published_example():
    """https://support.huaweicloud.com/devg-apisign/api-sign-algorithm-002.html, the list of VPCs."""
    call = huawei.Call(
        method="GET",
        host="service.region.example.com",
        path="/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
        query="limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
        content_type="application/json",
        body=b"",
    )
    headers = huawei.signed("your_access_key_id", "your_secret_access_key", call, "20191115T033655Z")
    assert headers["Authorization"] == (
        "SDK-HMAC-SHA256 Access=your_access_key_id, SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=8037a231336d8904f667c082dd84fc06d7e6c7c278c2d8599db31d14e8ee19f9"
    )


# -- sending -----------------------------------------------------------------------------------------------------------------


def test_each_cloud_takes_what_it_is_sent_with_its_signature(cloud):
    server, account = cloud
    for event, language, case in ((Event.LOW, "zh", 0), (Event.CUT_OFF, "zh", 2), (Event.STATEMENT, "en", 0)):
        Sms.send(account, NUMBER, told(event, language, case))
    assert len(server.sent) == 3
    number, template, values = server.sent[0]
    values = list(values.values()) if isinstance(values, dict) else values
    assert number.endswith("13800138000") and template == "SMS_1"
    assert {"1204室", "4.60", "余额不足", "请尽快充值"} <= set(values)


def test_a_cloud_with_other_keys_takes_nothing(cloud):
    server, account = cloud
    name = next(key for key in ("access_key_secret", "secret_key", "app_secret") if key in account)
    with pytest.raises(SendError, match="the keys are wrong") as refused:
        Sms.send({**account, name: "wrong"}, NUMBER, told())
    assert not server.sent and not refused.value.lasting and not refused.value.alone


REFUSALS = {
    "aliyun": {
        "isv.AMOUNT_NOT_ENOUGH": Why.BALANCE, "isv.OUT_OF_SERVICE": Why.BALANCE, "isv.BUSINESS_LIMIT_CONTROL": Why.OFTEN,
        "isv.SMS_SIGNATURE_ILLEGAL": Why.NAME, "isv.SMS_TEMPLATE_ILLEGAL": Why.TEMPLATE, "isv.MOBILE_NUMBER_ILLEGAL": Why.NUMBER,
        "isv.DAY_LIMIT_CONTROL": Why.TOO_MANY, "Throttling.User": Why.BUSY, "isp.RAM_PERMISSION_DENY": Why.KEYS,
        "isv.TEMPLATE_MISSING_PARAMETERS": Why.VALUES, "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": Why.TEMPLATE,
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL": Why.TEMPLATE,
    },
    "tencent": {
        "FailedOperation.InsufficientBalanceInSmsPackage": Why.BALANCE, "LimitExceeded.PhoneNumberDailyLimit": Why.OFTEN,
        "FailedOperation.SignatureIncorrectOrUnapproved": Why.NAME, "FailedOperation.TemplateIncorrectOrUnapproved": Why.TEMPLATE,
        "InvalidParameterValue.IncorrectPhoneNumber": Why.NUMBER, "FailedOperation.PhoneNumberInBlacklist": Why.BLOCKED,
        "InternalError.Timeout": Why.BUSY, "UnauthorizedOperation.RequestIpNotInWhitelist": Why.KEYS,
        "UnauthorizedOperation.SerivceSuspendDueToArrears": Why.BALANCE,
        "InvalidParameterValue.TemplateParameterLengthLimit": Why.VALUES,
        "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone": Why.TEMPLATE,
        "LimitExceeded.AppCountryOrRegionInBlacklist": Why.ABROAD, "InternalError.SigVerificationFail": Why.KEYS,
    },
    "huawei": {
        "E000112": Why.BALANCE, "LIMIT": Why.OFTEN, "E200018": Why.KEYS, "E200030": Why.TEMPLATE, "E200028": Why.VALUES,
        "E200024": Why.ABROAD, "BLACK": Why.BLOCKED, "E000102": Why.KEYS, "E000000": Why.BUSY,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code", "why"), [(name, code, why) for name, codes in REFUSALS.items() for code, why in codes.items()]
)
def test_what_a_cloud_refuses_is_said_and_tried_again_if_that_can_help(internet, name, code, why):
    server = CLOUDS[name](internet)
    server.refuses = code
    with pytest.raises(SendError) as refused:
        Sms.send(ACCOUNTS[name], NUMBER, told())
    words = {
        Why.BALANCE: "top it up",
        Why.OFTEN: "too many messages for now",
        Why.NAME: "sign name",
        Why.TEMPLATE: "template",
        Why.NUMBER: "no such number",
        Why.TOO_MANY: "today",
        Why.BUSY: "busy",
        Why.KEYS: "keys",
        Why.VALUES: "parameters",
        Why.BLOCKED: "take no messages",
        Why.ABROAD: "other countries",
    }
    assert words[why] in str(refused.value) and code in str(refused.value)
    assert refused.value.lasting == (why in (Why.NUMBER, Why.BLOCKED))
    assert refused.value.alone == (why in (Why.NUMBER, Why.BLOCKED, Why.OFTEN, Why.TEMPLATE, Why.VALUES, Why.ABROAD))


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b'{"Response": {}}', b'{"code": 1, "result": 7}'])
def test_an_answer_that_is_none_is_no_success(cloud, internet, answer):
    server, account = cloud
    internet.answers[server.host] = lambda path, body: (200, answer)
    with pytest.raises(SendError):
        Sms.send(account, NUMBER, told())


def test_without_a_template_nothing_is_sent_and_others_are_not_held_up(cloud):
    server, account = cloud
    with pytest.raises(SendError, match="No template is set up") as refused:
        Sms.send(account, NUMBER, messages(Event.LOW, "zh")[0])
    assert refused.value.alone and not server.sent


def test_a_persons_account_at_tencent_has_short_parameters(internet):
    server = TencentCloud(internet)
    Sms.send({**ACCOUNTS["tencent"], "longest": "12"}, NUMBER, told(Event.CUT_OFF, "zh", 2))
    ((_number, _template, values),) = server.sent
    long = [value for value in values if len(value) > 12]
    # A code that is cut is no code.
    assert long == ["12345678901234567890"] and "01-15 18:42" in values


# -- set-up ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        (
            "aliyun",
            "您的房间${room}电费剩${balance}元，请于${time}前充值。",
            "room = room\nbalance = balance\ntime = time",
        ),
        ("aliyun", "${a}号房间余额${b}元，${c}", "a = room\nb = balance\nc = do"),
        ("tencent", "房号{1}电费余额{2}元，{3}提醒：{4}", "1 = room\n2 = balance\n3 = date\n4 = do"),
        ("huawei", "房号${TEXT}余额${MONEY}元，日期${DATETIME}", "1 = room\n2 = balance\n3 = time"),
        ("huawei", "1 = room\n2 = amount", "1 = room\n2 = amount"),
    ],
)
def test_a_template_is_pasted_as_the_cloud_shows_it(tenancy, name, text, lines):
    account = keep_account(tenancy.unit.property.organisation, "sms", ACCOUNTS[name])
    if "，${c}" in text:
        text += "\nc = do"
    if "{3}提醒" in text:
        text += "\n3 = date"
    assert as_lines(keep_template(account, "low", "zh", "SMS_1", text)) == lines


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("aliyun", "天气${x}", "Say what the field x"),
        ("aliyun", "房间${x}\ny = room", "no field y"),
        ("tencent", "2 = room", "as 1, 2, 3"),
        ("aliyun", "x = gold", "has no “gold”"),
    ],
)
def test_a_template_that_can_not_be_read_is_refused(tenancy, name, text, said):
    account = keep_account(tenancy.unit.property.organisation, "sms", ACCOUNTS[name])
    with pytest.raises(ValidationError, match=said):
        keep_template(account, "low", "zh", "SMS_1", text)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("huawei", {"address": "https://evil.example.com/"}, "an address of Huawei Cloud"),
        ("huawei", {"address": "127.0.0.1"}, "an address of Huawei Cloud"),
        ("tencent", {"longest": "none"}, "5 to 100"),
        ("aliyun", {"sign_name": ""}, "needed"),
        ("aliyun", {"sender": "pigeon"}, "no such choice"),
    ],
)
def test_an_account_that_can_not_be_is_refused(tenancy, name, change, said):
    with pytest.raises(ValidationError, match=said):
        keep_account(tenancy.unit.property.organisation, "sms", {**ACCOUNTS[name], **change})
    assert not SendingAccount.objects.exists()


def test_who_changes_the_sender_keeps_the_way_and_types_its_secrets_anew(tenancy, internet):
    owner = tenancy.unit.property.organisation
    keep_account(owner, "sms", ACCOUNTS["aliyun"])
    with pytest.raises(ValidationError, match="needed"):
        keep_account(owner, "sms", {**ACCOUNTS["tencent"], "secret_key": ""})
    account = keep_account(owner, "sms", ACCOUNTS["tencent"])
    assert "access_key_secret" not in values_of(account) and b"a-k3y" not in bytes(account.sealed)
    assert keep_account(owner, "sms", {**ACCOUNTS["tencent"], "secret_key": ""}) == account
    assert values_of(SendingAccount.objects.get())["secret_key"] == Cloud.KEY


def test_a_tenant_gives_a_number_and_is_told(tenancy, internet):
    server = AliyunCloud(internet)
    Property.objects.update(zone="Asia/Shanghai")
    owner = tenancy.unit.property.organisation
    account = keep_account(owner, "sms", ACCOUNTS["aliyun"])
    keep_template(account, "top-up", "", "SMS_2", "房间${room}充值${amount}元")
    recipient = recipient_of(type(tenancy).objects.get(pk=tenancy.pk))
    recipient.quiet_from = recipient.quiet_until = 0
    recipient.save()
    add_channel(recipient, "sms", "138 0013 8000")
    top_up(tenancy, 20 * NANO, "c1")
    watch()
    assert send_what_is_due() == 1
    assert server.sent == [("13800138000", "SMS_2", {"room": "Flat 1", "amount": "20.00"})]
    assert Delivery.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("zone", "currency", "text", "kept"),
    [
        ("Asia/Shanghai", "EUR", "13800138000", NUMBER), ("Europe/Berlin", "CNY", "138-0013-8000", NUMBER),
        ("Asia/Shanghai", "CNY", "8613800138000", NUMBER), ("Asia/Urumqi", "CNY", "0086 13800138000", NUMBER),
        ("Asia/Shanghai", "CNY", "+85291234567", "+85291234567"), ("Asia/Shanghai", "CNY", "12800138000", None),
        ("Asia/Hong_Kong", "HKD", "13800138000", None), ("Asia/Shanghai", "CNY", "010-62345678", None),
        ("Asia/Shanghai", "CNY", "１３８００１３８０００", NUMBER),
    ],
)  # fmt: skip
def test_a_mainland_number_needs_no_country_where_the_building_is_in_the_mainland(tenancy, zone, currency, text, kept):
    Property.objects.update(zone=zone, currency=currency)
    keep_account(tenancy.unit.property.organisation, "sms", ACCOUNTS["aliyun"])
    recipient = recipient_of(type(tenancy).objects.get(pk=tenancy.pk))
    if kept is None:
        with pytest.raises(ValidationError, match=r"phone number|mobile number"):
            add_channel(recipient, "sms", text)
    else:
        assert address_of(add_channel(recipient, "sms", text)) == kept


def test_every_sender_is_tried_here():
    assert set(SENDERS) == {"apprise", *CLOUDS, "http"}


# -- the page ----------------------------------------------------------------------------------------------------------------


def test_the_landlord_chooses_a_sender_and_sees_what_it_needs(tenancy, log_in, internet):
    owner = tenancy.unit.property.organisation
    manager = log_in("manager")
    address = f"/organisations/{owner.pk}/sending-accounts/sms/"
    page = manager.get(address).content.decode()
    assert "twilio://" in page and "?sender=aliyun" in page and "AccessKey" not in page
    page = unbroken(manager.get(address, {"sender": "aliyun"}))
    assert "AccessKey id" in page and "twilio://" not in page and 'name="sender" value="aliyun"' in page
    wrong = manager.post(address, {**ACCOUNTS["aliyun"], "sign_name": ""})
    assert (
        wrong.status_code == 400
        and "This field is needed." in wrong.content.decode()
        and "AccessKey id" in wrong.content.decode()
    )
    page = manager.post(address, ACCOUNTS["aliyun"], follow=True)
    assert page.redirect_chain[-1][0] == f"{address}templates/" and "a-k3y" not in page.content.decode()
    page = manager.get(address).content.decode()
    assert "Templates of this account" in page and "saved; type to replace it" in page and Cloud.SIGN_NAME in page
    # With another sender nothing is kept.
    page = manager.get(address, {"sender": "tencent"}).content.decode()
    assert "Templates of this account" not in page and "saved; type to replace it" not in page
    assert manager.get(address, {"sender": "pigeon"}).status_code == 200
    page = manager.post(address, gateway(internet), follow=True)
    assert page.redirect_chain[-1][0].startswith("/notices/") and manager.get(f"{address}templates/").status_code == 404


def test_a_template_is_tried_at_a_mainland_number(tenancy, log_in, internet):
    server = AliyunCloud(internet)
    Property.objects.update(currency="CNY")
    owner = tenancy.unit.property.organisation
    account = keep_account(owner, "sms", ACCOUNTS["aliyun"])
    row = keep_template(account, "cut-off", "zh", "SMS_3", "房间${room}已断电，代码${code}")
    manager = log_in("manager")
    given = {"do": "check", "row": row.pk, "address": "13800138000"}
    page = manager.post(
        f"/organisations/{owner.pk}/sending-accounts/sms/templates/", given, follow=True
    ).content.decode()
    assert "The service has accepted the message." in page
    assert server.sent == [("13800138000", "SMS_3", {"room": "1204室", "code": "-"})]
    server.refuses = "isv.SMS_TEMPLATE_ILLEGAL"
    page = manager.post(
        f"/organisations/{owner.pk}/sending-accounts/sms/templates/", given, follow=True
    ).content.decode()
    assert "not approved" in page and "isv.SMS_TEMPLATE_ILLEGAL" in page
