"""The row of a permission for messages, apart from what sends them, which takes long to be loaded."""

from __future__ import annotations

from django.db import models

from ..accounts.wechat_users import WeChatUser


class Permission(models.Model):
    """How many messages of a template, by its id in the mini program, a person still takes."""

    wechat_user = models.ForeignKey(WeChatUser, on_delete=models.CASCADE, related_name="permissions")
    template = models.CharField(max_length=100)
    left = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("wechat_user", "template"), name="permission_once"),)

    def __str__(self) -> str:
        return f"{self.wechat_user} {self.template}: {self.left}"
