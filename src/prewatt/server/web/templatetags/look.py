"""Template tags of what stands around every page."""

from __future__ import annotations

from functools import cache

from django import template
from django.template import Context
from django.template.base import NodeList, Parser, Token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language

from ..gate import reach
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


@register.simple_tag(takes_context=True)
def app_links(context: Context) -> str:
    """Return what makes an app of the tenant's pages: for tenants alone, also for whoever has a role beside it on the page of
    their own flat.
    """
    request = context.get("request")
    if request is None or not getattr(request, "user", None) or not request.user.is_authenticated:
        return ""
    name = request.resolver_match.view_name if request.resolver_match else ""
    if not name.startswith("tenant:") or (reach(request).rights and not name.startswith("tenant:home:")):
        return ""
    return render_to_string("web/layout/_app.html", {"language": get_language()})


@register.simple_tag
def row_url(name: str, *keys: int) -> str:
    """Return the address of a page by the numbers in it, as `url` does: for the rows of a list, of which each has several, and
    which differ in nothing but their numbers.
    """
    parts = _parts_of(name, len(keys))
    return parts[0] + "".join(f"{key}{part}" for key, part in zip(keys, parts[1:], strict=True))


@cache
def _parts_of(name: str, count: int) -> list[str]:
    """Return what stands before, between and after the numbers of an address."""
    return reverse(name, args=[_ANY] * count).split(f"{_ANY}")


_ANY = 1234567890
"""A number that stands in no address."""


@register.simple_tag(takes_context=True)
def page_address(context: Context, number: int, field: str = "") -> str:
    """Return the query of the address of another page of a list, which keeps what else was asked for. `field`: of a page with
    several lists, the field of this one.
    """
    query = context["request"].GET.copy()
    query[field or "page"] = str(number)
    return f"?{query.urlencode()}"


class _WithScript(template.Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> str:
        """Return what is between the tags, behind the script that it needs."""
        body = self.nodelist.render(context)
        script = static("web/live-page.js" if "hx-" in body else "web/page.js")
        return format_html('<script src="{}" defer></script>', script) + body


@register.tag
def withscript(parser: Parser, _token: Token) -> _WithScript:
    """Name the page's script before what is between the tags: htmx comes along only where something uses it."""
    nodelist = parser.parse(("endwithscript",))
    parser.delete_first_token()
    return _WithScript(nodelist)
