"""The mini programs that people log in to: those of landlords, and the server's own for all others."""

from __future__ import annotations

from django.conf import settings

from .channels.wechat import App
from .channels.wechat_mini import MiniProgram, app_of
from .models import SendingAccount, SendingTemplate
from .sending_accounts import values_of

LOOKED_AT = 50
"""If no mini program is named, this many accounts are compared to find out whether they have the same one."""


MOST = 5
"""The most secrets that are returned for a mini program: several landlords may name it, and WeChat knows the right secret."""


def mini_programs(appid: str = "") -> list[App]:
    """Return the mini program with an id, once with each secret that landlords give for it. Without an id: the server's own,
    or else the only one that landlords have. Empty if there is none, or landlords have several. Raises SealError if a secret
    can't be opened.
    """
    own = App(*settings.CONFIG.wechat_mini)
    if own.appid and appid in ("", own.appid):
        return [own]
    accounts = SendingAccount.objects.filter(kind=MiniProgram.name).order_by("pk")
    accounts = accounts.filter(settings__appid=appid) if appid else accounts.exclude(settings__appid="")
    # Anybody knows an app id, and may have named it first, with a secret of nonsense.
    apps = list(dict.fromkeys(app_of(values_of(each)) for each in accounts[: MOST if appid else LOOKED_AT]))[:MOST]
    return apps if len({each.appid for each in apps}) == 1 else []


def templates_in(appid: str, organisations: set[int]) -> list[SendingTemplate]:
    """Return the templates of a mini program by which some organisations send, by account, event and language."""
    accounts = SendingAccount.objects.filter(kind=MiniProgram.name, organisation__in=organisations)
    sending = [each.pk for each in accounts if app_of(each.settings).appid == appid]
    rows = SendingTemplate.objects.filter(account__in=sending, carrier=appid).select_related("account")
    return list(rows.order_by("account", "event", "language"))
