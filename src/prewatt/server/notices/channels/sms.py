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
        found = SENDERS.get(account.get("sender") or next(iter(SENDERS)))
        return (*cls.fields, *found.fields) if found else cls.fields

    @classmethod
    def templated(cls, account: Mapping[str, str]) -> bool:
        return _sender(account).templated

    @classmethod
    def read_fields(cls, account: Mapping[str, str], text: str, usable: Collection[str]) -> tuple[tuple[str, str], ...]:
        sender = _sender(account)
        return sender.read_fields(text, usable) if issubclass(sender, TemplateSender) else ()

    @classmethod
    def filled(cls, account: Mapping[str, str], message: Message) -> list[tuple[str, str]]:
        sender = _sender(account)
        return sender.filled(account, message) if issubclass(sender, TemplateSender) else []

    @classmethod
    def carrier(cls, account: Mapping[str, str]) -> str:
        return _sender(account).name

    @staticmethod
    def read_address(text: str) -> str:
        return read_phone(text)

    @classmethod
    def read_local(cls, text: str, country: str) -> str:
        return read_phone(text, country)

    @staticmethod
    def shown(address: str) -> str:
        return f"{address[:3]}…{address[-3:]}"

    @staticmethod
    def check_account(account: Mapping[str, str]) -> None:
        _sender(account).check_account(account)

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:
        _sender(account).send(account, address, message)


def _sender(account: Mapping[str, str]) -> type[Sender]:
    found = SENDERS.get(account.get("sender") or next(iter(SENDERS)))
    if found is None:
        raise SendError(_now("The chosen sender of SMS does not exist any more. Choose another one."), lasting=True)
    return found
