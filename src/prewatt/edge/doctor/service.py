"""The doctor's check of the service that runs the agent."""

from __future__ import annotations

from collections.abc import Iterator

from ..machine import systemd
from ..machine.installing import UNITS, Machine, described_service
from ..machine.unit import UnitError, unit_text
from .finding import Finding, Gateway, State

ENDED_WITH_3 = "3"


def check_service(gateway: Gateway) -> Iterator[Finding]:
    """Whether systemd runs the agent, by the unit that fits its settings."""
    machine = Machine()
    if not machine.systemd:
        words = "an agent runs" if gateway.is_running else "no agent runs"
        yield Finding("service", State.SKIPPED, f"systemd does not run here; {words}")
        return
    try:
        service = described_service(gateway.folder, machine)
        text = unit_text(service)
    except UnitError as error:
        yield Finding("service", State.WARN, str(error), "Put the folder there, and type `prewatt edge install`")
        return
    unit = machine.root / UNITS / service.unit
    if not unit.exists():
        yield Finding(
            "service",
            State.WARN,
            "the agent is no service, and does not start with the machine",
            "prewatt edge install",
        )
        return
    if unit.read_text() != text:
        yield Finding("service", State.WARN, "its unit is of other settings or another release", "prewatt edge install")
    now = systemd.state(service.unit)
    if now.get("ActiveState") == "active":
        yield Finding("service", State.OK, f"it runs: {now.get('StatusText') or 'no word yet'}")
    elif now.get("ActiveState") == "failed" and now.get("ExecMainStatus") == ENDED_WITH_3:
        yield Finding(
            "service",
            State.BAD,
            "the journal is damaged",
            "See the check of the journal, and docs/installer/gateway.md",
        )
    else:
        words = f"it does not run ({now.get('SubState')}, status {now.get('ExecMainStatus')})"
        yield Finding(
            "service", State.BAD, words, f"journalctl -u {service.unit} says why; systemctl start {service.unit}"
        )
