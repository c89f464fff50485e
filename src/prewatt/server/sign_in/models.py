"""The rows of the doors: phone numbers that people log in with, and what changed of logins."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LoginPhone(models.Model):
    """The phone number that somebody logs in with, proven by a code that was sent to it. `sealed` is the number, `shown` as
    much of it as may be seen, `digest` finds it again.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="login_phone")
    digest = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    shown = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.user}: {self.shown}"


class CredentialChange(models.Model):
    """Something about a login that its owner is told: see `What`. `at` in s since 1970 by the machine's own clock; `device`
    and `address` are those of the person who did it; empty and null if it was done at the server.
    """

    class What(models.TextChoices):
        """What changed, or happened."""

        PASSWORD = "password", _("the password was changed")
        EMAIL = "email", _("the e-mail address was changed")
        PHONE = "phone", _("the phone number was changed")
        FACTOR_ADDED = "factor-added", _("a second factor was added")
        FACTOR_REMOVED = "factor-removed", _("a second factor was removed")
        CODE_TWICE = "code-twice", _("a code of the app was typed a second time")
        RECOVERY_CODES = "recovery-codes", _("new recovery codes were made")
        WECHAT = "wechat", _("it was joined to a person in WeChat")
        NEW_BROWSER = "new-browser", _("somebody logged in from a new browser")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="credential_changes")
    what = models.CharField(max_length=20, choices=What)
    at = models.BigIntegerField()
    device = models.CharField(max_length=60, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.user}: {self.what}"
