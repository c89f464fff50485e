"""The name that the only rate of a price gets if nobody gives it one. It is stored in the language of whoever made the
price; tenants read it in theirs.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override


def usual_rate() -> str:
    """Return the name of a rate that nobody has named, in the language that is spoken."""
    return _("electricity")


@cache
def _in_all_languages() -> frozenset[str]:
    names = set()
    for code, _name in settings.LANGUAGES:
        with override(code):
            names.add(usual_rate())
    return frozenset(names)


def shown_rate(name: str) -> str:
    """Return the name of a rate for people. The usual name is put into their language, whatever it is stored in."""
    return usual_rate() if name in _in_all_languages() else name
