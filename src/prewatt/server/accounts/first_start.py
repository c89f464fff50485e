"""The first start: a server on which nobody has a login yet is claimed by its first owner. A browser on the machine
itself needs no code. Any other needs the code that `prewatt server` prints, so that nobody else in the network can be
faster.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..core.addresses import FORWARDED, asker, is_loopback
from ..core.errors import by_field
from ..core.home_secrets import secret
from ..estate.models import Organisation
from .invitations import LENGTH, LETTERS, in_groups, letters_of
from .memberships import put_member
from .names import check_name
from .rights import Role

BY_PROXIES = ("Forwarded", "Via", "X-Real-IP")
"""Headers that a proxy adds. Whoever comes through a proxy is not on this machine, even if the proxy is. Headers that
begin with X-Forwarded do not arrive here: `core.addresses.FORWARDED` notes that there was one.
"""


def is_claimed() -> bool:
    """Return whether somebody has a login here."""
    return get_user_model().objects.exists()


def claim_code() -> str:
    """Return the code that claims this server while nobody has a login: four groups of four letters. It is worked out from the
    server's secret, so that all its processes know it and a new start prints the same.
    """
    digest = hmac.new(secret(settings.CONFIG).encode(), b"first start", hashlib.sha256).digest()
    # 32 letters divide a byte evenly: each letter has 5 bits.
    return in_groups("".join(LETTERS[byte % len(LETTERS)] for byte in digest[:LENGTH]))


def is_code(typed: str) -> bool:
    """Return whether a typed text is the code, with or without dashes, in large or small letters."""
    return hmac.compare_digest(letters_of(typed).encode(), letters_of(claim_code()).encode())


def is_at_the_machine(request: HttpRequest) -> bool:
    """Return whether a request comes from a browser on the server's own machine."""
    is_forwarded = FORWARDED in request.META or any(name in request.headers for name in BY_PROXIES)
    # A proxy that is told nothing (nginx) names nobody, and speaks HTTP/1.0, which no browser does.
    if settings.CONFIG.public_url or is_forwarded or request.META.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return False
    return is_loopback(asker(request)) and is_loopback(urlsplit(f"//{request.get_host()}").hostname or "")


@transaction.atomic
def claim(name: str, password: str, organisation: str) -> Any:
    """Create the first login, and its organisation, whose owner it is. Returns the login. Raises ValidationError, which
    names each wrong field, or says that somebody else was faster.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # There is no row yet that two who come at once could wait for.
            cursor.execute("LOCK TABLE auth_user IN SHARE ROW EXCLUSIVE MODE")
    if is_claimed():
        raise ValidationError(_("Somebody has a login on this server already. Log in, or ask the server's owner."))
    user = get_user_model()(username=name)
    owner = Organisation(name=organisation)
    errors: dict[str, list[str]] = {}
    checks: dict[str, Callable[[], object]] = {
        "name": lambda: check_name(name),
        "password": lambda: validate_password(password, user),
        "organisation": owner.full_clean,
    }
    for field, check in checks.items():
        try:
            check()
        except ValidationError as error:
            errors[field] = [text for _field, text in by_field(error)]
    if errors:
        raise ValidationError(errors)
    user.set_password(password)
    user.save()
    owner.save()
    put_member(owner, user, Role.OWNER)
    return user
