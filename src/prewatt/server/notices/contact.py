"""A contact of a tenant as people type it: phone, e-mail, language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..core.phone_numbers import country_at, read_phone
from ..estate.models import Property
from .channels import CHANNELS
from .languages import language_choices, languages


@dataclass(frozen=True)
class Contact:
    """A tenant's phone number (+49…), e-mail address and language (a code such as `en`). A part that the landlord has
    not given is empty.
    """

    phone: str = ""
    email: str = ""
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.phone or self.email or self.language)


NO_CONTACT = Contact()


def read_contact(property_: Property, phone: str, email: str, language: str) -> Contact:
    """Return the contact that somebody typed for a tenant of a building. A ValidationError names each field that is
    wrong.
    """
    country = country_at(property_.zone, property_.currency)
    typed = {"phone": phone, "email": email, "language": language}
    fields, errors = {}, {}
    for field, text in typed.items():
        try:
            fields[field] = read_field(field, text, country)
        except ValueError as error:
            errors[field] = [str(error)]
    if errors:
        raise ValidationError(errors)
    return Contact(**fields)


def read_field(field: str, text: str, country: str) -> str:
    """Return one field of a contact in its one form; an empty field stays empty. `country` is the country that a phone
    number is dialled in, such as `DE`. A ValueError says, for people, what is wrong.
    """
    bare = text.strip()
    readers: dict[str, Callable[[str], str]] = {
        "phone": lambda said: read_phone(said, country),
        "email": CHANNELS["email"].read_address,
        "language": _language,
    }
    return readers[field](bare) if bare else ""


def _language(text: str) -> str:
    plain = text.casefold()
    for code, language in languages().items():
        if plain in (code, language.words.name.casefold(), *language.words.called):
            return code
    known = ", ".join(f"{code} ({name})" for code, name in language_choices())
    raise ValueError(_("There are no notices in this language. Choose one of these: %(known)s.") % {"known": known})
