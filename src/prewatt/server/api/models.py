"""The tokens of programs that use the API."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models


class Token(models.Model):
    """A key with which a program acts as a user. Only its hash is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"

    @classmethod
    def make(cls, user: Any, name: str) -> str:
        """Create a token for a user and return it. It can't be shown again."""
        text = secrets.token_urlsafe(32)
        cls.objects.create(user=user, name=name, hash=_hash(text))
        return text

    @classmethod
    def user_of(cls, text: str) -> Any | None:
        """Return the user of a token; None if there is no such token, or the user is not active."""
        row = cls.objects.select_related("user").filter(hash=_hash(text), user__is_active=True).first()
        return row.user if row else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
