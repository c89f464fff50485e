"""The doctor's check of the gateways: which are heard, and which are not enrolled yet."""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...server.metering.models import Gateway
from ...terminal_texts import _, ngettext
from .words import first_of, instant_in_utc, shown_in_utc


def check_gateways(_config: ServerConfig) -> Iterator[Finding]:
    """Yield which gateways are not heard, or that all are, and how many are not enrolled yet."""
    name = _("gateways")
    rows = Gateway.objects.filter(is_revoked=False, property__archived_at=None)
    enrolled = list(rows.exclude(public_key=None).order_by("name").values_list("name", "is_online", "heard_at"))
    waiting = rows.filter(public_key=None).count()
    silent = [
        f"{each} ({shown_in_utc(instant_in_utc(at)) if at else _('never')})"
        for each, online, at in enrolled
        if not online
    ]
    if silent:
        words = _(
            "offline, %(count)s of %(all)s: %(names)s. The times are those of the last message",
            count=len(silent),
            all=len(enrolled),
            names=first_of(silent),
        )
        yield Finding(
            name, State.WARN, words, _("Run at the gateway: prewatt edge doctor. Its meters go on without the server")
        )
    elif enrolled:
        yield Finding(name, State.OK, ngettext("%(number)s is online", "all %(number)s are online", len(enrolled)))
    if not enrolled and not waiting:
        advice = _("Set a building up: in a browser under /begin/, or prewatt setup")
        yield Finding(name, State.WARN, _("there is none yet"), advice)
    if waiting:
        words = ngettext("%(number)s is not enrolled yet", "%(number)s are not enrolled yet", waiting)
        yield Finding(
            name,
            State.WARN,
            words,
            _(
                "Make a code, on the building's page Flats and gateways or by prewatt gateway code NAME. On the gateway: "
                "prewatt edge enrol"
            ),
        )
