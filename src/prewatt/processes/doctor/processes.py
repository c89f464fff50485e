"""The doctor's check of the processes that the server has started here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...terminal_texts import _


def check_processes(config: ServerConfig) -> Iterator[Finding]:
    """Yield whether the processes that `prewatt server` has started here still run."""
    name, run = _("processes"), config.home / "run"
    known = {path.stem for path in run.glob("*.pid")}
    if not known:
        advice = _("Start the server: prewatt server. If you start its parts one by one, check each part")
        state = State.SKIPPED if config.database else State.BAD
        yield Finding(name, state, _("no prewatt server runs with this folder"), advice)
        return
    expected = known | {"headend", "worker", "web"} | ({"broker"} if config.own_broker else set())
    stopped = sorted(each for each in expected if not is_running(run / f"{each}.pid"))
    if stopped:
        advice = _("Read the end of %(log)s, and start it again: prewatt server", log=run / f"{stopped[0]}.log")
        yield Finding(name, State.BAD, _("stopped: %(names)s", names=", ".join(stopped)), advice)
    else:
        yield Finding(name, State.OK, _("running: %(names)s", names=", ".join(sorted(expected))))


def elsewhere(setting: str, log: str) -> str:
    """Return what to do if a process runs and does not answer at the address of this command's own `setting`."""
    return _(
        "It runs, perhaps at another address: give this command the settings of the server, such as %(setting)s. If it does not "
        "answer there either, read %(log)s",
        setting=setting,
        log=log,
    )


def is_running(pid_file: Path) -> bool:
    """Return whether the process with a file's number runs and is ours. Another may have it after a loss of power."""
    try:
        words = Path("/proc", str(int(pid_file.read_text())), "cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    return b"prewatt" in words or b"nats-server" in words
