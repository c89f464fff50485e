"""The methods by which a payer can pay at a provider. Each says where it works, what the page shows for it, and what it
needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Browser(StrEnum):
    """The place where the payer reads the page, as far as it decides which methods work there."""

    WECHAT = "wechat"
    PHONE = "phone"
    DESKTOP = "desktop"


ANYWHERE = frozenset(Browser)
BY_AGREEMENT = "saved"
"""The method of payments without the payer, at providers that have it. It fits no browser: nobody chooses it to pay."""
GO_AND_PAY = _("Go and pay")


def browsers_of(user_agent: str) -> frozenset[Browser]:
    """Return what a browser is, by its user agent. On a computer, WeChat's own browser counts both as WeChat and as a
    computer.
    """
    places = set()
    if "MicroMessenger" in user_agent:
        places.add(Browser.WECHAT)
    if "Mobile" not in user_agent:
        places.add(Browser.DESKTOP)
    return frozenset(places or {Browser.PHONE})


class Shows(StrEnum):
    """What the payment's page shows until it is paid: the link as a QR code that the payer scans, a button that leads
    to the link, or a button that runs the method's script with the payment's parameters.
    """

    QR = "qr"
    LINK = "link"
    SCRIPT = "script"


@dataclass(frozen=True)
class Method:
    """A method of payment.

    `title`: its name where the payer chooses. `fits`: the browsers in which it works. `needs_payer`: whether the
    provider must know the payer before the payment is asked for. `button`: the text on the button of a link or a
    script. `hint`: what the payer must do with what the page shows. `script`: the static file that handles the button
    (`data-pay`) with the parameters in the page as JSON (`pay-params`).
    """

    title: str | _StrPromise
    fits: frozenset[Browser] = ANYWHERE
    shows: Shows = Shows.LINK
    needs_payer: bool = False
    button: str | _StrPromise = GO_AND_PAY
    hint: str | _StrPromise = ""
    script: str = ""
