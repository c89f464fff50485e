"""First passwords: the program made them and others may have read them. So each person must choose their own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _


class FirstPassword(models.Model):
    """A login whose password was printed when it was made. The row goes when its person chooses one of their own."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="first_password"
    )

    def __str__(self) -> str:
        return str(self.user)


class EndsFirstPassword:
    """A password validator that refuses none; it notes that a person has chosen one."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse no password."""

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return _("It is known to nobody but you.")

    def password_changed(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Note that the first password has ended."""
        FirstPassword.objects.filter(user=user.pk).delete()
