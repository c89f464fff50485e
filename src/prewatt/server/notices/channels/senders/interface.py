"""What SMS asks of a sender, whichever it is; and what those have in common that send approved templates only."""

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
from ..interface import TIMEOUT, Message, SendError, needed, said_by, value_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAINLAND = "+86"
SHORT_CODE = 24
"""Characters of a code with its blanks."""
SHORT_MOMENT = 16
"""Characters of a day and an hour."""


LIKE = str.maketrans({"–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "°": "", "\u00a0": " "})
"""Signs that alone would make two SMS of one."""


def sms_text(message: Message) -> str:
    """What an SMS says: what may go goes, so that it is one SMS where that can be."""
    text = message.facts.get("sms") or f"{message.title}\n{message.text}".replace("|", "¦")
    plain = text.translate(LIKE)
    return fit_segment(plain if alphabet(plain) == "GSM-7" else text).replace("¦", "|")


class Sender(ABC):
    """Who carries an SMS."""

    name: ClassVar[str]
    title: ClassVar[str | _StrPromise]
    fields: ClassVar[tuple[Field, ...]]
    templated: ClassVar[bool] = False

    @classmethod
    def check_account(cls, account: Mapping[str, str]) -> None:
        """ValueError, for people, if an account can't be such."""

    @classmethod
    @abstractmethod
    def send(cls, account: Mapping[str, str], number: str, message: Message) -> None:
        """Send to a number such as +8613800138000, once. SendError if it can't be."""


class Why(StrEnum):
    """Why an SMS is refused."""

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
    Why.KEYS: _("the keys are wrong, or may not send"),
    Why.BALANCE: _("the account has no money or no messages left: top it up"),
    Why.BUSY: _("the service is busy"),
    Why.TOO_MANY: _("the account has sent all that it may today"),
    Why.NAME: _("the sign name is not approved"),
    Why.TEMPLATE: _("the template is not approved, or its type is another one"),
    Why.VALUES: _("the parameters are not as the template wants them"),
    Why.OFTEN: _("this number has had as many messages as it may for now"),
    Why.NUMBER: _("there is no such number"),
    Why.BLOCKED: _("this number takes no messages: it is on a list of those that don't"),
    Why.ABROAD: _("the account may not send to numbers of other countries"),
}
LASTING = (Why.NUMBER, Why.BLOCKED)
"""Trying again will not help. What the landlord can mend is tried again meanwhile."""
ALONE = (Why.TEMPLATE, Why.VALUES, Why.OFTEN, Why.ABROAD)
"""Others may go."""


class Request(NamedTuple):
    """A signed request."""

    url: str
    headers: dict[str, str]
    body: bytes


class TemplateSender(Sender):
    """A cloud that sends nothing but approved templates, under an approved sign name."""

    templated = True
    ordered: ClassVar[bool] = True
    """Whether the parameters of a template are known by their order alone."""
    whole_moments: ClassVar[bool] = True
    """Whether a parameter can be a day and an hour; otherwise the hour is one of its own (`clock`)."""
    forbidden: ClassVar[str] = "【】[]"
    """Signs that a parameter can't have."""
    refusals: ClassVar[Mapping[str, Why]]
    """What its codes mean; of `a.b` also `a`."""

    @classmethod
    def longest(cls, account: Mapping[str, str]) -> int:  # noqa: ARG003
        """Characters of a parameter."""
        return 20

    @classmethod
    def read_fields(cls, text: str, usable: Collection[str]) -> tuple[tuple[str, str], ...]:
        """The parameters of a template. TemplateError."""
        return read_text(text, usable, cls.ordered)

    @classmethod
    def filled(cls, account: Mapping[str, str], message: Message) -> list[tuple[str, str]]:
        """The parameters of the message's template."""
        most = cls.longest(account)
        fields = needed(message.template, message.event).fields
        return [(name, cls._value(fact, message, most)) for name, fact in fields]

    @classmethod
    def _value(cls, fact: str, message: Message, most: int) -> str:
        text = value_of(message, fact)
        if fact in NUMBERS:
            # None of them takes a figure below 0: what is owed is said by `line`.
            return "0" if not text or (fact in MONEY and text.startswith("-")) else text
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
        """The signed request for a message."""

    @classmethod
    @abstractmethod
    def answered(cls, answer: Mapping[str, Any]) -> tuple[str, str]:
        """(code, what is said) of an answer; an empty code if the message is taken."""

    @classmethod
    def send(cls, account: Mapping[str, str], number: str, message: Message) -> None:
        asked = cls.request(account, number, message)
        try:
            answer = requests.post(
                asked.url, data=asked.body, headers=asked.headers, timeout=TIMEOUT, allow_redirects=False
            ).json()
            code, said = cls.answered(answer)
        except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise SendError(f"{cls.title}: {type(error).__name__}") from None
        if code:
            raise cls.refused(code, said)

    @classmethod
    def refused(cls, code: str, said: str) -> SendError:
        """A refusal, for people: what it means, and the cloud's own words."""
        why = cls.refusals.get(code) or cls.refusals.get(code.partition(".")[0])
        words = str(WORDS[why]) if why else ""
        return SendError(said_by(str(cls.title), code, words, [said]), lasting=why in LASTING, alone=why in ALONE)


def sha256(content: bytes | str) -> str:
    """In lower case hex, as all three want it."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def hmac_sha256(key: bytes | str, text: str) -> bytes:
    """A keyed hash."""
    return hmac.new(key.encode() if isinstance(key, str) else key, text.encode(), hashlib.sha256).digest()


def canonical(method: str, path: str, query: str, headers: Mapping[str, str], hashed_body: str) -> tuple[str, str]:
    """(canonical request, signed headers), which all three write the same way."""
    rows = sorted((name.lower(), value.strip()) for name, value in headers.items())
    signed = ";".join(name for name, _value in rows)
    lines = "".join(f"{name}:{value}\n" for name, value in rows)
    return "\n".join((method, path, query, lines, signed, hashed_body)), signed


def dialled(number: str) -> str:
    """A number as it is dialled in mainland China: that of another country with the country, without +."""
    return number.removeprefix(MAINLAND).removeprefix("+")
