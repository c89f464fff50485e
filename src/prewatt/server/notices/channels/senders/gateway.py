"""Any other sender of SMS that takes an HTTP request: a local provider, or a modem in the landlord's own network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ....core.credential_fields import Field
from ..checked_http import ask, is_address
from ..interface import Message, SendError
from .interface import Sender, dialled, sms_text

METHODS = (("POST", "POST"), ("GET", "GET"))
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PLACE = re.compile(r"\{(to|number|text|title|key)\}")
HEADER = re.compile(r"([A-Za-z0-9-]+): *([\x20-\x7e]+)")


class Asked(NamedTuple):
    """A request whose places are filled."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None


class Gateway(Sender):
    """A sender whose HTTP request the landlord writes, with places such as {to} and {text}."""

    name = "http"
    title = _("any gateway, by HTTP")
    fields = (
        Field(
            "url",
            _("Address"),
            secret=True,
            help=_(
                "It can contain {to}, {number}, {text} and {title}, such as https://sms.example/send?to={to}&text={text}"
            ),
        ),
        Field("method", _("Method"), optional=True, choices=METHODS),
        Field(
            "headers",
            _("Headers"),
            secret=True,
            optional=True,
            help=_("One header on each line, such as Authorization: Bearer 123."),
        ),
        Field(
            "body",
            _("Body"),
            secret=True,
            optional=True,
            help=_(
                'JSON such as {"phone": "{to}", "msg": "{text}"}, or a form such as phone={number}&msg={text}. {to} is '
                "+8613800138000, {number} 13800138000."
            ),
        ),
        Field(
            "ok",
            _("What the answer says if the SMS is accepted"),
            optional=True,
            help=_('A part of the answer, such as "code":0. If this is empty, only the status is checked.'),
        ),
    )

    @classmethod
    def check_account(cls, account: Mapping[str, str]) -> None:
        """Check address, headers and body by an example. Raises ValueError, for people, if no SMS could be sent with
        them.
        """
        asked = filled(account, "+12025550123", Message("test", "key", "title", "text", "en", ""))
        if not is_address(asked.url):
            raise ValueError(_now("This is not an address such as https://sms.example/send."))
        request = "\n".join(account.get(name) or "" for name in ("url", "body"))
        if not re.search(r"\{(to|number)\}", request):
            raise ValueError(_now("Write {to} in the place of the number, in the address or the body."))
        if "{text}" not in request:
            raise ValueError(_now("Write {text} in the place of the text, in the address or the body."))
        body = (account.get("body") or "").strip()
        if _is_json(body):
            try:
                json.loads(asked.body or b"")
            except ValueError:
                raise ValueError(_now("The body is not correct JSON. Check quotes and commas.")) from None

    @classmethod
    def send(cls, account: Mapping[str, str], number: str, message: Message) -> None:
        """Send an SMS. Raises SendError if the gateway does not answer that it has accepted it."""
        asked = filled(account, number, message)
        status, answer = ask(asked.method, asked.url, asked.body, asked.headers)
        said = answer.decode(errors="replace")
        short = " ".join(said.split())[:100]
        if not 200 <= status < 300:
            raise SendError(_now("The SMS gateway answered with status %(n)d: %(said)s") % {"n": status, "said": short})
        ok = account.get("ok") or ""
        # Blanks in JSON say nothing.
        if ok and ok not in said and "".join(ok.split()) not in "".join(said.split()):
            raise SendError(
                _now("The SMS gateway did not say that it accepted the message: %(said)s") % {"said": short}
            )


def _is_json(body: str) -> bool:
    """Return whether a body is JSON, and not a form that begins with a place such as {to}."""
    return body.startswith(("{", "[")) and not PLACE.match(body)


def _headers(account: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that the landlord wrote. Raises ValueError, for people, if one can't be read."""
    headers = {}
    for line in filter(str.strip, (account.get("headers") or "").splitlines()):
        header = HEADER.fullmatch(line.strip())
        if not header:
            raise ValueError(
                _now("“%(line)s” is not a header such as Authorization: Bearer 123.") % {"line": line.strip()}
            )
        headers[header[1]] = header[2]
    return headers


def filled(account: Mapping[str, str], number: str, message: Message) -> Asked:
    """Return the request for a message. Raises ValueError, for people, if a header can't be read."""
    values = {
        "to": number,
        "number": dialled(number),
        "text": sms_text(message),
        "title": message.title,
        "key": message.key,
    }

    def fill(text: str, written: Callable[[str], str]) -> str:
        return PLACE.sub(lambda place: written(values[place[1]]), text)

    body = (account.get("body") or "").strip()
    headers = _headers(account)
    as_json = _is_json(body)
    given = {name.casefold() for name in headers}
    if body and "content-type" not in given:
        headers["Content-Type"] = JSON if as_json else FORM
    if "idempotency-key" not in given:
        headers["Idempotency-Key"] = message.key
    content = fill(body, _in_json if as_json else _in_form).encode() if body else None
    url = fill(account["url"].strip(), _in_form)
    return Asked((account.get("method") or "POST"), url, headers, content)


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _in_form(text: str) -> str:
    return quote(text, safe="")
