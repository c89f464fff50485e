"""Template tags with what the pages of the log-in need and the library does not give them."""

from __future__ import annotations

from typing import Any

from django import template

from .. import second_factor
from ..carrying import ways as carried

register = template.Library()


@register.simple_tag
def ways() -> set[str]:
    """Return the ways (`sms`, `email`) by which a code or a link can be sent to somebody here."""
    return carried()


@register.filter
def must_have_factor(user: Any) -> bool:
    """Return whether a user must have a second factor before they can go on."""
    return second_factor.must_have(user)
