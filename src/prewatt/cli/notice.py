"""The commands `prewatt notice`: previews of notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from ..server.notices.events import Event
from ..server.notices.languages import languages
from ..server.notices.preview import WAYS
from ..server.notices.preview import preview as preview_texts
from ..terminal_texts import _
from .command import CommandError, group
from .on_server import ModelsCommand

app = group()
LANGUAGES = list(languages())


@app.command(cls=ModelsCommand)
def preview(
    events: Annotated[
        list[str] | None,
        typer.Option("--event", help="Print only this event, such as low. Repeat the option for more events."),
    ] = None,
    languages: Annotated[
        list[str] | None,
        typer.Option(
            "--language", help=f"Print only this language: {' or '.join(LANGUAGES)}. Repeat the option for more."
        ),
    ] = None,
    ways: Annotated[
        list[str] | None,
        typer.Option("--way", help=f"Print only this way: {', '.join(WAYS)}. Repeat the option for more."),
    ] = None,
) -> None:
    """Print the text of every notice, as SMS, e-mail and the other ways send it.

    Each text comes with the number of SMS it needs, and the lengths of WeChat's fields.
    """
    for line in preview_notices(events or [], languages or [], ways or []):
        typer.echo(line)


def preview_notices(events: Sequence[str], languages: Sequence[str], ways: Sequence[str]) -> list[str]:
    """Return the texts of notices as each way sends them; all of them if nothing is chosen. Raises
    CommandError that names an unknown choice.
    """
    choices = (("--event", events, Event.values), ("--language", languages, LANGUAGES), ("--way", ways, WAYS))
    for option, chosen, known in choices:
        for choice in chosen:
            if choice not in known:
                raise CommandError(
                    _(
                        "%(option)s: '%(choice)s' is not known. Known values: %(known)s",
                        option=option,
                        choice=choice,
                        known=", ".join(known),
                    )
                )
    wanted = [event for event in Event if not events or event.value in events]
    return list(preview_texts(wanted, list(languages or LANGUAGES), list(ways or WAYS)))
