"""What payments ask of a provider, whoever it is. A provider knows its own rules and nothing of the database.

Amounts are in minor units of the currency (fen, cents), instants in µs since 1970.
"""

from __future__ import annotations

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...core.credential_fields import Field
from .methods import Method

log = logging.getLogger("prewatt.payments")
TIMEOUT = 15
"""Seconds that a provider is waited for."""
_AWAY = gettext_lazy(
    "%(who)s can't be reached now. As far as we know, nothing was done. Try again in a few minutes: nothing is "
    "done twice."
)
_UNREADABLE = gettext_lazy(
    "The answer of %(who)s can't be read. As far as we know, nothing was done. If this happens again, check the "
    "account's keys."
)


class ProviderError(Exception):
    """The provider can't be reached, or refuses; the message, for people, says why. Asking again does no harm."""


class CallbackError(ValueError):
    """A callback is not the provider's, or not for this merchant account: it changes nothing."""


@dataclass(frozen=True)
class Order:
    """A payment as it is asked for. `reference`: the provider's own name for it, once it has one. `payer`: who pays, where
    the provider must know (an openid).
    """

    payment_id: str
    amount: int
    currency: str
    subject: str
    method: str
    expires: datetime
    notify_url: str
    return_url: str
    reference: str = ""
    payer: str = ""
    payer_address: str = ""


@dataclass(frozen=True)
class Started:
    """How the payer goes on: at `link` (an address, or what a QR code holds), or with `params` in the provider's app."""

    link: str = ""
    reference: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


class State(StrEnum):
    """How a payment stands with its provider. Of one that is `REFUNDED` all went back to the payer, or an amount that the
    provider does not say: it is never to be credited.
    """

    OPEN = "open"
    PAID = "paid"
    REFUNDED = "refunded"
    CLOSED = "closed"


@dataclass(frozen=True)
class Told:
    """What a provider says of a payment. `provider_id`: of the transaction that paid it, at `at`. `gone`: what of it went
    back to the payer until now, in all; None: not said.
    """

    payment_id: str
    state: State
    provider_id: str = ""
    amount: int = 0
    currency: str = ""
    at: int = 0
    gone: int | None = None


class Cause(StrEnum):
    """Why money was taken back."""

    REFUND = "refund"
    DISPUTE = "dispute"
    RETURN = "return"


class Step(StrEnum):
    """How it stands with money that is taken back: it may yet be (`ASKED`), it was (`TAKEN`), it came back to the merchant
    (`WON`: a dispute that was won, a refund that failed), or it stays taken (`LOST`).
    """

    ASKED = "asked"
    TAKEN = "taken"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class Back:
    """What a provider says of money that is taken back from a merchant. `back_id`: its name, once in a merchant account; of
    a refund that was asked for here the number that it was given. Of the payment at least one of `payment_id` and
    `provider_id` is told. `amount`: what is taken, or came back, over zero. `fee`: what the provider keeps for it.
    """

    back_id: str
    cause: Cause
    step: Step
    payment_id: str
    provider_id: str
    amount: int
    currency: str
    at: int
    fee: int = 0
    reason: str = ""


class Line(NamedTuple):
    """A line of a provider's settlement file. `amount`: what it adds to what lies with the provider, but for a payment's
    fee: of a payment over zero, of a refund, a payout, a fee under it; what came back over it. `fee`: what the provider
    keeps. `back_id`: of a line of money taken back the name of that, where it is not the line's own. `text`: the
    provider's own word.
    """

    line_id: str
    kind: str
    payment_id: str
    provider_id: str
    amount: int
    fee: int
    currency: str
    at: int
    back_id: str = ""
    text: str = ""


PAYMENT, REFUND, DISPUTE, RETURN, FEE, PAYOUT = "payment", "refund", "dispute", "return", "fee", "payout"
ADJUSTMENT, RESERVE, OTHER = "adjustment", "reserve", "other"
"""Kinds of a line. A reserve is what the provider keeps back for a while, and what it gives free again."""


@dataclass(frozen=True)
class Answer:
    """What a provider wants to hear for a callback."""

    status: int
    body: str = ""
    content_type: str = "application/json"


class Provider(ABC):
    """A provider with the keys of one merchant account. Every method but the constructor and `read_callback` may raise
    ProviderError.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    methods: ClassVar[Mapping[str, Method]]
    """How a payer can pay, by name (12 characters at most)."""
    currencies: ClassVar[frozenset[str]]
    """Empty: any."""
    zone: ClassVar[str]
    """Whose days the settlement files are of."""
    address: ClassVar[str]
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    """What its library raises where the provider says no."""
    away: ClassVar[tuple[type[Exception], ...]] = (OSError,)
    """What its library raises where the provider can't be reached."""

    @abstractmethod
    def __init__(self, settings: Mapping[str, str], address: str = "") -> None:
        """`settings` by the names of `fields`. ValueError, for people, if a key can't be read."""

    @abstractmethod
    def create(self, order: Order) -> Started:
        """Ask for a payment. Twice with one payment id is one payment."""

    @abstractmethod
    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Told | Back | None:
        """What a callback says; None if it is genuine and says nothing of a payment or of money taken back. CallbackError if
        it is not genuine.
        """

    @abstractmethod
    def answer(self, taken: bool, why: str = "") -> Answer:
        """What to answer: taken, or to be sent again."""

    @abstractmethod
    def query(self, order: Order) -> Told:
        """How a payment stands."""

    @abstractmethod
    def close(self, order: Order) -> None:
        """Let a payment be paid no more."""

    @abstractmethod
    def refund(self, order: Order, provider_id: str, refund_id: str, amount: int, reason: str) -> None:
        """Send money of a payment back to who paid it. Twice with one refund id is one refund."""

    @abstractmethod
    def settlement(self, day: date) -> list[Line]:
        """The lines of a day's settlement file; none if nothing moved."""

    def payer_link(self, back: str) -> str:
        """Where the payer is asked who they are, and sent to `back` from; empty where nobody need know."""
        return ""

    def payer(self, code: str) -> str:
        """Who the payer is, from the code that came back."""
        return ""

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Whatever goes wrong while the provider is asked is a ProviderError, in words for people; what it was is in the log."""
        try:
            yield
        except ProviderError:
            raise
        except self.away as error:
            log.warning("%s can't be reached: %s: %s", self.title, type(error).__name__, error)
            raise ProviderError(_AWAY % {"who": self.title}) from None
        except self.refusals as error:
            raise refused(self.title, self.reason_of(error), str(error)) from None
        except Exception as error:
            # The libraries stumble over a broken or forged answer in whichever way.
            log.warning("%s's answer is not usable: %s: %s", self.title, type(error).__name__, error)
            raise ProviderError(_UNREADABLE % {"who": self.title}) from None

    def reason_of(self, refusal: Exception) -> str:
        """Why the provider says no, as it says itself."""
        return str(refusal)


_SENTENCE = re.compile(r"[^\W_][^_()<>{}=]*")
"""What a provider may say to people; a code is not for them."""


def refused(title: str, said: str, raw: str = "") -> ProviderError:
    """The provider says no: in its own words where they are `said` for people; all of it (`raw`) is in the log."""
    log.warning("%s says no: %s", title, raw or said)
    words = said.strip().rstrip(".")
    if not (_SENTENCE.fullmatch(words) and (" " in words or not words.isascii()) and len(words) <= 200):
        words = _("its reason is a code for programmers, which the server's log has")
    text = _("%(who)s refused: %(words)s. Nothing was done. You can try again.")
    return ProviderError(text % {"who": title, "words": words})


@contextmanager
def reading_callback() -> Iterator[None]:
    """Whatever is wrong with a callback's form makes it a CallbackError."""
    try:
        yield
    except CallbackError:
        raise
    except Exception as error:
        # The libraries raise whatever they stumble over in what a stranger has sent.
        raise CallbackError(f"it can't be read ({type(error).__name__})") from None


def pem(text: str, kind: str) -> str:
    """A key as PEM, given as such or as the bare base64 that providers' consoles show."""
    text = text.strip().replace("\r\n", "\n")
    if text.startswith("-----BEGIN"):
        return text
    bare = "".join(text.split())
    lines = "\n".join(bare[start : start + 64] for start in range(0, len(bare), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"
