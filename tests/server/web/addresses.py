"""All pages with their addresses, as Django knows them."""

from collections.abc import Iterator
from typing import NamedTuple

from django.urls import URLPattern, get_resolver

PAGES = ("prewatt.server.web", "prewatt.server.console", "prewatt.server.tenant", "prewatt.server.sign_in", "allauth")


class Page(NamedTuple):
    """A page: its name, such as `console:units:unit`, its address, such as `units/<int:pk>/`, and its view's full name."""

    name: str
    address: str
    view: str


def pages(patterns=None, names=(), prefix="") -> Iterator[Page]:
    """All pages of prewatt's own."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        address = f"{prefix}{each.pattern}"
        if isinstance(each, URLPattern):
            if each.lookup_str.startswith(PAGES):
                yield Page(":".join((*names, each.name)), address, each.lookup_str)
        elif str(each.pattern) != "admin/":
            yield from pages(each.url_patterns, (*names, each.namespace) if each.namespace else names, address)
