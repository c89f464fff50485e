"""WeChat: template messages or subscribe messages of an official account, or subscribe messages of a mini program.
Apprise has none of them. `wechat_fields` says what the fields of a template carry.

Rules: https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html,
https://developers.weixin.qq.com/doc/offiaccount/Subscription_Messages/api.html,
https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html,
https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...core.credential_fields import Field
from ...core.wechat_login import ADDRESS
from ..mapping import TemplateError, chosen, guess, said, unknown
from .access_token import call, with_token
from .interface import Kind, Message, SendError, needed, said_by
from .wechat_fields import GONE, SHOWS, check_field, field_in, kind_of, value

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TEMPLATE, NOTIFICATION, SUBSCRIBE = "template", "notification", "subscribe"
WAYS = (
    (TEMPLATE, _("template messages of an official account")),
    (NOTIFICATION, _("subscribe messages of an official account")),
    (SUBSCRIBE, _("subscribe messages of a mini program")),
)
CALLS = {
    TEMPLATE: "/cgi-bin/message/template/send",
    NOTIFICATION: "/cgi-bin/message/subscribe/bizsend",
    SUBSCRIBE: "/cgi-bin/message/subscribe/send",
}
PERSON = {
    40003: _("this openid does not belong to this account"),
    43004: _("this person does not follow the official account (any more)"),
    43101: _("this person has not allowed this message, or the permission is used up: they must allow it again"),
}
"""Codes that say that it will not work for this person."""
SET_UP = {
    40037: _("the account has no template with this id"),
    41030: _("the mini program has no such page"),
    47003: _("a field does not fit the template"),
}
"""Codes that say that this template is set up wrongly; others can be sent."""
ACCOUNT = {
    40013: _("the app id is wrong"),
    40125: _("the app secret is wrong"),
    40164: _("the address of this server is not on the account's IP list"),
    45009: _("the account has reached its limit for today"),
    48001: _("the account may not send such messages"),
}
"""Codes that say that nothing can be sent at present."""
FIELD_IN_ERROR = re.compile(r"data\.(\w+)\.value")


class WeChat(Kind):
    """A person in WeChat, by the openid that they have with the landlord's account."""

    name = "wechat"
    title = _("WeChat")
    address: ClassVar[str | _StrPromise] = _("openid, or the link on this page")
    fields: ClassVar[tuple[Field, ...]] = (
        Field("appid", _("App id")),
        Field("secret", _("App secret"), secret=True),
        Field("how", _("Sent as"), optional=True, choices=WAYS),
        Field(
            "page",
            _("Page of the mini program"),
            optional=True,
            help=_("The page that a tap on the message opens, such as pages/index/index."),
        ),
    )

    @classmethod
    def templated(cls, account: Mapping[str, str]) -> bool:  # noqa: ARG003
        """Return True: WeChat sends nothing but templates."""
        return True

    @classmethod
    def carrier(cls, account: Mapping[str, str]) -> str:
        """Return how the account sends, because each way has templates of its own."""
        return account.get("how") or TEMPLATE

    @classmethod
    def read_fields(
        cls,
        account: Mapping[str, str],  # noqa: ARG003
        text: str,
        usable: Collection[str],
    ) -> tuple[tuple[str, str], ...]:
        """Return the fields of a template as (field, fact), read line by line. Raises TemplateError, which names the
        line.
        """
        fields: dict[str, str] = {}
        for line in filter(str.strip, text.splitlines()):
            words, fact = said(line.strip())
            field, beside = field_in(words, last=bool(fact))
            if not field:
                raise TemplateError(_now("The line “%(line)s” has no field such as thing1.") % {"line": line.strip()})
            if field in GONE:
                continue
            fields[field] = chosen(field, fact, usable) if fact else _fact_beside(field, beside, usable)
            check_field(field, fields[field])
        if not fields:
            raise TemplateError(
                _now("Paste the template's content, or type a line for each field, such as “thing1 = room”.")
            )
        return tuple(fields.items())

    @classmethod
    def filled(cls, account: Mapping[str, str], message: Message) -> list[tuple[str, str]]:  # noqa: ARG003
        """Return what each field of the message's template shows, within the rules of its kind."""
        return [(field, value(field, fact, message)) for field, fact in needed(message.template, message.event).fields]

    @staticmethod
    def read_address(text: str) -> str:
        """Return an openid, as it was typed. Raises ValueError, for people, if it can't be one."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{20,64}", text):
            raise ValueError(_now("This is not an openid. It has 20 to 64 letters, digits, - and _."))
        return text

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        """Send a template message or a subscribe message. Raises SendError if WeChat refuses it."""
        how = WeChat.carrier(account)
        body: dict[str, Any] = {}
        if how == TEMPLATE:
            # The same message a second time within ten minutes is dropped by WeChat.
            body["client_msg_id"] = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        link = message.short or message.link
        if how == TEMPLATE and link:
            body["url"] = link
        elif how == NOTIFICATION and link:
            body["page"] = link
        elif how == SUBSCRIBE and account.get("page"):
            body["page"] = account["page"]
        deliver(App(account["appid"], account["secret"]), how, address, message, body)


class App(NamedTuple):
    """An official account or a mini program: its id and its secret."""

    appid: str
    secret: str


def deliver(app: App, how: str, address: str, message: Message, more: Mapping[str, Any]) -> None:
    """Send a message by its template to a person of an app. `how`: see `WAYS`; `more`: what a tap opens. Raises SendError if
    WeChat refuses it.
    """
    template, filled = needed(message.template, message.event), WeChat.filled({}, message)
    base = settings.CONFIG.providers.get("wechat-api", ADDRESS)
    data = {field: {"value": text} for field, text in filled}
    body = {"touser": address, "template_id": template.id, "data": data, **more}
    login = {"grant_type": "client_credential", "appid": app.appid, "secret": app.secret}
    answer = with_token(
        ("WeChat", base, f"{app.appid} {app.secret}"),
        lambda force: _checked(
            call("WeChat", "POST", f"{base}/cgi-bin/stable_token", json={**login, "force_refresh": force})
        ),
        lambda token: call("WeChat", "POST", f"{base}{CALLS[how]}", params={"access_token": token}, json=body),
    )
    if answer.get("errcode", 0) != 0:
        raise refused(answer, dict(filled))


def _fact_beside(field: str, beside: str, usable: Collection[str]) -> str:
    """Return what a field shows by the words beside it. Raises TemplateError if they don't tell."""
    shows = [each for each in SHOWS.get(kind_of(field), ()) if each in usable]
    # A kind that shows one thing only needs no words.
    only = shows[0] if shows and kind_of(field) in ("time", "date", "amount", "phrase") else ""
    fact = guess((beside,), shows) or only
    if not fact:
        raise unknown(field, beside, shows)
    return fact


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if not answer.get("access_token"):
        raise refused(answer, {})
    return answer


def refused(answer: Mapping[str, Any], filled: Mapping[str, str]) -> SendError:
    """Return the error for a refusal: what it means, and WeChat's own code and words. `filled` has the text of each
    field.
    """
    code, own = answer.get("errcode", ""), str(answer.get("errmsg", ""))
    words = str(PERSON.get(code) or SET_UP.get(code) or ACCOUNT.get(code) or "")
    field = FIELD_IN_ERROR.search(own)
    if field:
        words += f": {field[1]} = “{filled.get(field[1], '')}”"
    return SendError(said_by("WeChat", code, words, [own]), lasting=code in PERSON, alone=code in SET_UP)
