"""Codes and letters about a login, carried by the accounts that landlords have for their notices."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ..accounts.memberships import reach_of
from ..accounts.tenants import tenancies_of_login
from ..core.sealing import SealError
from ..estate.models import Organisation
from ..notices.channels import CHANNELS
from ..notices.channels.interface import Message, SendError
from ..notices.events import Event
from ..notices.languages import ENGLISH
from ..notices.models import Recipient, SendingAccount
from ..notices.samples import message
from ..notices.sending_accounts import values_of
from ..notices.sending_templates import with_template

log = logging.getLogger("prewatt.sign_in")
_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="carrying")
"""A person who asks for a code does not wait until it is sent, so the time of the answer does not tell whether the login exists."""


class Letter(NamedTuple):
    """A message to an address, with its way (`kind`: `sms` or `email`) and the settings of the account that carries it."""

    kind: str
    address: str
    account: dict[str, str]
    message: Message

    def send(self) -> None:
        """Send the message, once. Raises SendError if it can't be sent."""
        CHANNELS[self.kind].send(self.account, self.address, self.message)


def organisations_of(user: Any) -> list[Organisation]:
    """Return the organisations whose accounts carry messages to a user: first the landlords whose tenant the user is or was,
    the latest first, then those for whom the user works. For an operator these are all organisations.
    """
    rented = [each.unit.property.organisation for each in tenancies_of_login(user).order_by("-begins")]
    return list(dict.fromkeys([*rented, *reach_of(user).organisations().order_by("pk")]))


def account_for(user: Any, kind: str) -> SendingAccount | None:
    """Return the account that carries messages of a `kind` (`sms`, `email`) to a user; None if there is none."""
    rows = {row.organisation_id: row for row in SendingAccount.objects.filter(kind=kind)}
    return next((rows[each.pk] for each in organisations_of(user) if each.pk in rows), None)


def ways() -> set[str]:
    """Return the ways (`sms`, `email`) for which any landlord here has an account."""
    return set(SendingAccount.objects.filter(kind__in=("sms", "email")).values_list("kind", flat=True))


def code_letter(user: Any, number: str, code: str) -> Letter | None:
    """Return the SMS with a code to log in with; None if no landlord of the user has an account for SMS. Raises SealError."""
    account = account_for(user, "sms")
    if account is None:
        return None
    message_ = message(
        Event.LOGIN_CODE, language_of_user(user), {"who": user.get_username(), "code": code}, key=uuid.uuid4().hex
    )
    return Letter("sms", number, values_of(account), with_template(account, message_))


def plain_letter(user: Any, kind: str, address: str, title: str, text: str) -> Letter | None:
    """Return a letter with words of its own; None if no landlord of the user has an account for its way. Raises SealError."""
    account = account_for(user, kind)
    if account is None:
        return None
    said = Message(Event.LOGIN, uuid.uuid4().hex, title, text, language_of_user(user), "")
    return Letter(kind, address, values_of(account), with_template(account, said))


def language_of_user(user: Any) -> str:
    """Return the language in which a user is told things: the tenant's own, else the landlord's, else English."""
    chosen = Recipient.objects.filter(tenancy__in=tenancies_of_login(user)).order_by("-tenancy__begins").first()
    if chosen is None:
        chosen = Recipient.objects.filter(tenancy=None, organisation__in=organisations_of(user)).first()
    return str(chosen.language) if chosen else ENGLISH


def send_soon(make: Callable[[], Letter | None]) -> None:
    """Make a letter, and send it in the background. A failure is logged, without the address."""
    try:
        letter = make()
    except SealError as error:
        log.warning("a letter about a login can't be sent: %s", error)
        return
    if letter is not None:
        _pool.submit(_try, letter)


def _try(letter: Letter) -> None:
    try:
        letter.send()
    except SendError as error:
        log.warning("a letter about a login was not sent by %s: %s", letter.kind, error)
