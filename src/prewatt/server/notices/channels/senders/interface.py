"""What a sender of SMS must be able to do, and what is common to those that send only approved templates."""

from __future__ import annotations

import hashlib
import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import requests
from django.utils.translation import gettext_lazy as _

from ....core.credential_fields import Field
from ...facts import MOMENTS, MONEY, NUMBERS
from ...fitting import alphabet, fit, fit_segment, keep_end
from ...mapping import read_text
from ..interface import TIMEOUT, Message, SendError, needed, no_answer, said_by, value_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAINLAND = "+86"
SHORT_CODE = 24
"""The characters of a code with its blanks."""
SHORT_MOMENT = 16
"""The characters of a day and an hour."""


LIKE = str.maketrans({"–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "°": "", "\u00a0": " "})
"""Characters that would make two SMS of one, and what replaces them."""


def sms_text(message: Message) -> str:
    """Return the text of an SMS. Optional pieces are left out if the text fits one SMS then."""
    text = message.facts.get("sms") or f"{message.title}\n{message.text}".replace("|", "¦")
    if message.link and message.short:
        text = text.replace(message.link, message.short)
    plain = text.translate(LIKE)
    return fit_segment(plain if alphabet(plain) == "GSM-7" else text).replace("¦", "|")


class Sender(ABC):
    """A service that carries SMS. `fields` are what its account needs."""

    name: ClassVar[str]
    title: ClassVar[str | _StrPromise]
    fields: ClassVar[tuple[Field, ...]]
    templated: ClassVar[bool] = False

    @classmethod
    def check_account(cls, account: Mapping[str, str]) -> None:
        """Check an account's fields. Raises ValueError, for people, if they can't be right."""

    @classmethod
    @abstractmethod
    def send(cls, account: Mapping[str, str], number: str, message: Message) -> None:
        """Send an SMS to a number such as +8613800138000, once. Raises SendError if it can't be sent."""


class Why(StrEnum):
    """The reasons for which a service refuses an SMS."""

    KEYS = "keys"
    BALANCE = "balance"
    BUSY = "busy"
    TOO_MANY = "too many"
    NAME = "name"
    TEMPLATE = "template"
    VALUES = "values"
    OFTEN = "often"
    NUMBER = "number"
    BLOCKED = "blocked"
    ABROAD = "abroad"


WORDS = {
    Why.KEYS: _("the keys are wrong, or they do not allow sending"),
    Why.BALANCE: _("the account has no money or no messages left: top it up"),
    Why.BUSY: _("the service is busy"),
    Why.TOO_MANY: _("the account has reached its limit for today"),
    Why.NAME: _("the sign name is not approved"),
    Why.TEMPLATE: _("the template is not approved, or is of another type"),
    Why.VALUES: _("the parameters do not fit the template"),
    Why.OFTEN: _("this number has got too many messages for now"),
    Why.NUMBER: _("there is no such number"),
    Why.BLOCKED: _("this number is on a list of numbers that take no messages"),
    Why.ABROAD: _("the account may not send to numbers of other countries"),
}
LASTING = (Why.NUMBER, Why.BLOCKED)
"""Reasons for which trying again will not help. What the landlord can mend is tried again meanwhile."""
ALONE = (Why.TEMPLATE, Why.VALUES, Why.OFTEN, Why.ABROAD)
"""Reasons that do not concern other messages."""


class Request(NamedTuple):
    """A signed request."""

    url: str
    headers: dict[str, str]
    body: bytes


class TemplateSender(Sender):
    """A cloud that sends only approved templates, under an approved sign name.

    `ordered`: the parameters of a template are known only by their order. `whole_moments`: a parameter can be a day and
    an hour; otherwise the hour is a parameter of its own (`clock`). `forbidden`: characters that a parameter can't
    have. `refusals`: the reason for each of the cloud's codes; a code `a.b` that is not in it has the reason of `a`.
    """

    templated = True
    ordered: ClassVar[bool] = True
    whole_moments: ClassVar[bool] = True
    forbidden: ClassVar[str] = "【】[]"
    refusals: ClassVar[Mapping[str, Why]]

    @classmethod
    def longest(cls, account: Mapping[str, str]) -> int:  # noqa: ARG003
        """Return the most characters of a parameter."""
        return 20

    @classmethod
    def read_fields(cls, text: str, usable: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return the parameters of a template as (parameter, fact). Raises TemplateError."""
        return read_text(text, usable, cls.ordered)

    @classmethod
    def filled(cls, account: Mapping[str, str], message: Message) -> list[tuple[str, str]]:
        """Return the parameters of the message's template as (parameter, text)."""
        most = cls.longest(account)
        fields = needed(message.template, message.event).fields
        return [(name, cls._value(fact, message, most)) for name, fact in fields]

    @classmethod
    def _value(cls, fact: str, message: Message, most: int) -> str:
        text = value_of(message, fact)
        if fact in NUMBERS:
            return _figure(fact, text)
        if fact in MOMENTS:
            if not cls.whole_moments:
                return text[:10]
            return text[5:] if len(text) == SHORT_MOMENT > most else text
        if fact == "code":
            return (text if most >= SHORT_CODE else text.replace(" ", "")) or "-"
        plain = re.sub(r"https?://\S+", "", " ".join(text.split())).translate(dict.fromkeys(map(ord, cls.forbidden)))
        return (keep_end(plain, most) if fact == "room" else fit(plain, most)).replace("¦", " ").strip() or "-"

    @classmethod
    @abstractmethod
    def request(cls, account: Mapping[str, str], number: str, message: Message) -> Request:
        """Return the signed request for a message."""

    @classmethod
    @abstractmethod
    def answered(cls, answer: Mapping[str, Any]) -> tuple[str, str]:
        """Return (code, words) of an answer. The code is empty if the message was accepted."""

    @classmethod
    def send(cls, account: Mapping[str, str], number: str, message: Message) -> None:
        """Send an SMS. Raises SendError if the cloud can't be reached or refuses it."""
        asked = cls.request(account, number, message)
        try:
            answer = requests.post(
                asked.url, data=asked.body, headers=asked.headers, timeout=TIMEOUT, allow_redirects=False
            ).json()
            code, said = cls.answered(answer)
        except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise no_answer(cls.title, error) from None
        if code:
            raise cls.refused(code, said)

    @classmethod
    def refused(cls, code: str, said: str) -> SendError:
        """Return the error for a refusal: what it means, and the cloud's own code and words."""
        why = cls.refusals.get(code) or cls.refusals.get(code.partition(".")[0])
        words = str(WORDS[why]) if why else ""
        return SendError(said_by(str(cls.title), code, words, [said]), lasting=why in LASTING, alone=why in ALONE)


def _figure(fact: str, text: str) -> str:
    """Return a figure as the clouds take it: none of them takes one below 0. What is owed is said by `line`."""
    return "0" if not text or (fact in MONEY and text.startswith("-")) else text


def sha256(content: bytes | str) -> str:
    """Return the SHA-256 hash of a content in lower case hex."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def hmac_sha256(key: bytes | str, text: str) -> bytes:
    """Return the HMAC-SHA256 of a text under a key."""
    return hmac.new(key.encode() if isinstance(key, str) else key, text.encode(), hashlib.sha256).digest()


def canonical(method: str, path: str, query: str, headers: Mapping[str, str], hashed_body: str) -> tuple[str, str]:
    """Return (canonical request, names of the signed headers). The three clouds write them in the same way."""
    rows = sorted((name.lower(), value.strip()) for name, value in headers.items())
    signed = ";".join(name for name, _value in rows)
    lines = "".join(f"{name}:{value}\n" for name, value in rows)
    return "\n".join((method, path, query, lines, signed, hashed_body)), signed


def dialled(number: str) -> str:
    """Return a number as it is dialled in mainland China. A number of another country keeps its country code, without
    +.
    """
    return number.removeprefix(MAINLAND).removeprefix("+")
