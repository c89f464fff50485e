"""The people in WeChat mini programs, and the login that each has joined."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.db import models, transaction

from ..core.credential_fields import seal, unseal
from ..core.time import now

_PURPOSE = "WeChat user"


class WeChatUser(models.Model):
    """A person in the mini program `appid`, and the login that they use there. `sealed`: their openid, sealed; only
    that program knows the person by it. `digest`: its hash, to look it up. `made_at` is an instant, µs since 1970.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wechat_users")
    appid = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    made_at = models.BigIntegerField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.user}: {self.appid}"

    @property
    def openid(self) -> str:
        """The person's id in the mini program. Raises SealError if it can't be opened."""
        return unseal(_PURPOSE, bytes(self.sealed))["openid"]


def wechat_user_of(appid: str, openid: str) -> WeChatUser | None:
    """Return the person with an openid in a mini program; None if they have joined no login."""
    return WeChatUser.objects.select_related("user").filter(digest=_digest(appid, openid)).first()


def locked(rows: models.QuerySet[WeChatUser]) -> bool:
    """Lock people in WeChat until the transaction ends, and do so before any key of theirs is locked. Whoever logs in
    meanwhile, or ends their log-ins, waits. Returns whether there are any such people.
    """
    # Written as they are, which locks them: the room that asks for locks lies above this one.
    return rows.update(appid=models.F("appid")) > 0


@transaction.atomic
def leave_wechat(row: WeChatUser) -> None:
    """Separate a person in WeChat from the login that they have joined. Their keys are deleted."""
    locked(WeChatUser.objects.filter(pk=row.pk))
    row.delete()


def join_wechat(user: Any, appid: str, openid: str) -> WeChatUser:
    """Join a person in a mini program to a login. Returns the person. If they had joined another login, they leave
    that, and their keys for it are deleted.
    """
    digest = _digest(appid, openid)
    row = WeChatUser.objects.filter(digest=digest).first()
    if row is not None and row.user_id == user.pk:
        return row
    if row is not None:
        leave_wechat(row)
    sealed = seal(_PURPOSE, {"openid": openid})
    return WeChatUser.objects.create(user=user, appid=appid, digest=digest, sealed=sealed, made_at=now())


def _digest(appid: str, openid: str) -> str:
    text = f"WeChat user {appid} {openid}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
