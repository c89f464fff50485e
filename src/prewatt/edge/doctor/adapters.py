"""The doctor's check of the adapters or converters of the buses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...findings import Finding, State
from ..texts import _
from .converter import converter_finding
from .finding import Gateway, group_of
from .users import programs_using

BY_ID = Path("/dev/serial/by-id")


def _ports(gateway: Gateway) -> dict[str, str]:
    """Return the port of each bus."""
    # Only this kind of meters has buses, and its libraries are loaded only where it is used.
    buses = getattr(gateway.settings.drivers.get("bus"), "buses", {})
    return {name: bus.port for name, bus in buses.items()}


def check_ports(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether each adapter or converter is there, and can be used."""
    for name, port in _ports(gateway).items():
        if port.startswith("tcp://"):
            yield converter_finding(_("bus %(name)s") % {"name": name}, port)
        elif "://" not in port:
            yield _adapter(gateway, _("bus %(name)s") % {"name": name}, Path(port))


def _adapter(gateway: Gateway, name: str, path: Path) -> Finding:
    if not path.exists():
        there = ", ".join(sorted(str(each) for each in BY_ID.glob("*"))) or _("none")
        advice = _("Plug it in, or name another one in edge.toml. Adapters found: %(there)s") % {"there": there}
        return Finding(name, State.BAD, _("there is no adapter %(path)s") % {"path": path}, advice)
    if not gateway.agent.may_use(path):
        advice = _("usermod --append --groups %(group)s %(agent)s, then restart the agent") % {
            "group": group_of(path),
            "agent": gateway.agent.name,
        }
        return Finding(
            name, State.BAD, _("%(agent)s may not use %(path)s") % {"agent": gateway.agent.name, "path": path}, advice
        )
    users = programs_using(path)
    if users:
        advice = _(
            "Stop that program, and keep it from starting again: it takes the meters' answers (systemctl disable --now "
            "%(program)s)"
        ) % {"program": users[0]}
        return Finding(
            name,
            State.BAD,
            _("%(path)s is used by %(programs)s, too") % {"path": path, "programs": ", ".join(users)},
            advice,
        )
    if path.name.startswith(("ttyUSB", "ttyACM")) and BY_ID.exists():
        same = next((each for each in BY_ID.glob("*") if each.resolve() == path.resolve()), None)
        if same:
            words = _("%(path)s is there; another adapter can get this name at the next start") % {"path": path}
            return Finding(name, State.WARN, words, _("In edge.toml: %(line)s") % {"line": f'port = "{same}"'})
    return Finding(name, State.OK, _("%(path)s is there") % {"path": path})
