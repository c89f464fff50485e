"""Letters about a login that are no notices: they go to an address that is no longer the person's."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .models import CredentialChange


def moved_away(name: str, what: CredentialChange.What) -> tuple[str, str]:
    """Return title and text for the address that a login had until now."""
    title = _("Login %(name)s: %(what)s") % {"name": name, "what": what.label}
    text = _("This address is no longer the login's. If it was not you who changed it, call your landlord at once.")
    return title, text
