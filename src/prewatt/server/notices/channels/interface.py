"""What notices ask of a channel, whichever it is. A channel knows how to send, and nothing of the database."""

from __future__ import annotations

import ipaddress
import socket
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import apprise
from django.conf import settings
from django.utils.translation import gettext as _

from ...core.credential_fields import Field

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SHORT_FORMS = ("what", "do", "line")
"""Facts that are in pieces."""
TIMEOUT = 15
"""Seconds that somebody else's server is waited for."""


class SendError(Exception):
    """It could not be sent; the message, for people, says why. `lasting`: trying again will not help. `alone`: it is due to
    this message or this recipient, and others need not wait for it.
    """

    def __init__(self, message: str, lasting: bool = False, alone: bool = False) -> None:
        super().__init__(message)
        self.lasting, self.alone = lasting, alone or lasting


@dataclass(frozen=True)
class Template:
    """A text that somebody else keeps, and the fact that each of its fields shows, in their order. What begins with `"` is
    no fact's name, but the words themselves.
    """

    id: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Message:
    """What is sent. `key` names it, for a program that may get it twice; `at`: an instant as text; `facts`: by name (see
    `notices.facts`); `template`: for ways that need one.
    """

    event: str
    key: str
    title: str
    text: str
    language: str
    at: str
    link: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    template: Template | None = None


class Kind(ABC):
    """A kind of channel."""

    name: ClassVar[str]
    title: ClassVar[str | _StrPromise]
    address: ClassVar[str | _StrPromise]
    """What a recipient types in; empty if a page of its own makes it."""
    fields: ClassVar[tuple[Field, ...]] = ()
    """What the organisation's account needs; empty: none is needed."""

    @classmethod
    def fields_of(cls, account: Mapping[str, str]) -> tuple[Field, ...]:  # noqa: ARG003
        """What an account needs, by what it says already."""
        return cls.fields

    @classmethod
    def templated(cls, account: Mapping[str, str]) -> bool:  # noqa: ARG003
        """Whether an account sends nothing but templates that somebody else has approved."""
        return False

    @classmethod
    def carrier(cls, account: Mapping[str, str]) -> str:  # noqa: ARG003
        """Whose templates an account sends: those of one are none of another's."""
        return ""

    @classmethod
    def read_fields(
        cls,
        account: Mapping[str, str],  # noqa: ARG003
        text: str,  # noqa: ARG003
        usable: Collection[str],  # noqa: ARG003
    ) -> tuple[tuple[str, str], ...]:
        """The fields of a template as it was pasted or typed, each with one of the facts that are `usable`. TemplateError."""
        return ()

    @classmethod
    def filled(cls, account: Mapping[str, str], message: Message) -> list[tuple[str, str]]:  # noqa: ARG003
        """What each field of the message's template shows."""
        return []

    @staticmethod
    @abstractmethod
    def read_address(text: str) -> str:
        """A typed address in its one form. ValueError, for people, if it is none."""

    @classmethod
    def read_local(cls, text: str, country: str) -> str:  # noqa: ARG003
        """An address as it is typed in a country (`DE`; empty where it is not known)."""
        return cls.read_address(text)

    @staticmethod
    def shown(address: str) -> str:
        """As much of an address as may be seen."""
        return masked(address)

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        """ValueError, for people, if an account can't be such."""

    @staticmethod
    @abstractmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        """Send, once. SendError if it can't be."""


def needed(template: Template | None, event: str) -> Template:
    """A message's template. SendError if there is none."""
    if template is None:
        raise SendError(_("There is no template for it (%(event)s) in the set-up.") % {"event": event}, alone=True)
    return template


def value_of(message: Message, fact: str) -> str:
    """What a fact of a message is, in pieces; empty if it has none."""
    if fact.startswith('"'):
        return fact.strip('"')
    if fact in ("title", "text"):
        return str(getattr(message, fact)).replace("|", "¦")
    if fact in SHORT_FORMS:
        return message.facts.get(fact, "") or (message.title.replace("|", "¦") if fact in ("what", "line") else "")
    # What people named with the sign that parts pieces: two flats 1|2 and 12 are not one.
    return message.facts.get(fact, "").replace("|", "¦")


def said_by(provider: str, code: object, words: str, said: Iterable[object]) -> str:
    """A refusal for people: what it means, and the provider's own words."""
    own = " ".join(str(each) for each in (code, *said) if str(each))
    return (f"{provider}: {words} ({own})" if words else f"{provider}: {own}")[:200]


def masked(text: str) -> str:
    """The first and last characters alone."""
    return f"{text[:2]}…{text[-4:]}" if len(text) > 8 else f"{text[:1]}…"


def check_host(host: str) -> None:
    """SendError if a host is in a private network and that isn't allowed: nobody reaches the landlord's own network by an
    address that they typed in.
    """
    if settings.CONFIG.private_notices:
        return
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError) as error:
        raise SendError(_("%(host)s is not known (%(why)s).") % {"host": host, "why": type(error).__name__}) from None
    if not all(is_public(str(address)) for address in found):
        said = _("%(host)s is in a private network; with PREWATT_PRIVATE_NOTICES=allow the server sends there too.")
        raise SendError(said % {"host": host}, lasting=True)


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global and not ip.is_multicast


def send_by_apprise(url: str, message: Message, **options: Any) -> None:
    """Send through Apprise. SendError if it can't be."""
    # Nothing is fetched from elsewhere for a picture, and nothing is kept on disk.
    asset = apprise.AppriseAsset(app_id="prewatt", app_desc="prewatt", app_url="", async_mode=False, pem_autogen=False,
                                 image_url_mask=None, image_url_logo=None)  # fmt: skip
    sender = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if sender is None:
        raise SendError(_("This account can't be used: check how it is written."), lasting=True)
    sender.socket_connect_timeout, sender.socket_read_timeout = TIMEOUT, TIMEOUT
    try:
        with apprise.LogCapture(level=apprise.logging.WARNING) as log:  # type: ignore[no-untyped-call]
            done = sender.notify(body=message.text, title=message.title, **options)
            said = log.getvalue()
    except Exception as error:
        # The library raises whatever it stumbles over.
        raise SendError(f"{type(error).__name__}: {error}") from None
    if not done:
        raise SendError(_last_line(said) or _("It was refused."))


def _last_line(said: str) -> str:
    lines = [line.split(" - ")[-1] for line in said.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""
