"""The doctor's check of the state folder: whether the agent can use it, whether others can read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...findings import Finding, State
from ...folder import OTHERS
from ..texts import _
from .finding import Gateway


def check_state_folder(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether the agent can use what lies in its folder, and whether nobody else can read it."""
    name, folder = _("state folder"), gateway.folder
    settings = gateway.settings
    private = [gateway.config, Path(settings.key)]
    needed = [*private, *([Path(settings.journal)] if Path(settings.journal).exists() else [])]
    lacking = [path for path in needed if not path.exists()]
    foreign = [path for path in needed if path.exists() and not gateway.agent.may_use(path)]
    if lacking:
        advice = _(
            "Move edge.toml away, and enrol again with a new code. It is made on the server: on the building's page Flats "
            "and gateways, or by prewatt gateway code NAME"
        )
        yield Finding(name, State.BAD, _("%(file)s is missing") % {"file": lacking[0]}, advice)
    elif foreign:
        advice = f"chown -R {gateway.agent.name} {folder}"
        yield Finding(
            name,
            State.BAD,
            _("%(agent)s may not read and write %(file)s") % {"agent": gateway.agent.name, "file": foreign[0]},
            advice,
        )
    elif any(path.stat().st_mode & OTHERS for path in private) and folder.stat().st_mode & OTHERS:
        advice = f"chmod 700 {folder}"
        yield Finding(
            name, State.WARN, _("other users of this machine have access to the key and the broker's password"), advice
        )
    else:
        yield Finding(
            name,
            State.OK,
            _("only %(agent)s has access to %(folder)s") % {"folder": folder, "agent": gateway.agent.name},
        )
