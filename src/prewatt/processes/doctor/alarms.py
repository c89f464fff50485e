"""The doctor's check of the alarms that are open."""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...server.metering.models import Alarm
from ...terminal_texts import _, ngettext
from .words import first_of


def check_alarms(_config: ServerConfig) -> Iterator[Finding]:
    """Yield how many alarms are open, and of which kinds."""
    rows = Alarm.objects.filter(is_resolved=False)
    count = rows.count()
    if not count:
        yield Finding(_("alarms"), State.OK, _("none is open"))
        return
    words = ngettext("%(number)s is open", "%(number)s are open", count)
    kinds = rows.order_by("kind").values_list("kind", flat=True).distinct()
    advice = _("The page Alarms of each building says what to do. Kinds: %(kinds)s", kinds=first_of(list(kinds)))
    yield Finding(_("alarms"), State.WARN, words, advice)
