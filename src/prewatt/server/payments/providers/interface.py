"""The interface of a payment provider. A provider knows its own rules and nothing of the database.

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
from .methods import ANYWHERE, Browser, Method

log = logging.getLogger("prewatt.payments")
TIMEOUT = 15
"""The seconds after which a provider counts as away."""
_AWAY = gettext_lazy(
    "%(who)s can't be reached now. As far as we know, nothing was done. Try again in a few minutes: nothing is "
    "done twice."
)
_UNREADABLE = gettext_lazy(
    "The answer of %(who)s can't be read. As far as we know, nothing was done. If this happens again, check the "
    "account's keys."
)


class ProviderError(Exception):
    """The provider cannot be reached, or refuses; the message, for people, says why. Asking again does no harm."""


class RefusedError(ProviderError):
    """The provider has answered, and has done nothing of what it was asked."""


class RefundClosedError(RefusedError):
    """The provider has closed a refund, whenever it was asked for it: the money has not gone back."""


class CallbackError(ValueError):
    """A callback does not come from the provider, or is for another merchant account. It changes nothing."""


@dataclass(frozen=True)
class Order:
    """A payment as the provider is asked for it. `reference`: the provider's own name for it, once it has one. `payer`:
    the payer's id (an openid), if the provider must know it; `payer_app`: the app at which the payer has this id, if it is
    not the merchant account's own.
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
    payer_app: str = ""


@dataclass(frozen=True)
class Signing:
    """A page of the provider's own mini program, in which a payer agrees: the id of the `app`, its `page`, and the `data` that it is
    opened with.
    """

    app: str
    page: str
    data: Mapping[str, str]


@dataclass(frozen=True)
class Started:
    """How the payer goes on: at `link` (an address, or the content of a QR code), with `params` in the provider's app, or in
    another mini program (`signing`).
    """

    link: str = ""
    reference: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    signing: Signing | None = None


@dataclass(frozen=True)
class Saving:
    """The question to a payer, asked once, whether later payments can be made without them. `saving_id`: its name, hexadecimal and
    unique in the merchant account. `reference`: the provider's own name for it, once it has one. `name`: what the payer reads
    there. `app`: the app of the provider in which the payer is, such as a mini program; empty in a browser.
    """

    saving_id: str
    currency: str
    return_url: str
    reference: str = ""
    notify_url: str = ""
    name: str = ""
    app: str = ""


@dataclass(frozen=True)
class Saved:
    """What a payer has agreed to. `token`: the secret by which the provider is asked for payments. `label`: how people know
    it, such as `Visa 4242`; empty if the provider's name is all that they know.
    """

    token: str
    label: str


class State(StrEnum):
    """The state of a payment at its provider. `REFUNDED`: all of it went back to the payer, or an amount that the
    provider does not say; such a payment must never be credited.
    """

    OPEN = "open"
    PAID = "paid"
    REFUNDED = "refunded"
    CLOSED = "closed"


@dataclass(frozen=True)
class PaymentReport:
    """A provider's report on a payment. `provider_id`: the transaction that paid it, at the instant `at`. `refunded`: how
    much of it went back to the payer until now, in all; None if the provider does not say. `refusal`: why the provider refused
    a payment without the payer, in its own words; empty if they are not for people.
    """

    payment_id: str
    state: State
    provider_id: str = ""
    amount: int = 0
    currency: str = ""
    at: int = 0
    refunded: int | None = None
    refusal: str = ""


@dataclass(frozen=True)
class Charged:
    """The state of a payment that was asked for without the payer. `reference`: the provider's name for it. `refusal`: why the
    provider refused it, in its own words; empty if it did not refuse, or the words are not for people.
    """

    report: PaymentReport
    reference: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class AgreementReport:
    """A provider's report on a payer's agreement: the payer has agreed (`is_on`), or has ended it at the provider. `token`: as
    in `Saved`.
    """

    saving_id: str
    is_on: bool
    token: str


class Cause(StrEnum):
    """The reasons for which money is taken back."""

    REFUND = "refund"
    DISPUTE = "dispute"
    RETURN = "return"


class Step(StrEnum):
    """The state of money that is taken back: it may yet be taken (`ASKED`), it is taken (`TAKEN`), it came back to the
    merchant (`WON`: a dispute that was won, a refund that failed), or it stays taken (`LOST`).
    """

    ASKED = "asked"
    TAKEN = "taken"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True)
class TakenBackReport:
    """A provider's report on money that is taken back from a merchant. `back_id`: its name, unique in a merchant
    account; for a refund that was asked for here, the number that we gave. At least one of `payment_id` and
    `provider_id` is set. `amount`: the amount that is taken or came back, over zero. `fee`: what the provider keeps for
    it.
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
    """A line of a provider's settlement file. `amount`: the change of the money at the provider, before a payment's
    fee: over zero for a payment and for what came back, below zero for a refund, a payout and a fee. `fee`: what the
    provider keeps. `back_id`: the name of the money taken back, if it is not the line's own. `text`: the provider's own
    words.
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
    """The answer that a provider expects for a callback."""

    status: int
    body: str = ""
    content_type: str = "application/json"


class Provider(ABC):
    """A provider with the keys of one merchant account. Every method except the constructor and `read_callback` may
    raise ProviderError.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    methods: ClassVar[Mapping[str, Method]]
    """The methods by which a payer can pay, by name (at most 12 characters)."""
    currencies: ClassVar[frozenset[str]]
    """The currency codes that it takes; empty for any."""
    zone: ClassVar[str]
    """The time zone in whose days the settlement files are."""
    address: ClassVar[str]
    saves_in: ClassVar[frozenset[Browser]] = ANYWHERE
    """The browsers in which a payer can agree to payments without them."""
    refusals: ClassVar[tuple[type[Exception], ...]] = ()
    """The exceptions of its library for a refusal."""
    away: ClassVar[tuple[type[Exception], ...]] = (OSError,)
    """The exceptions of its library if the provider cannot be reached."""

    @abstractmethod
    def __init__(self, settings: Mapping[str, str], address: str = "") -> None:
        """Take the `settings`, by the names of `fields`. `address`: the provider's address, if it is not the usual one.
        Raises ValueError, for people, if a key cannot be read.
        """

    @classmethod
    def saves(cls, settings: Mapping[str, str]) -> bool:  # noqa: ARG003
        """Return whether a merchant account can ask for payments without the payer, after they have agreed once. `settings`: those
        that are not secret. If False, `save`, `saved`, `charge` and `forget` must not be called.
        """
        return False

    @abstractmethod
    def create(self, order: Order) -> Started:
        """Ask for a payment. A repeated call with the same payment id is the same payment."""

    @abstractmethod
    def read_callback(
        self, headers: Mapping[str, str], body: bytes
    ) -> PaymentReport | TakenBackReport | AgreementReport | None:
        """Return what a callback reports; None if it is genuine and reports none of these things. Raises CallbackError
        if it is not genuine.
        """

    @abstractmethod
    def answer(self, taken: bool, why: str = "") -> Answer:
        """Return the answer to a callback: taken, or to be sent again because of `why`."""

    def answer_to(self, body: bytes, taken: bool, why: str = "") -> Answer:
        """Return the answer to a callback with this body; it differs from `answer` if a provider has several forms."""
        return self.answer(taken, why)

    @abstractmethod
    def query(self, order: Order) -> PaymentReport:
        """Return how a payment stands."""

    @abstractmethod
    def close(self, order: Order) -> None:
        """Close a payment, so that it cannot be paid any more."""

    @abstractmethod
    def refund(self, order: Order, provider_id: str, refund_id: str, amount: int, reason: str) -> None:
        """Send `amount` of a payment back to its payer. A repeated call with the same refund id is the same refund."""

    @abstractmethod
    def has_refund(self, order: Order, provider_id: str, refund_id: str) -> bool:
        """Return whether the provider has sent back a part of a payment, or is about to, under a refund id. False if it knows no
        such refund, or has closed it.
        """

    @abstractmethod
    def settlement(self, day: date) -> list[Line]:
        """Return the lines of a day's settlement file; an empty list if no money moved."""

    def payer_link(self, back: str, state: str) -> str:
        """Return the address at which the provider finds out who the payer is, and then sends them to `back` with `code` and
        `state`. Empty if the provider does not need to know the payer.
        """
        return ""

    def payer(self, code: str) -> str:
        """Return the payer's id, from the `code` with which they came back from `payer_link`."""
        return ""

    def method_in(self, app: str) -> str:
        """Return the name of the method by which payers pay in an app of the provider, such as a mini program. `app`: its id.
        Empty if the merchant account takes no payments there.
        """
        return ""

    def save(self, saving: Saving) -> Started:
        """Ask a payer to agree to later payments. A repeated call with the same `saving_id` is the same question."""
        raise NotImplementedError

    def saved(self, saving: Saving) -> Saved | None:
        """Return what the payer has agreed to; None if they have not, or not yet."""
        raise NotImplementedError

    def charge(self, order: Order, token: str) -> Charged:
        """Ask for a payment without the payer. A repeated call with the same payment id, within a day, is the same payment,
        and has the same answer.
        """
        raise NotImplementedError

    def forget(self, token: str) -> None:
        """End a payer's agreement, so that nothing more can be paid by it. A repeated call changes nothing."""
        raise NotImplementedError

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn every failure of a request to the provider into a ProviderError with words for people; the log has the
        details.
        """
        try:
            yield
        except ProviderError:
            raise
        except self.away as error:
            log.warning("%s can't be reached: %s: %s", self.title, type(error).__name__, error)
            raise ProviderError(_AWAY % {"who": _(self.title)}) from None
        except self.refusals as error:
            raise refused(self.title, self.reason_of(error), str(error), self.is_certain(error)) from None
        except Exception as error:
            # A broken or forged answer makes the libraries raise any kind of error.
            log.warning("%s's answer is not usable: %s: %s", self.title, type(error).__name__, error)
            raise ProviderError(_UNREADABLE % {"who": _(self.title)}) from None

    def reason_of(self, refusal: Exception) -> str:
        """Return the provider's own reason for a refusal."""
        return str(refusal)

    def is_certain(self, refusal: Exception) -> bool:
        """Return whether nothing was done for certain after a refusal of the provider's library."""
        return False


_SENTENCE = re.compile(r"[^\W_][^_()<>{}=]*")
"""The form of a reason that people may see. A code is not for them."""


def refused(title: str, reason: str, raw: str = "", is_certain: bool = False) -> ProviderError:
    """Return the error for a refusal by the provider. `title`: the provider's name; `reason`: its own words, which are used if
    they are for people; `raw`: all of its answer, for the log; `is_certain`: nothing was done for certain.
    """
    log.warning("%s says no: %s", title, raw or reason)
    words = for_people(reason) or _("the reason is a technical code, which is in the server's log")
    if is_certain:
        return RefusedError(
            _("%(who)s refused: %(words)s. Nothing was done. You can try again.") % {"who": _(title), "words": words}
        )
    text = _("%(who)s answered with an error: %(words)s. It may have been done all the same. You can try again.")
    return ProviderError(text % {"who": _(title), "words": words})


def for_people(reason: str) -> str:
    """Return a provider's reason as it can be shown to people, without a full stop; empty if it is a code."""
    words = reason.strip().rstrip(".")
    is_sentence = _SENTENCE.fullmatch(words) and (" " in words or not words.isascii()) and len(words) <= 200
    return words if is_sentence else ""


@contextmanager
def reading_callback() -> Iterator[None]:
    """Turn every failure to read a callback into a CallbackError."""
    try:
        yield
    except CallbackError:
        raise
    except Exception as error:
        # What a stranger has sent makes the libraries raise any kind of error.
        raise CallbackError(f"it can't be read ({type(error).__name__})") from None
