"""The supply groups whose vending keys a landlord holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

from ...tokens import (
    NumberError,
    account_number,
)
from ..estate.models import Organisation
from .models import SupplyGroup
from .refusals import VendError
from .security import security_module


@dataclass(frozen=True, kw_only=True)
class KeyAttributes:
    """The attributes of a vending key (IEC 62055-41): its revision number (KRN), expiry number (KEN), base date (a
    year), the algorithm that derives meter keys (DKGA), the algorithm that enciphers codes (EA), and the key type (KT).
    """

    revision: int = 1
    expiry: int = 255
    base: int = 2014
    dkga: int = 4
    algorithm: int = 11
    key_type: int = 2


STANDARD = KeyAttributes()


def add_group(
    organisation: Organisation,
    code: str,
    vending_key: bytes,
    attributes: KeyAttributes = STANDARD,
) -> SupplyGroup:
    """Store a vending key that a landlord holds. Returns its supply group. Raises VendError if the key or an attribute
    is not possible, or the revision exists already.
    """
    group = SupplyGroup(
        organisation=organisation,
        code=code,
        **asdict(attributes),
        sealed=security_module().seal(vending_key),
    )
    try:
        # Any meter number will do, since this only tries the key and its attributes.
        group.key_for(account_number("00000000000")).decoder_key(vending_key)
    except (NumberError, ValueError) as error:
        raise VendError(str(error)) from None
    if SupplyGroup.objects.filter(organisation=organisation, code=code, revision=group.revision).exists():
        raise VendError(
            _("Supply group %(code)s has a key of this revision already: check the revision.") % {"code": code}
        )
    group.save()
    return group
