"""The languages that a page can be read in."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def known_languages() -> list[tuple[str, str]]:
    """Return (code, name) of each language; each name is in its own language, so that people who read no other find it."""
    return list(settings.LANGUAGES)
