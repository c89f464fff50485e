"""SMS: one channel for the recipients, carried by the sender that the organisation has chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...core.credential_fields import Field
from ...core.phone_numbers import read_phone
from .interface import Kind, Message, SendError
from .senders import SENDERS
from .senders.interface import Sender, TemplateSender


class Sms(Kind):
    """A phone number that SMS are sent to."""

    name = "sms"
    title = _("SMS")
    address = _("phone number, +49…")
    fields = (
        Field(
            "sender",
            _("Sent by"),
            optional=True,
            choices=tuple((name, each.title) for name, each in SENDERS.items()),
        ),
    )

    @classmethod
    def fields_of(cls, account: Mapping[str, str]) -> tuple[Field, ...]:
        """Return the fields that the account's sender needs, after the choice of the sender."""
        sender = SENDERS.get(account.get("sender") or next(iter(SENDERS)))
        return (*cls.fields, *sender.fields) if sender else cls.fields

    @classmethod
    def templated(cls, account: Mapping[str, str]) -> bool:
        """Return whether the account's sender sends only approved templates."""
        return _sender(account).templated

    @classmethod
    def read_fields(cls, account: Mapping[str, str], text: str, usable: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return the parameters of a template as (parameter, fact); nothing for a sender without templates. Raises
        TemplateError.
        """
        sender = _sender(account)
        return sender.read_fields(text, usable) if issubclass(sender, TemplateSender) else ()

    @classmethod
    def filled(cls, account: Mapping[str, str], message: Message) -> list[tuple[str, str]]:
        """Return the parameters of the message's template as (parameter, text); nothing for a sender without templates."""
        sender = _sender(account)
        return sender.filled(account, message) if issubclass(sender, TemplateSender) else []

    @classmethod
    def carrier(cls, account: Mapping[str, str]) -> str:
        """Return the name of the account's sender."""
        return _sender(account).name

    @staticmethod
    def read_address(text: str) -> str:
        """Return a phone number with its country code, such as +4915112345671. Raises ValueError, for people."""
        return read_phone(text)

    @classmethod
    def read_local(cls, text: str, country: str) -> str:
        """Return a phone number that was typed in a country, with its country code. Raises ValueError, for people."""
        return read_phone(text, country)

    @staticmethod
    def shown(address: str) -> str:
        """Return the first and the last three characters of a number: +49…671."""
        return f"{address[:3]}…{address[-3:]}"

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        """Check the fields of the account's sender. Raises ValueError, for people."""
        _sender(account).check_account(account)

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        """Send an SMS by the account's sender. Raises SendError if it can't be sent."""
        _sender(account).send(account, address, message)


def _sender(account: Mapping[str, str]) -> type[Sender]:
    sender = SENDERS.get(account.get("sender") or next(iter(SENDERS)))
    if sender is None:
        raise SendError(_now("The chosen sender of SMS does not exist any more. Choose another one."), lasting=True)
    return sender
