"""Aliyun (Alibaba Cloud), Short Message Service: SendSms of Dysmsapi 2017-05-25, signature V3 (ACS3-HMAC-SHA256).

Rules: https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature (signature),
https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms (call),
https://help.aliyun.com/zh/sms/developer-reference/api-error-codes (codes),
https://help.aliyun.com/document_detail/2806243.html (parameters).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from ....core.credential_fields import Field
from ..interface import Message, needed
from .interface import Request, TemplateSender, Why, canonical, dialled, hmac_sha256, sha256

HOST = "dysmsapi.aliyuncs.com"
ALGORITHM = "ACS3-HMAC-SHA256"


class Aliyun(TemplateSender):
    """Aliyun's SMS service."""

    name = "aliyun"
    title = _("Aliyun SMS")
    ordered = False
    fields = (
        Field("access_key_id", _("AccessKey id")),
        Field("access_key_secret", _("AccessKey secret"), secret=True),
        Field("sign_name", _("Sign name"), help=_("As it is approved, without 【】.")),
    )
    refusals = {
        "isp.RAM_PERMISSION_DENY": Why.KEYS,
        "isv.ACCOUNT_NOT_EXISTS": Why.KEYS,
        "isv.ACCOUNT_ABNORMAL": Why.KEYS,
        "isv.PRODUCT_UN_SUBSCRIPT": Why.KEYS,
        "isv.PRODUCT_UNSUBSCRIBE": Why.KEYS,
        "isv.DENY_IP_RANGE": Why.KEYS,
        "SignatureDoesNotMatch": Why.KEYS,
        "InvalidAccessKeyId": Why.KEYS,
        "Forbidden": Why.KEYS,
        "isv.AMOUNT_NOT_ENOUGH": Why.BALANCE,
        "isv.OUT_OF_SERVICE": Why.BALANCE,
        "isp.SYSTEM_ERROR": Why.BUSY,
        "Throttling": Why.BUSY,
        "isv.DAY_LIMIT_CONTROL": Why.TOO_MANY,
        "isv.MONTH_LIMIT_CONTROL": Why.TOO_MANY,
        "isv.SMS_SIGNATURE_ILLEGAL": Why.NAME,
        "isv.SMS_SIGN_ILLEGAL": Why.NAME,
        "isv.SIGN_STATE_ILLEGAL": Why.NAME,
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL": Why.TEMPLATE,
        "isv.SMS_TEMPLATE_ILLEGAL": Why.TEMPLATE,
        "isv.TEMPLATE_MISSING_PARAMETERS": Why.VALUES,
        "isv.INVALID_PARAMETERS": Why.VALUES,
        "isv.INVALID_JSON_PARAM": Why.VALUES,
        "isv.PARAM_LENGTH_LIMIT": Why.VALUES,
        "isv.PARAM_NOT_SUPPORT_URL": Why.VALUES,
        "isv.TEMPLATE_PARAMS_ILLEGAL": Why.VALUES,
        "isv.BLACK_KEY_CONTROL_LIMIT": Why.VALUES,
        "isv.SMS_CONTENT_ILLEGAL": Why.VALUES,
        "isv.BUSINESS_LIMIT_CONTROL": Why.OFTEN,
        "isv.MOBILE_NUMBER_ILLEGAL": Why.NUMBER,
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": Why.TEMPLATE,
    }

    @classmethod
    def longest(cls, account: Mapping[str, str]) -> int:  # noqa: ARG003
        """Return the most characters of a parameter: 35."""
        return 35

    @classmethod
    def request(cls, account: Mapping[str, str], number: str, message: Message) -> Request:
        """Return the signed request `SendSms` for a message. Raises SendError if the message has no template."""
        given = {
            "PhoneNumbers": dialled(number),
            "SignName": account["sign_name"],
            "TemplateCode": needed(message.template, message.event).id,
            "TemplateParam": json.dumps(dict(cls.filled(account, message)), ensure_ascii=False),
        }
        query = encoded(given)
        headers = signed(
            account["access_key_id"],
            account["access_key_secret"],
            HOST,
            "SendSms",
            "2017-05-25",
            query,
            f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            secrets.token_hex(16),
        )
        return Request(f"https://{HOST}/?{query}", headers, b"")

    @classmethod
    def answered(cls, answer: Mapping[str, Any]) -> tuple[str, str]:
        """Return (code, words) of an answer. The code is empty if the message was accepted (`OK`)."""
        code = str(answer["Code"])
        return ("", "") if code == "OK" else (code, str(answer.get("Message", "")))


def encoded(given: Mapping[str, str]) -> str:
    """Return the canonical query: sorted, and encoded by RFC 3986."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(given[name], safe='-_.~')}" for name in sorted(given))


def signed(
    key_id: str, key: str, host: str, action: str, version: str, query: str, at: str, nonce: str
) -> dict[str, str]:
    """Return the headers of a POST without a body, with its signature. `at` is the time in UTC, such as
    `2026-01-15T18:42:00Z`.
    """
    hashed_body = sha256(b"")
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashed_body,
        "x-acs-date": at,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    request, names = canonical("POST", "/", query, headers, hashed_body)
    signature = hmac_sha256(key, f"{ALGORITHM}\n{sha256(request)}").hex()
    return {
        **headers,
        "Authorization": f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}",
    }
