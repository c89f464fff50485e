"""An SMS service that the library Apprise knows."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import apprise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ....core.credential_fields import Field
from ..interface import Message, SendError, check_host, send_by_apprise
from .interface import Sender, sms_text

OWN_HOST = ("smseagle", "smseagles")
"""Gateways in the landlord's own network."""
SERVICES = (
    "atalk", "bulksms", "bulkvs", "burstsms", "clicksend", "d7sms", "httpsms", "kavenegar", "msg91", "msgbird", "nexmo",
    "plivo", "sinch", "smsc", "smsmanager", "sns", "twilio", "voipms", "vonage", *OWN_HOST,
)  # fmt: skip
NUMBER = "+12025550123"


class AppriseService(Sender):
    """A service that the library Apprise knows, by its address in Apprise's form."""

    name = "apprise"
    title = _("a service that Apprise knows")
    fields = (
        Field(
            "url",
            _("Account, as Apprise writes it"),
            secret=True,
            help=_("With {to} for the number, such as twilio://SID:TOKEN@FROM/{to}: https://appriseit.com/services/"),
        ),
    )

    @classmethod
    def check_account(cls, account: Mapping[str, str]) -> None:
        """Check that the account is of a service that sends SMS, and has a place for the number. Raises ValueError with a
        text for people.
        """
        url = account["url"]
        if "{to}" not in url:
            raise ValueError(_now("Write {to} in the place of the number."))
        if urlsplit(url).scheme not in SERVICES or apprise.Apprise.instantiate(url.replace("{to}", NUMBER)) is None:
            raise ValueError(
                _now("This is not an account of one of these services: %(services)s.")
                % {"services": ", ".join(sorted(SERVICES))}
            )

    @classmethod
    def send(cls, account: Mapping[str, str], number: str, message: Message) -> None:
        """Send an SMS. Raises SendError if the service does not accept it."""
        url = account["url"].replace("{to}", number)
        address = urlsplit(url)
        if address.scheme not in SERVICES:
            raise SendError(_now("This account can't be used. Check how it is written."), lasting=True)
        if address.scheme in OWN_HOST:
            check_host(address.hostname or "")
        send_by_apprise(url, Message(**{**message.__dict__, "title": "", "text": sms_text(message)}))
