"""The doctor's check of the journal."""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding, State
from ..loading import MENDED_BY
from ..texts import _
from .finding import Gateway


def check_journal(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether the agent can go on from its journal."""
    journal = gateway.journal
    if journal.is_damaged:
        yield Finding(
            _("journal"), State.BAD, _("it is damaged: %(trouble)s") % {"trouble": journal.trouble}, _(MENDED_BY)
        )
    elif journal.is_newer:
        advice = _("Install the newer release again (prewatt edge install). The journal is as it was")
        yield Finding(_("journal"), State.BAD, journal.trouble, advice)
    elif journal.trouble:
        yield Finding(_("journal"), State.SKIPPED, journal.trouble)
    else:
        yield Finding(
            _("journal"),
            State.OK,
            _("%(entries)s entries of %(count)s meters are whole")
            % {"entries": journal.entries, "count": len(gateway.settings.meters)},
        )
    for each in journal.broken:
        yield Finding(_("journal"), State.WARN, each)
