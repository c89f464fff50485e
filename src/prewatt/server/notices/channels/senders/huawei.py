"""Huawei Cloud, Message & SMS: batchSendSms/v1, signature by AK/SK (SDK-HMAC-SHA256), which Huawei recommends beside X-WSSE.

Rules: https://support.huaweicloud.com/api-msgsms/sms_05_0001.html (call), sms_05_0046.html (authentication), sms_05_0050.html
(codes), https://support.huaweicloud.com/devg-apisign/api-sign-algorithm-002.html (signature),
https://support.huaweicloud.com/productdesc-msgsms/sms_faq_0003.html (parameters).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ....core.credential_fields import Field
from ..interface import Message, needed
from .interface import Request, TemplateSender, Why, canonical, hmac_sha256, sha256

PATH = "/sms/batchSendSms/v1"
ALGORITHM = "SDK-HMAC-SHA256"
FORM = "application/x-www-form-urlencoded"
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(myhuaweicloud|huaweicloud)\.com")


class Huawei(TemplateSender):
    """Huawei Cloud's SMS service."""

    name = "huawei"
    title = _("Huawei Cloud SMS")
    whole_moments = False
    # What a parameter of the type “其他” can't have.
    forbidden = "【】[].。'<>{}"
    fields = (
        Field("address", _("APP access address"), help=_("Such as smsapi.cn-north-4.myhuaweicloud.com.")),
        Field("app_key", _("Application Key")),
        Field("app_secret", _("Application Secret"), secret=True),
        Field("channel", _("Channel number of the sign name")),
        Field("sign_name", _("Sign name"), optional=True, help=_("Only for a general template.")),
    )
    refusals = {
        "E000045": Why.KEYS,
        "E000101": Why.KEYS,
        "E000102": Why.KEYS,
        "E000103": Why.KEYS,
        "E000104": Why.KEYS,
        "E000105": Why.KEYS,
        "E000106": Why.KEYS,
        "E000109": Why.KEYS,
        "E000111": Why.KEYS,
        "E000620": Why.KEYS,
        "E000112": Why.BALANCE,
        "E000629": Why.BALANCE,
        "E000000": Why.BUSY,
        "E200015": Why.BUSY,
        "E200018": Why.KEYS,
        "E200029": Why.TEMPLATE,
        "E200030": Why.TEMPLATE,
        "E200032": Why.TEMPLATE,
        "E200033": Why.TEMPLATE,
        "E000503": Why.VALUES,
        "E200028": Why.VALUES,
        "LIMIT": Why.OFTEN,
        "MILIMIT": Why.OFTEN,
        "BEYONDN": Why.OFTEN,
        "E200024": Why.ABROAD,
        "E200025": Why.ABROAD,
        "BLACK": Why.BLOCKED,
        "MBBLACK": Why.BLOCKED,
    }

    @classmethod
    def check_account(cls, account: Mapping[str, str]) -> None:
        """Check the address of the cloud. Raises ValueError, for people."""
        if not HOST.fullmatch(_host(account)):
            raise ValueError(_now("Type an address of Huawei Cloud, such as smsapi.cn-north-4.myhuaweicloud.com."))

    @classmethod
    def request(cls, account: Mapping[str, str], number: str, message: Message) -> Request:
        """Return the signed request for a message. Raises SendError if the message has no template."""
        host = _host(account)
        given = {
            "from": account["channel"],
            "to": number,
            "templateId": needed(message.template, message.event).id,
            "templateParas": json.dumps([value for _name, value in cls.filled(account, message)], ensure_ascii=False),
        }
        if account.get("sign_name"):
            given["signature"] = account["sign_name"]
        body = urlencode(given).encode()
        call = Call("POST", host, PATH, "", FORM, body)
        headers = signed(account["app_key"], account["app_secret"], call, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        return Request(f"https://{host}{PATH}", headers, body)

    @classmethod
    def answered(cls, answer: Mapping[str, Any]) -> tuple[str, str]:
        """Return (code, words) of an answer. The code is empty if the message was accepted for its number."""
        code, said = str(answer["code"]), str(answer.get("description", ""))
        # Why a message was refused stands beside its number.
        status = next((str(each["status"]) for each in answer.get("result") or [] if each["status"] != "000000"), "")
        if status:
            return status, said
        return ("", "") if code == "000000" else (code, said)


def _host(account: Mapping[str, str]) -> str:
    address = account["address"].strip()
    return urlsplit(address if "//" in address else f"//{address}").hostname or ""


class Call(NamedTuple):
    """The parts of a request that are signed."""

    method: str
    host: str
    path: str
    query: str
    content_type: str
    body: bytes


def signed(key_id: str, key: str, call: Call, at: str) -> dict[str, str]:
    """Return the headers of a request with its signature. `at` is the time in the form of the header X-Sdk-Date."""
    headers = {"Content-Type": call.content_type, "Host": call.host, "X-Sdk-Date": at}
    # The path is signed with a slash at its end, wherever it goes.
    request, names = canonical(call.method, call.path.rstrip("/") + "/", call.query, headers, sha256(call.body))
    signature = hmac_sha256(key, f"{ALGORITHM}\n{at}\n{sha256(request)}").hex()
    return {**headers, "Authorization": f"{ALGORITHM} Access={key_id}, SignedHeaders={names}, Signature={signature}"}
