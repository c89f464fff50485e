"""The templates that WeChat or an SMS service has approved for an organisation, and which event each carries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..core.sealing import SealError
from .channels import CHANNELS
from .channels.interface import Kind, Message, Template
from .events import Event
from .languages import languages
from .mapping import TemplateError
from .models import Channel, Recipient, SendingAccount, SendingTemplate
from .permissions import is_permitted
from .recipient_channels import address_of
from .samples import contexts, message, usable
from .sending_accounts import values_of


def templates_of(account: SendingAccount) -> QuerySet[SendingTemplate]:
    """Return an account's templates of the service that carries its notices now."""
    return account.templates.filter(carrier=CHANNELS[account.kind].carrier(account.settings))


def keep_template(account: SendingAccount, event: str, language: str, template: str, text: str) -> SendingTemplate:
    """Store which template carries an event. If `event` is empty, the template carries all events that have none of
    their own; if `language` is empty, all languages. `text` is the template as people pasted or typed it. A
    ValidationError names each field that is wrong.
    """
    template = template.strip()
    errors = _errors(event, language, template)
    kind = CHANNELS[account.kind]
    fields: tuple[tuple[str, str], ...] = ()
    if not errors:
        try:
            fields = kind.read_fields(account.settings, text, usable(Event(event) if event else None))
        except TemplateError as error:
            errors["fields"] = str(error)
    if errors:
        raise ValidationError({name: [said] for name, said in errors.items()})
    row, _is_new = SendingTemplate.objects.update_or_create(
        account=account,
        carrier=kind.carrier(account.settings),
        event=event,
        language=language,
        defaults={"template": template, "fields": [list(each) for each in fields]},
    )
    return row


def _errors(event: str, language: str, template: str) -> dict[str, str]:
    errors = {}
    if event and event not in Event.values:
        errors["event"] = _("There is no such choice.")
    if language and language not in languages():
        errors["language"] = _("There is no such choice.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", template):
        errors["template"] = _("This is not the id of a template. Copy the id from the provider's page.")
    return errors


def as_lines(template: SendingTemplate) -> str:
    """Return the fields of a template as people type them, a line each."""
    return "\n".join(
        f"{name} = {fact + chr(34) if fact.startswith(chr(34)) else fact}" for name, fact in template.fields
    )


def as_template(row: SendingTemplate) -> Template:
    """Return a template in the form that channels take."""
    return Template(row.template, tuple((name, fact) for name, fact in row.fields))


def template_for(rows: Iterable[SendingTemplate], event: str, language: str) -> Template | None:
    """Return the template that carries an event in a language; None if there is none. A test is carried by any
    template.
    """
    by_scope = {(row.event, row.language): row for row in rows}
    for wanted in ((event, language), (event, ""), ("", language), ("", "")):
        if wanted in by_scope:
            return as_template(by_scope[wanted])
    return as_template(next(iter(by_scope.values()))) if by_scope and event == "test" else None


def with_template(account: SendingAccount, message_: Message) -> Message:
    """Return a message with the template that carries it, if its channel needs one."""
    if not CHANNELS[account.kind].templated(account.settings):
        return message_
    return replace(message_, template=template_for(templates_of(account), message_.event, message_.language))


def carrying(recipient: Recipient, event: Event, channels: Iterable[Channel]) -> list[Channel]:
    """Return those of some channels that can carry an event now. If none can, all are returned, so that people see that it
    was not sent.
    """
    known = {row.kind: row for row in SendingAccount.objects.filter(organisation=recipient.organisation_id)}

    def can(channel: Channel) -> bool:
        account, kind = known.get(channel.kind), CHANNELS.get(channel.kind)
        if account is None or kind is None or not kind.templated(account.settings):
            return True
        template = template_for(templates_of(account), event, recipient.language)
        if template is None or not kind.counted:
            return template is not None
        try:
            return is_permitted(kind, account.settings, channel, address_of(channel), template.id)
        except SealError:
            # Sending says why.
            return True

    every = list(channels)
    return [each for each in every if can(each)] or every


def sample(row: SendingTemplate, language: str) -> Message:
    """Return what a template carries, with the figures of a made-up flat."""
    event = Event(row.event) if row.event else Event.LOW
    return message(event, language, contexts(event, language)[0], as_template(row))


def check(row: SendingTemplate, address: str, country: str, language: str, key: str) -> None:
    """Send a sample by a template to an address. SendError says why it could not be sent, in the provider's own words.
    Raises ValidationError if the address is wrong.
    """
    account = row.account
    kind: type[Kind] = CHANNELS[account.kind]
    try:
        to = kind.read_local(address, country)
    except ValueError as error:
        raise ValidationError({"address": [str(error)]}) from None
    kind.send(values_of(account), to, replace(sample(row, language), key=key))


def shown(row: SendingTemplate, language: str) -> list[tuple[str, str]]:
    """Return what each field of a template would show of a sample, as (field, text)."""
    return CHANNELS[row.account.kind].filled(row.account.settings, sample(row, language))
