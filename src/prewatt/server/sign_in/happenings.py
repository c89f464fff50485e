"""What happens with logins: it is written down, and their owners are told."""

from __future__ import annotations

import time
from typing import Any

from allauth.account import signals as account
from allauth.core import context
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.http import HttpRequest

from ...kernel.calendar import zone
from ..accounts import security_log
from ..accounts.known_browsers import browser_of
from ..accounts.memberships import Membership
from ..accounts.tenants import tenancies_of_login
from ..core.addresses import asker
from ..core.time import now
from ..notices.events import Event
from ..notices.models import Recipient
from ..notices.pages import for_office, for_tenant
from ..notices.recipients import manager_of, recipient_of
from ..notices.telling import home_zone, tell, wall
from . import again, sessions
from .carrying import plain_letter, send_soon
from .devices import device
from .left_open import tell_of_keys
from .models import CredentialChange
from .words import moved_away

What = CredentialChange.What
KEPT, YEAR = 200, 365 * 24 * 3600
"""The most changes of a login that are kept, and how long they are kept, s."""


def listen() -> None:
    """Listen to Django and to the library, once a process."""
    user_logged_in.connect(_logged_in, dispatch_uid="sign_in")
    post_save.connect(_saved, sender=get_user_model(), dispatch_uid="sign_in")
    account.email_changed.connect(_email_changed, dispatch_uid="sign_in")
    account.password_changed.connect(_password_chosen, dispatch_uid="sign_in")
    account.password_set.connect(_password_chosen, dispatch_uid="sign_in")
    account.password_reset.connect(_password_reset, dispatch_uid="sign_in")
    factors.authenticator_added.connect(_factor_added, dispatch_uid="sign_in")
    factors.authenticator_removed.connect(_factor_removed, dispatch_uid="sign_in")
    factors.authenticator_reset.connect(_factor_reset, dispatch_uid="sign_in")


def note(user: Any, what: CredentialChange.What, *, quiet: bool = False) -> None:
    """Write down what happened with a login, and tell its owner, unless it is to be `quiet`."""
    request: HttpRequest | None = context.request
    change = CredentialChange.objects.create(
        user=user,
        what=what,
        at=int(time.time()),
        device=device(request) if request is not None else "",
        address=(asker(request) or None) if request is not None else None,
    )
    own = CredentialChange.objects.filter(user=user)
    own.filter(at__lt=change.at - YEAR).delete()
    own.filter(pk__in=list(own.values_list("pk", flat=True)[KEPT:])).delete()
    security_log.note(f"credentials: {what.value}", request, user=user.pk)
    if not quiet:
        for recipient in _recipients(user):
            values = {
                "tenant": recipient.tenancy_id is not None,
                "who": user.get_username(),
                "changed": what.value,
                "at": wall(now(), zone(home_zone(recipient))),
                "device": change.device,
                "link": _account_page(recipient),
            }
            tell(recipient, Event.LOGIN, f"login {change.pk}", values, urgent=True)


def tell_former(user: Any, kind: str, address: str, what: CredentialChange.What) -> None:
    """Send a message to the address that a user had until now. So a stranger who has got into a login can't hide that from
    its owner by changing the address.
    """
    title, text = moved_away(user.get_username(), what)
    send_soon(lambda: plain_letter(user, kind, address, title, text))


def _account_page(recipient: Recipient) -> str:
    if recipient.tenancy is not None:
        return for_tenant(Event.LOGIN, recipient.tenancy)
    return for_office(Event.LOGIN, recipient.organisation)


def _recipients(user: Any) -> list[Recipient]:
    """Return how a person is told: as the tenant that they are now, and by the office for which they work."""
    rented = [recipient_of(each) for each in tenancies_of_login(user).not_over(now())]
    offices = [each.organisation for each in Membership.objects.filter(user=user.pk).select_related("organisation")]
    return [*rented, *(manager_of(each) for each in offices)]


def _logged_in(request: HttpRequest, user: Any, **_more: Any) -> None:
    sessions.begin(request, user)
    if "REMOTE_ADDR" not in request.META:
        return
    UserSession.objects.create_from_request(request, user=user)
    request._logged_in = str(user.pk)  # type: ignore[attr-defined]
    if not browser_of(request, str(user.pk)):
        changes = CredentialChange.objects.filter(user=user, what=What.NEW_BROWSER)
        note(user, What.NEW_BROWSER, quiet=not changes.exists())


def _saved(instance: Any, created: bool, **_more: Any) -> None:
    if not instance.is_active and not created:
        sessions.end_closed(instance)


def _email_changed(user: Any, from_email_address: Any, **_more: Any) -> None:
    note(user, What.EMAIL)
    if from_email_address is not None and from_email_address.verified:
        tell_former(user, "email", from_email_address.email, What.EMAIL)


def _password_chosen(request: HttpRequest, user: Any, **_more: Any) -> None:
    # With the old password all other log-ins are worth nothing: this one goes on under a new key.
    sessions.end_others(request, user)
    tell_of_keys(user)
    again.asked(request, user)


def _password_reset(request: HttpRequest, user: Any, **_more: Any) -> None:
    sessions.end_others(request, user)
    tell_of_keys(user)


def _factor_added(user: Any, authenticator: Authenticator, **_more: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        note(user, What.FACTOR_ADDED)


def _factor_removed(user: Any, authenticator: Authenticator, **_more: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        note(user, What.FACTOR_REMOVED)


def _factor_reset(user: Any, **_more: Any) -> None:
    note(user, What.RECOVERY_CODES)
