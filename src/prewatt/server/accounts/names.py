"""Names of logins."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def free_name(wanted: str) -> str:
    """Return a login name like `wanted`, such as the name of a flat, that nobody has yet: flat3, flat3-2."""
    base = "".join(sign for sign in wanted.lower() if sign.isalnum())[:100] or "unit"
    taken = {
        name.lower()
        for name in get_user_model().objects.filter(username__istartswith=base).values_list("username", flat=True)
    }
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name


def check_name(name: str) -> None:
    """Raise ValidationError if nobody can have this login name, or somebody has it."""
    if "@" in name:
        raise ValidationError({"name": _("A login name can't contain @.")})
    try:
        get_user_model()._meta.get_field("username").run_validators(name)
    except ValidationError as error:
        # Django's own words call it a username, and allow an @.
        letters = _("A login name can have letters, digits and . + - _, but no spaces.")
        texts = [letters if each.code == "invalid" else text for each in error.error_list for text in each.messages]
        raise ValidationError({"name": texts}) from None
    if not name or get_user_model().objects.filter(username__iexact=name).exists():
        raise ValidationError({"name": _("This name is taken. Choose another one.")})
