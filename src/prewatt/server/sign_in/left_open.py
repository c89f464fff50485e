"""The ways in that a login has left open: invitations that it made and nobody has used, and the link that confirms a new e-mail
address. A stranger who had the phone may have made them, so they end when the owner shuts others out.
"""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailConfirmation
from allauth.core import context
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..accounts import security_log
from ..accounts.invitations import revoke, to_join
from ..accounts.keys import ApiKey
from ..web.needs import API


def end_left_open(user: Any) -> None:
    """End all that a login has left open, and say so on the next page."""
    end_invitations(user)
    links = EmailConfirmation.objects.filter(email_address__user=user.pk)
    if links.exists():
        links.delete()
        _say(_("The link to confirm a new e-mail address is no longer valid. If you asked for it, ask for a new one."))


def end_invitations(user: Any, roles: bool = True) -> None:
    """End the open invitations that a login has made to its flats and, if `roles`, to roles; say so on the next page."""
    rows = to_join(user).still_open()
    count = revoke(rows if roles else rows.filter(organisation=None))
    if count:
        security_log.note("invitations ended", context.request, of_user=user.pk, count=count)
        text = ngettext(
            "%(count)d open invitation of this login is no longer valid. If you still need it, make a new one.",
            "%(count)d open invitations of this login are no longer valid. If you still need them, make new ones.",
            count,
        )
        _say(text % {"count": count})


def tell_of_keys(user: Any) -> None:
    """Say on the next page how many keys for programs of a login still hold. They do not end, but a stranger may have made one of them."""
    count = ApiKey.objects.valid().filter(user=user.pk).exclude(scope=ApiKey.Scope.TENANT).count()
    if count:
        text = ngettext(
            "%(count)d key of this login for programs is still valid. If you do not know it, revoke it on the page “Keys for programs”.",
            "%(count)d keys of this login for programs are still valid. If you do not know them all, revoke them on "
            "the page “Keys for programs”.",
            count,
        )
        _say(text % {"count": count})


def _say(text: str) -> None:
    """Say something on the next page of whoever asks, if a page was asked for."""
    request = context.request
    if request is not None and not request.path.startswith(f"/{API}"):
        messages.info(request, text, fail_silently=True)
