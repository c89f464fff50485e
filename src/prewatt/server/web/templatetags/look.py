"""Template tags of what stands around every page."""

from __future__ import annotations

from django import template
from django.template import Context

from ..navigation import Navigation, navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def way(context: Context) -> Navigation | None:
    """Return the way through the pages (`web/navigation.py`); None if nobody is logged in, and on the page of an error that
    asks no database.
    """
    request = context.get("request")
    if request is None or not getattr(request, "user", None) or not request.user.is_authenticated:
        return None
    return navigation(request, context)
