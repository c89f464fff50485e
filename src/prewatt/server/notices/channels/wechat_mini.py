"""Subscribe messages of the WeChat mini program that people log in to. Each uses up a permission, which
the person gave in the mini program for one message of one template. The permissions are counted (`notices.permissions`).

Rules: https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...core.credential_fields import Field
from ..events import Event
from .interface import Message
from .wechat import SUBSCRIBE, App, WeChat, deliver

HOME = "pages/home/home"
PAGES = {
    Event.LOW: "pages/pay/pay",
    Event.EXHAUSTED: "pages/pay/pay",
    Event.CUT_OFF: "pages/pay/pay",
    Event.RESTORED: HOME,
    Event.OVERLOAD: HOME,
    Event.PRESS_BUTTON: HOME,
    Event.TARIFF: HOME,
    Event.TOP_UP: "pages/payments/payments",
    Event.TAKEN_BACK: "pages/pay/pay",
    Event.AUTOMATIC: "pages/pay/pay",
    Event.BILL: "pages/statements/statements",
    Event.BILL_DUE: "pages/pay/pay",
    Event.OVERDUE: "pages/pay/pay",
    Event.STATEMENT: "pages/statements/statements",
    Event.SHARED_COST: "pages/costs/costs",
    Event.UNUSUAL: "pages/use/use",
    Event.NOTE: "pages/notices/notices",
    Event.REPORT: "pages/report/report",
    Event.LOGIN: "pages/settings/settings",
}
"""The page of the mini program that settles an event; the others lead to `HOME`. The office has no mini program."""


class MiniProgram(WeChat):
    """A person in the mini program, by the openid that they have there."""

    name = "wechat-mini"
    title = _("WeChat mini program")
    address = ""
    counted = True
    fields = (
        Field(
            "appid",
            _("App id"),
            optional=True,
            help=_("If this is empty, the mini program of this server sends the notices, if it has one."),
        ),
        Field("secret", _("App secret"), secret=True, optional=True),
    )

    @classmethod
    def carrier(cls, account: Mapping[str, str]) -> str:
        """Return the mini program, because each has templates of its own."""
        return app_of(account).appid

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        """Check that there is a mini program. Raises ValueError, for people, if there is none."""
        if account["appid"] and not re.fullmatch(r"wx[0-9A-Za-z]{1,18}", account["appid"]):
            raise ValueError(_now("An app id looks like wx0123456789abcdef: copy it from the mini program's pages."))
        if account["appid"] and not account["secret"]:
            raise ValueError(_now("Type the secret of the mini program too."))
        if not app_of(account).appid:
            raise ValueError(_now("This server has no mini program: type the app id and the secret of your own."))

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        """Send a subscribe message that leads to the page of its event. Raises SendError if WeChat refuses it."""
        more = {
            "page": page_of(message.event, message.tenancy),
            "lang": "zh_CN" if message.language.startswith("zh") else "en_US",
        }
        deliver(app_of(account), SUBSCRIBE, address, message, more)


def app_of(account: Mapping[str, str]) -> App:
    """Return the mini program of an organisation's account: its own, or else the server's. The id of the returned app is
    empty if the server has none.
    """
    if account.get("appid"):
        return App(account["appid"], account.get("secret", ""))
    return App(*settings.CONFIG.wechat_mini)


def page_of(event: str, tenancy: int | None) -> str:
    """Return the page of the mini program that settles an event; the home page if no other is known."""
    page = PAGES.get(Event(event), HOME) if event in Event.values else HOME
    return page if tenancy is None else f"{page}?tenancy={tenancy}"
