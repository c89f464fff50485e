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
    """Return the navigation (`web/navigation.py`); None if nobody is logged in, and on the page of an error, which must not
    ask the database.
    """
    request = context.get("request")
    if request is None or not getattr(request, "user", None) or not request.user.is_authenticated:
        return None
    return navigation(request, context)


@register.simple_tag(takes_context=True)
def app_links(context: Context) -> str:
    """Return the HTML that makes the tenant's pages an app; empty on other pages. A user who also has a role gets it only on
    the pages of `tenant:home`.
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
    """Return the address of a page by the numbers in it, as `url` does. It is for the rows of a list, each of which has
    several addresses that differ only in their numbers.
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
    """Return the query for another page of a list, with the rest of the present query. `field`: the field of this list, if the
    page has several lists; `page` if it is empty.
    """
    query = context["request"].GET.copy()
    query[field or "page"] = str(number)
    return f"?{query.urlencode()}"


class _WithScript(template.Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> str:
        """Return the HTML between the tags, with the script that it needs before it."""
        body = self.nodelist.render(context)
        script = static("web/live-page.js" if "hx-" in body else "web/page.js")
        return format_html('<script src="{}" defer></script>', script) + body


@register.tag
def withscript(parser: Parser, _token: Token) -> _WithScript:
    """Put the page's script before the HTML between the tags. The script has htmx only if that HTML uses it."""
    nodelist = parser.parse(("endwithscript",))
    parser.delete_first_token()
    return _WithScript(nodelist)
