"""What pages of the log-in ask that the library does not tell them."""

from __future__ import annotations

from django import template

from ..carrying import ways as carried

register = template.Library()


@register.simple_tag
def ways() -> set[str]:
    """Return the ways (`sms`, `email`) by which a code or a link can be sent to somebody here."""
    return carried()
