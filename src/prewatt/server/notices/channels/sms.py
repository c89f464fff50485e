"""SMS, by a service that Apprise knows, in the organisation's own account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import apprise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...account_fields import Field
from .interface import Kind, Message, SendError, check_host, send_by_apprise

OWN_HOST = ("smseagle", "smseagles")
"""Gateways that stand at the landlord's own."""
SERVICES = (
    "atalk", "bulksms", "bulkvs", "burstsms", "clicksend", "d7sms", "httpsms", "kavenegar", "msg91", "msgbird", "nexmo",
    "plivo", "sinch", "smsc", "smsmanager", "sns", "twilio", "voipms", "vonage", *OWN_HOST,
)  # fmt: skip
NUMBER = "+12025550123"


class Sms(Kind):
    name = "sms"
    title = _("SMS")
    address = _("phone number, +49…")
    fields = (
        Field(
            "url", _("Account, as Apprise writes it"), secret=True,
            help=_("With {to} for the number, such as twilio://SID:TOKEN@FROM/{to}: https://appriseit.com/services/"),
        ),
    )  # fmt: skip

    @staticmethod
    def read_address(text: str) -> str:
        bare = re.sub(r"[\s()/.-]", "", text)
        if not re.fullmatch(r"\+[1-9]\d{6,14}", bare, re.ASCII):
            raise ValueError(_now("A phone number is written with its country: +49 30 1234567."))
        return bare

    @staticmethod
    def shown(address: str) -> str:
        return f"{address[:3]}…{address[-3:]}"

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        url = account["url"]
        if "{to}" not in url:
            raise ValueError(_now("Write {to} where the number goes."))
        if urlsplit(url).scheme not in SERVICES or apprise.Apprise.instantiate(url.replace("{to}", NUMBER)) is None:
            raise ValueError(_now("This is no account of: %(services)s.") % {"services": ", ".join(sorted(SERVICES))})

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        url = account["url"].replace("{to}", address)
        where = urlsplit(url)
        if where.scheme not in SERVICES:
            raise SendError(_now("This account can't be used: check how it is written."), lasting=True)
        if where.scheme in OWN_HOST:
            check_host(where.hostname or "")
        send_by_apprise(url, message)
