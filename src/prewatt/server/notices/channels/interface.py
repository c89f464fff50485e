"""What a channel of notices must be able to do. A channel sends messages and knows nothing about the database."""

from __future__ import annotations

import ipaddress
import socket
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import apprise
from apprise.attachment.memory import AttachMemory
from django.conf import settings
from django.utils.translation import gettext as _

from ...core.credential_fields import Field

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SHORT_FORMS = ("what", "do", "line")
"""The facts that are in pieces."""
TIMEOUT = 15
"""The time that we wait for another server, s."""


class SendError(Exception):
    """A message could not be sent. The text says why, for people. `lasting`: trying again will not help. `alone`: the
    cause is this message or this recipient, so that other messages need not wait.
    """

    def __init__(self, message: str, lasting: bool = False, alone: bool = False) -> None:
        super().__init__(message)
        self.lasting, self.alone = lasting, alone or lasting


def no_answer(title: object, error: Exception) -> SendError:
    """Return the error for a service that can't be reached, or whose answer can't be read. The text of `error` is left
    out: it could hold a secret that is a part of the address.
    """
    text = _("%(title)s can't be reached, or its answer can't be read (%(why)s).")
    return SendError(text % {"title": title, "why": type(error).__name__})


@dataclass(frozen=True)
class Template:
    """A text that a provider keeps, and its `fields` in their order, as (field, fact that it shows). A fact that begins with
    `"` is not a name: it is the words that the field shows.
    """

    id: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message, of the media type `type_`, under a name."""

    content: bytes
    name: str
    type_: str


@dataclass(frozen=True)
class Message:
    """What is sent. `key` names the message, for a program that may get it twice. `tenancy`: the tenancy that it is about; None if
    it is about none. `at` is an instant as text. `facts`: by name (see `notices.facts`). `template`: for channels that need one.
    `attachment`: for channels that take files.

    `short`: the short link, for channels that carry little. `change`: the page where such messages are changed or stopped without
    a log-in; `change_label`: the text on a button to it; `foot`: a line of text with its address. `stop`: the same page if one
    request to it stops such messages (RFC 8058), otherwise empty.
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
    attachment: Attachment | None = None
    tenancy: int | None = None
    short: str = ""
    change: str = ""
    change_label: str = ""
    stop: str = ""
    foot: str = ""


class Kind(ABC):
    """A kind of channel. `address` is what a recipient types; it is empty if a page makes the address itself. `fields`
    are what the organisation's account needs; if there are none, no account is needed. `counted`: each message needs a
    permission of the person, which is counted (`notices.permissions`). `is_rare`: few people want it, so that pages
    offer it folded away, behind the others.
    """

    name: ClassVar[str]
    title: ClassVar[str | _StrPromise]
    address: ClassVar[str | _StrPromise]
    fields: ClassVar[tuple[Field, ...]] = ()
    counted: ClassVar[bool] = False
    is_rare: ClassVar[bool] = False

    @classmethod
    def fields_of(cls, account: Mapping[str, str]) -> tuple[Field, ...]:  # noqa: ARG003
        """Return the fields that an account needs. They may depend on what the account has already."""
        return cls.fields

    @classmethod
    def templated(cls, account: Mapping[str, str]) -> bool:  # noqa: ARG003
        """Return whether an account sends only templates that the provider has approved."""
        return False

    @classmethod
    def carrier(cls, account: Mapping[str, str]) -> str:  # noqa: ARG003
        """Return the name of the provider whose templates an account sends. Templates of one provider are unknown to
        another.
        """
        return ""

    @classmethod
    def read_fields(
        cls,
        account: Mapping[str, str],  # noqa: ARG003
        text: str,  # noqa: ARG003
        usable: Collection[str],  # noqa: ARG003
    ) -> tuple[tuple[str, str], ...]:
        """Return the fields of a template as (field, fact). `text` is the template as it was pasted or typed, and
        `usable` are the facts that its event has. Raises TemplateError.
        """
        return ()

    @classmethod
    def filled(cls, account: Mapping[str, str], message: Message) -> list[tuple[str, str]]:  # noqa: ARG003
        """Return what each field of the message's template shows, as (field, text)."""
        return []

    @staticmethod
    @abstractmethod
    def read_address(text: str) -> str:
        """Return a typed address in its one form. Raises ValueError, for people, if it is not an address."""

    @classmethod
    def read_local(cls, text: str, country: str) -> str:  # noqa: ARG003
        """Return the one form of an address that somebody typed in a country (`DE`; empty if it is not known). Raises
        ValueError, for people, if it is not an address.
        """
        return cls.read_address(text)

    @staticmethod
    def shown(address: str) -> str:
        """Return as much of an address as may be seen."""
        return masked(address)

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        """Check an account's fields. Raises ValueError, for people, if they can't be right."""

    @staticmethod
    @abstractmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        """Send a message, once. Raises SendError if it can't be sent."""


def needed(template: Template | None, event: str) -> Template:
    """Return a message's template. Raises SendError if there is none."""
    if template is None:
        raise SendError(_("No template is set up for this notice (%(event)s).") % {"event": event}, alone=True)
    return template


def value_of(message: Message, fact: str) -> str:
    """Return the text of a fact of a message, in pieces (see `fitting`); empty if the message does not have it."""
    if fact.startswith('"'):
        return fact.strip('"')
    if fact in ("title", "text"):
        return str(getattr(message, fact)).replace("|", "¦")
    if fact in SHORT_FORMS:
        return message.facts.get(fact, "") or (message.title.replace("|", "¦") if fact in ("what", "line") else "")
    # What people named with the sign that parts pieces: two flats 1|2 and 12 are not one.
    return message.facts.get(fact, "").replace("|", "¦")


def said_by(provider: str, code: object, words: str, said: Iterable[object]) -> str:
    """Return a provider's refusal for people: what it means, and the provider's own code and words."""
    own = " ".join(str(each) for each in (code, *said) if str(each))
    return (f"{provider}: {words} ({own})" if words else f"{provider}: {own}")[:200]


def masked(text: str) -> str:
    """Return the first and last characters of a text, with `…` between them."""
    return f"{text[:2]}…{text[-4:]}" if len(text) > 8 else f"{text[:1]}…"


def check_host(host: str) -> None:
    """Raise SendError if a host is in a private network and that is not allowed. So nobody can reach the landlord's own
    network by an address that they typed.
    """
    if settings.CONFIG.private_notices:
        return
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError) as error:
        raise SendError(
            _("The name %(host)s can't be found (%(why)s).") % {"host": host, "why": type(error).__name__}
        ) from None
    if not all(is_public(str(address)) for address in addresses):
        said = _(
            "%(host)s is in a private network, and the server does not send there. PREWATT_PRIVATE_NOTICES=allow permits it."
        )
        raise SendError(said % {"host": host}, lasting=True)


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global and not ip.is_multicast


def send_by_apprise(url: str, message: Message, **options: Any) -> None:
    """Send a message through the library Apprise. `url` is the account and address as Apprise writes them. Raises
    SendError if it can't be sent.
    """
    # Nothing is fetched from elsewhere for a picture, and nothing is kept on disk.
    asset = apprise.AppriseAsset(
        app_id="prewatt",
        app_desc="prewatt",
        app_url="",
        async_mode=False,
        pem_autogen=False,
        image_url_mask=None,
        image_url_logo=None,
    )
    sender = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if sender is None:
        raise SendError(_("This account can't be used. Check how it is written."), lasting=True)
    if message.attachment is not None:
        file = message.attachment
        held = AttachMemory(content=file.content, name=file.name, mimetype=file.type_)  # type: ignore[no-untyped-call]
        options["attach"] = apprise.AppriseAttachment([held])
    sender.socket_connect_timeout, sender.socket_read_timeout = TIMEOUT, TIMEOUT
    try:
        with apprise.LogCapture(level=apprise.logging.WARNING) as log:  # type: ignore[no-untyped-call]
            done = sender.notify(body=message.text, title=message.title, **options)
            said = log.getvalue()
    except Exception as error:
        # The library raises whatever it stumbles over.
        raise SendError(f"{type(error).__name__}: {error}") from None
    if not done:
        raise SendError(_last_line(said) or _("The service refused the message and did not say why."))


def _last_line(said: str) -> str:
    lines = [line.split(" - ")[-1] for line in said.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""
