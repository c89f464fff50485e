"""The whole examination: the settings first, and then every check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from ... import folder
from ...findings import Finding, State
from ..settings import SettingsError, load_settings
from ..texts import _
from .adapters import check_ports
from .bluetooth import check_bluetooth
from .broker import check_broker
from .clock import check_clock
from .disk import check_disk
from .finding import Check, Gateway, examined, owner
from .journal import read_journal
from .journal_health import check_journal
from .meters import check_meters
from .page import check_page
from .service import check_service
from .state_folder import check_state_folder

CHECKS: tuple[Check, ...] = (
    check_service,
    check_state_folder,
    check_disk,
    check_journal,
    check_clock,
    check_ports,
    check_meters,
    check_broker,
    check_page,
    check_bluetooth,
)


def examine(config: Path) -> Iterator[Finding]:
    """Yield what is found, check by check. An agent that is started meanwhile waits until the end."""
    try:
        settings = load_settings(config)
    except SettingsError as error:
        advice = (
            _("Enrol this gateway (prewatt edge enrol)")
            if not config.exists()
            else _("Correct the setting that is named")
        )
        yield Finding(_("settings"), State.BAD, str(error), advice)
        return
    yield Finding(
        _("settings"),
        State.OK,
        _("%(config)s: gateway %(gateway)s, %(count)s meters")
        % {"config": config, "gateway": settings.gateway, "count": len(settings.meters)},
    )
    home = config.absolute().parent
    with ExitStack() as stack:
        try:
            stack.enter_context(folder.alone(home))
            is_running = False
        except folder.BusyError:
            is_running = True
        journal = read_journal(settings, is_running)
        yield from examined(Gateway(config, settings, is_running, owner(home), journal), CHECKS)
