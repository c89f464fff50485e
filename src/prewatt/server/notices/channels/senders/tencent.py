"""Tencent Cloud, SMS: SendSms 2021-01-11, signature v3 (TC3-HMAC-SHA256).

Rules: https://cloud.tencent.com/document/api/382/55981 (call), https://cloud.tencent.com/document/api/382/52071 (signature),
https://cloud.tencent.com/document/api/382/52075 and 59177 (codes).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ....core.credential_fields import Field
from ..interface import Message, needed
from .interface import Request, TemplateSender, Why, canonical, hmac_sha256, sha256

HOST = "sms.tencentcloudapi.com"
ALGORITHM = "TC3-HMAC-SHA256"
JSON = "application/json; charset=utf-8"
COMPANY = 35
"""The most characters of a parameter for a company's account. Tencent has no rule for it."""


class Tencent(TemplateSender):
    """Tencent Cloud's SMS service."""

    name = "tencent"
    title = _("Tencent Cloud SMS")
    fields = (
        Field("secret_id", _("SecretId")),
        Field("secret_key", _("SecretKey"), secret=True),
        Field("app_id", _("SdkAppId of the SMS application")),
        Field("sign_name", _("Sign name"), help=_("As it is approved, without 【】.")),
        Field("region", _("Region"), optional=True, help=_("ap-guangzhou if left empty.")),
        Field(
            "longest",
            _("Longest parameter, in characters"),
            optional=True,
            help=_("12 for an account of a person; leave it empty for a company's."),
        ),
    )
    refusals = {
        "AuthFailure": Why.KEYS,
        "UnauthorizedOperation": Why.KEYS,
        "InvalidParameterValue.SdkAppIdNotExist": Why.KEYS,
        "InvalidParameter.AppidAndBizId": Why.KEYS,
        "InternalError.SigVerificationFail": Why.KEYS,
        "FailedOperation.InsufficientBalanceInSmsPackage": Why.BALANCE,
        "UnauthorizedOperation.SerivceSuspendDueToArrears": Why.BALANCE,
        "UnauthorizedOperation.ServiceSuspendDueToArrears": Why.BALANCE,
        "InternalError": Why.BUSY,
        "RequestLimitExceeded": Why.BUSY,
        "LimitExceeded.AppDailyLimit": Why.TOO_MANY,
        "LimitExceeded.AppMainlandChinaDailyLimit": Why.TOO_MANY,
        "LimitExceeded.DailyLimit": Why.TOO_MANY,
        "LimitExceeded.AppGlobalDailyLimit": Why.TOO_MANY,
        "LimitExceeded.AppCountryOrRegionDailyLimit": Why.TOO_MANY,
        "LimitExceeded.AppCountryOrRegionInBlacklist": Why.ABROAD,
        "FailedOperation.SignatureIncorrectOrUnapproved": Why.NAME,
        "FailedOperation.MissingSignature": Why.NAME,
        "FailedOperation.TemplateIncorrectOrUnapproved": Why.TEMPLATE,
        "FailedOperation.TemplateUnapprovedOrNotExist": Why.TEMPLATE,
        "FailedOperation.TemplateIdNotExist": Why.TEMPLATE,
        "UnsupportedOperation": Why.TEMPLATE,
        "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": Why.VALUES,
        "InvalidParameterValue.TemplateParameterFormatError": Why.VALUES,
        "InvalidParameterValue.TemplateParameterLengthLimit": Why.VALUES,
        "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": Why.VALUES,
        "InvalidParameterValue.ContentLengthLimit": Why.VALUES,
        "FailedOperation.ContainSensitiveWord": Why.VALUES,
        "InvalidParameter.DirtyWordFound": Why.VALUES,
        "LimitExceeded.DeliveryFrequencyLimit": Why.OFTEN,
        "LimitExceeded.PhoneNumberDailyLimit": Why.OFTEN,
        "LimitExceeded.PhoneNumberOneHourLimit": Why.OFTEN,
        "LimitExceeded.PhoneNumberThirtySecondLimit": Why.OFTEN,
        "LimitExceeded.PhoneNumberSameContentDailyLimit": Why.OFTEN,
        "InvalidParameterValue.IncorrectPhoneNumber": Why.NUMBER,
        "FailedOperation.PhoneNumberParseFail": Why.NUMBER,
        "FailedOperation.PhoneNumberInBlacklist": Why.BLOCKED,
    }

    @classmethod
    def check_account(cls, account: Mapping[str, str]) -> None:
        """Check the number of characters of a parameter. Raises ValueError, for people."""
        longest = account.get("longest") or str(COMPANY)
        if not (longest.isascii() and longest.isdecimal() and 5 <= int(longest[:4]) <= 100):
            raise ValueError(_now("Type a number of characters from 5 to 100."))

    @classmethod
    def longest(cls, account: Mapping[str, str]) -> int:
        """Return the most characters of a parameter; how many there may be depends on the kind of account."""
        return int(account.get("longest") or COMPANY)

    @classmethod
    def request(cls, account: Mapping[str, str], number: str, message: Message) -> Request:
        """Return the signed request `SendSms` for a message. Raises SendError if the message has no template."""
        given = {
            "PhoneNumberSet": [number],
            "SmsSdkAppId": account["app_id"],
            "SignName": account["sign_name"],
            "TemplateId": needed(message.template, message.event).id,
            "TemplateParamSet": [value for _name, value in cls.filled(account, message)],
        }
        body = json.dumps(given, ensure_ascii=False).encode()
        at = int(datetime.now(UTC).timestamp())
        headers = {
            "Content-Type": JSON,
            "Host": HOST,
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Timestamp": str(at),
            "X-TC-Region": account.get("region") or "ap-guangzhou",
            "Authorization": authorization(account["secret_id"], account["secret_key"], "sms", HOST, body, at),
        }
        return Request(f"https://{HOST}/", headers, body)

    @classmethod
    def answered(cls, answer: Mapping[str, Any]) -> tuple[str, str]:
        """Return (code, words) of an answer. The code is empty if the message was accepted (`Ok`)."""
        said = answer["Response"]
        status = said.get("Error") or said["SendStatusSet"][0]
        code = str(status["Code"])
        return ("", "") if code == "Ok" else (code, str(status.get("Message", "")))


def authorization(key_id: str, key: str, service: str, host: str, body: bytes, at: int) -> str:
    """Return the header Authorization of a POST of JSON. `at`: seconds since 1970."""
    day = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
    request, names = canonical("POST", "/", "", {"content-type": JSON, "host": host}, sha256(body))
    scope = f"{day}/{service}/tc3_request"
    derived = hmac_sha256(hmac_sha256(hmac_sha256(f"TC3{key}", day), service), "tc3_request")
    signature = hmac_sha256(derived, f"{ALGORITHM}\n{at}\n{scope}\n{sha256(request)}").hex()
    return f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
