"""E-mail, sent by the organisation's own mail server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...core.credential_fields import Field
from .interface import Kind, Message, check_host, send_by_apprise


class Security(NamedTuple):
    """How a connection to a mail server is kept secret: its usual port, and Apprise's words for it."""

    port: int
    schema: str
    mode: str


SECURITY = {
    "tls": Security(465, "mailtos", "ssl"),
    "starttls": Security(587, "mailtos", "starttls"),
    "none": Security(25, "mailto", "insecure"),
}


class Email(Kind):
    """An e-mail address."""

    name = "email"
    title = _("E-mail")
    address = _("address")
    fields = (
        Field("host", _("Mail server"), help=_("smtp.example.com, or smtp.example.com:465")),
        Field("sender", _("Sender"), help=_("The address that the e-mails come from.")),
        Field("user", _("User"), optional=True),
        Field("password", _("Password"), secret=True, optional=True),
        Field("security", _("Security"), optional=True, help=_("starttls (if left empty), tls, or none.")),
    )

    @staticmethod
    def read_address(text: str) -> str:
        """Return an e-mail address as it was typed. Raises ValueError, for people, if it is none."""
        try:
            validate_email(text)
        except ValidationError:
            raise ValueError(_now("This is not an e-mail address such as anna@example.com.")) from None
        return text

    @staticmethod
    def shown(address: str) -> str:
        """Return the first two letters and the domain: an…@example.com."""
        name, _at, domain = address.partition("@")
        return f"{name[:2]}…@{domain}"

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        """Check sender, mail server and security. Raises ValueError, for people."""
        Email.read_address(account["sender"])
        server = urlsplit(f"//{account['host']}")
        try:
            if not server.hostname or server.path or server.username or server.port == 0:
                raise ValueError
        except ValueError:
            raise ValueError(_now("This is not a mail server such as smtp.example.com:465.")) from None
        if (account.get("security") or "starttls") not in SECURITY:
            raise ValueError(_now("Type starttls, tls or none for the security."))

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        """Send an e-mail, as plain text. Raises SendError if the mail server does not accept it."""
        server = urlsplit(f"//{account['host']}")
        check_host(server.hostname or "")
        security = SECURITY[account.get("security") or "starttls"]
        user, password = (quote(account.get(name) or "", safe="") for name in ("user", "password"))
        login = f"{user}:{password}@" if user else ""
        port = server.port or security.port
        options = {
            "smtp": server.hostname or "",
            "from": f"prewatt<{account['sender']}>",
            "to": address,
            "format": "text",
            "mode": security.mode,
        }
        # Apprise takes what begins with + as a header of the e-mail.
        options |= {f"+{name}": value for name, value in _headers(message).items()}
        query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in options.items())
        whole = replace(message, text=f"{message.text}\n\n{message.foot}") if message.foot else message
        send_by_apprise(f"{security.schema}://{login}{server.hostname}:{port}?{query}", whole)


def _headers(message: Message) -> dict[str, str]:
    """Return the headers by which a mail program stops such messages by one tap (RFC 2369, RFC 8058)."""
    if not message.stop:
        return {}
    one_click = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if message.stop.startswith("https:") else {}
    return {"List-Unsubscribe": f"<{message.stop}>", **one_click}
