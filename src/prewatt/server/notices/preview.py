"""Shows the texts of notices as each channel would carry them, for people who want to read them beforehand: `prewatt
notice preview`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from .channels.interface import Message, Template
from .channels.senders.interface import sms_text
from .channels.wechat import WeChat
from .channels.wechat_fields import LENGTHS, kind_of
from .channels.wecom import LONGEST, content
from .events import Event
from .fitting import alphabet, places, segments
from .samples import messages, usable

WAYS = ("email", "push", "sms", "wechat", "wecom")
"""The ways that can be shown. Web push and webhooks carry the same title and text as an e-mail."""
FIELDS = (
    ("thing1", "room"), ("phrase2", "what"), ("amount3", "amount"), ("character_string4", "energy"), ("time5", "time"),
    ("thing6", "do"), ("thing7", "line"),
)  # fmt: skip
"""A WeChat template as `docs/landlord/notices.md` suggests it. An event fills the fields that it has facts for."""


def template(event: Event) -> Template:
    """Return a WeChat template for an event, with the fields that the event can fill."""
    have = usable(event)
    return Template("preview", tuple((field, fact) for field, fact in FIELDS if fact in have))


def as_wechat(event: Event, message: Message) -> list[tuple[str, str]]:
    """Return the fields that WeChat shows of a notice, as (field, text)."""
    return WeChat.filled({}, Message(**{**message.__dict__, "template": template(event)}))


def preview(events: list[Event], languages: list[str], ways: list[str]) -> Iterator[str]:
    """Yield the lines to be read, for each event, language and way."""
    for event, language in product(events, languages):
        for number, message in enumerate(messages(event, language), 1):
            yield f"== {event.value} · {language} · {number}"
            yield from (f"{way:7}{line}" for way in ways for line in _by(way, event, message))
            yield ""


def _by(way: str, event: Event, message: Message) -> list[str]:
    if way == "sms":
        text = sms_text(message)
        return [f"{text}  [{segments(text)} SMS, {places(text)} {alphabet(text)}]"]
    if way == "wechat":
        return [f"{name}: {text}  [{len(text)}/{LENGTHS[kind_of(name)]}]" for name, text in as_wechat(event, message)]
    lines = [message.title, *message.text.splitlines()]
    return [*lines, f"[{len(content(message).encode())}/{LONGEST} bytes]"] if way == "wecom" else lines
