"""SMS: one way for whoever is told, by the sender that the organisation has."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...account_fields import Field
from .interface import Kind, Message, SendError
from .senders import SENDERS
from .senders.interface import MAINLAND, Sender, TemplateSender

CHINA = "CN"
MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})", re.ASCII)
"""A mobile number of mainland China, with or without its country."""


class Sms(Kind):
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
        bare = re.sub(r"[\s()/.-]", "", text)
        if not re.fullmatch(r"\+[1-9]\d{6,14}", bare, re.ASCII):
            raise ValueError(_now("A phone number is written with its country: +49 30 1234567."))
        return bare

    @classmethod
    def read_local(cls, text: str, country: str) -> str:
        mobile = MOBILE.fullmatch(re.sub(r"[\s()/.-]", "", text)) if country == CHINA else None
        return MAINLAND + mobile[1] if mobile else cls.read_address(text)

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
        raise SendError(_now("There is no such sender of SMS any more."), lasting=True)
    return found
