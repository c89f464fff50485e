"""The templates that WeChat or an SMS service has approved for an organisation: which one carries which event."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from .channels import CHANNELS
from .channels.interface import Kind, Message, Template
from .events import Event
from .languages import languages
from .mapping import TemplateError
from .models import Channel, Recipient, SendingAccount, SendingTemplate
from .recipients import values_of
from .samples import contexts, message, usable


def templates_of(account: SendingAccount) -> QuerySet[SendingTemplate]:
    """An account's templates, of whoever carries its notices now."""
    return account.templates.filter(carrier=CHANNELS[account.kind].carrier(account.settings))


def keep_template(account: SendingAccount, event: str, language: str, given: str, text: str) -> SendingTemplate:
    """Let a template carry an event (all that have none of their own, if empty), or let another one. ValidationError names the
    field.
    """
    errors = {}
    if event and event not in Event.values:
        errors["event"] = _("There is no such choice.")
    if language and language not in languages():
        errors["language"] = _("There is no such choice.")
    given = given.strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", given):
        errors["template"] = _("This is no template id: copy it from the provider's page.")
    kind = CHANNELS[account.kind]
    fields: tuple[tuple[str, str], ...] = ()
    if not errors:
        try:
            fields = kind.read_fields(account.settings, text, usable(Event(event) if event else None))
        except TemplateError as error:
            errors["fields"] = str(error)
    if errors:
        raise ValidationError({name: [said] for name, said in errors.items()})
    made, _new = SendingTemplate.objects.update_or_create(
        account=account, carrier=kind.carrier(account.settings), event=event, language=language,
        defaults={"template": given, "fields": [list(each) for each in fields]},
    )  # fmt: skip
    return made


def as_lines(template: SendingTemplate) -> str:
    """The fields of a template as people type them."""
    return "\n".join(
        f"{name} = {fact + chr(34) if fact.startswith(chr(34)) else fact}" for name, fact in template.fields
    )


def as_template(row: SendingTemplate) -> Template:
    """A template as channels take it."""
    return Template(row.template, tuple((name, fact) for name, fact in row.fields))


def template_for(rows: Iterable[SendingTemplate], event: str, language: str) -> Template | None:
    """The template of some that carries an event in a language; None if none does. A test goes by any."""
    found = {(row.event, row.language): row for row in rows}
    for wanted in ((event, language), (event, ""), ("", language), ("", "")):
        if wanted in found:
            return as_template(found[wanted])
    return as_template(next(iter(found.values()))) if found and event == "test" else None


def with_template(account: SendingAccount, told: Message) -> Message:
    """A message with the template that carries it, where its way needs one."""
    if not CHANNELS[account.kind].templated(account.settings):
        return told
    return replace(told, template=template_for(templates_of(account), told.event, told.language))


def carrying(recipient: Recipient, event: Event, channels: Iterable[Channel]) -> list[Channel]:
    """Those of somebody's channels that can carry an event; all, if none can, so that it is seen that it has not gone."""
    known = {row.kind: row for row in SendingAccount.objects.filter(organisation=recipient.organisation_id)}

    def can(channel: Channel) -> bool:
        account, kind = known.get(channel.kind), CHANNELS.get(channel.kind)
        if account is None or kind is None or not kind.templated(account.settings):
            return True
        return template_for(templates_of(account), event, recipient.language) is not None

    every = list(channels)
    return [each for each in every if can(each)] or every


def sample(row: SendingTemplate, language: str) -> Message:
    """What a template carries, with figures of no real flat."""
    event = Event(row.event) if row.event else Event.LOW
    return message(event, language, contexts(event, language)[0], as_template(row))


def check(row: SendingTemplate, address: str, country: str, language: str, key: str) -> None:
    """Send a sample by a template to somebody. SendError says why not, in the provider's own words; ValidationError."""
    account = row.account
    kind: type[Kind] = CHANNELS[account.kind]
    try:
        read = kind.read_local(address, country)
    except ValueError as error:
        raise ValidationError({"address": [str(error)]}) from None
    kind.send(values_of(account), read, replace(sample(row, language), key=key))


def shown(row: SendingTemplate, language: str) -> list[tuple[str, str]]:
    """What each field of a template would show of a sample."""
    return CHANNELS[row.account.kind].filled(row.account.settings, sample(row, language))
