"""The doctor's check of the service that runs the agent."""

from __future__ import annotations

from collections.abc import Iterator

from ...findings import Finding, State
from ..machine import systemd
from ..machine.installing import UNITS, Machine, described_service
from ..machine.unit import UnitError, unit_text
from ..texts import _
from .finding import Gateway

ENDED_WITH_3 = "3"


def check_service(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether systemd runs the agent, by the unit that fits its settings."""
    machine = Machine()
    if not machine.systemd:
        words = (
            _("systemd does not run on this machine, so it does not start the agent; an agent runs")
            if gateway.is_running
            else _("systemd does not run on this machine, so it does not start the agent; no agent runs")
        )
        advice = _("Let what starts the programs of this machine start the agent, too: prewatt edge run --config FILE")
        yield Finding(_("service"), State.SKIPPED, words, advice)
        return
    try:
        service = described_service(gateway.folder, machine)
        text = unit_text(service)
    except UnitError as error:
        yield Finding(_("service"), State.WARN, str(error), _("Put the folder there, and type `prewatt edge install`"))
        return
    unit = machine.root / UNITS / service.unit
    if not unit.exists():
        yield Finding(
            _("service"),
            State.WARN,
            _("the agent is not installed as a service, so it does not start with the machine"),
            "prewatt edge install",
        )
        return
    if unit.read_text() != text:
        yield Finding(
            _("service"),
            State.WARN,
            _("its systemd unit was made for other settings or another release"),
            "prewatt edge install",
        )
    now = systemd.state(service.unit)
    if now.get("ActiveState") == "active":
        yield Finding(
            _("service"), State.OK, _("it runs: %(words)s") % {"words": now.get("StatusText") or _("no status yet")}
        )
    elif now.get("ActiveState") == "failed" and now.get("ExecMainStatus") == ENDED_WITH_3:
        yield Finding(
            _("service"),
            State.BAD,
            _("the journal is damaged"),
            _("See the check of the journal, and docs/installer/gateway.md"),
        )
    else:
        words = _("it does not run (%(state)s, status %(status)s)") % {
            "state": now.get("SubState"),
            "status": now.get("ExecMainStatus"),
        }
        yield Finding(
            _("service"),
            State.BAD,
            words,
            _("journalctl -u %(unit)s says why. Then: systemctl start %(unit)s") % {"unit": service.unit},
        )
