"""The service of the agent in systemd's words. Pure text; `docs/installer/gateway.md` says what it means for people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

STATE_ROOT = PurePosixPath("/var/lib")
"""Where systemd keeps the folders of services."""
WATCHDOG_S = 180
"""Seconds after which an agent whose loop does not turn is killed. A worn card can make one write wait for a minute."""
START_S = 900
"""Seconds until an agent must be ready: it may have to convert a journal of years on a slow card."""
SERIAL_MAJORS = {"ttyUSB": 188, "ttyACM": 166, "ttyS": 4, "ttyAMA": 204}
"""The numbers of the kernel for serial adapters (Documentation/admin-guide/devices.txt). By number they are also allowed
when they are plugged in after the start: systemd looks a name up at the start alone."""
USB_MAJOR = 189
"""The kernel's number for USB devices themselves, such as Bluetooth adapters."""
_SIGNS = " \t\n\"'%\\:$;"


class UnitError(ValueError):
    """A service can't be written; the message says why."""


@dataclass(frozen=True)
class Service:
    """The service of one gateway.

    `name`: of the unit and of its user. `folder`: of key, settings and journal. `program`: the file `prewatt` of the release
    in use. `bluetooth`: whether the agent uses an adapter. `low_port`: whether its page has a port below 1024.
    `serial_group`: the group that may use serial adapters; empty if the machine has none.
    """

    name: str = "prewatt"
    folder: Path = Path("/var/lib/prewatt")
    program: Path = Path("/opt/prewatt/current/bin/prewatt")
    bluetooth: bool = False
    low_port: bool = False
    serial_group: str = "dialout"

    @property
    def unit(self) -> str:
        """Return the name of the unit."""
        return f"{self.name}.service"

    @property
    def config(self) -> Path:
        """Return the path of the settings."""
        return self.folder / "edge.toml"

    def state_directory(self) -> str:
        """Return the folder as systemd names it. Raises UnitError if it is not below /var/lib."""
        folder = PurePosixPath(self.folder)
        if not folder.is_relative_to(STATE_ROOT) or folder == STATE_ROOT or ".." in folder.parts:
            raise UnitError(f"folder: {self.folder} must be in {STATE_ROOT}, such as /var/lib/prewatt")
        for path in (self.folder, self.program):
            if any(sign in str(path) for sign in _SIGNS):
                raise UnitError(
                    f"{path}: systemd misreads a space or a sign in this path. Rename it with letters and digits"
                )
        return str(folder.relative_to(STATE_ROOT))


def capabilities(service: Service) -> str:
    """Return the rights beyond those of a plain user."""
    rights = ["CAP_NET_ADMIN", "CAP_NET_RAW"] if service.bluetooth else []
    return " ".join([*rights, *(["CAP_NET_BIND_SERVICE"] if service.low_port else [])])


def unit_text(service: Service) -> str:
    """Return the unit. Raises UnitError if the folder is no folder of a service."""
    rights = capabilities(service)
    families = "AF_INET AF_INET6 AF_UNIX AF_NETLINK" + (" AF_BLUETOOTH" if service.bluetooth else "")
    majors = [*SERIAL_MAJORS.values(), *([USB_MAJOR] if service.bluetooth else [])]
    return _UNIT.format(
        service=service,
        state=service.state_directory(),
        start=START_S,
        watchdog=WATCHDOG_S,
        groups=f"SupplementaryGroups={service.serial_group}\n" if service.serial_group else "",
        devices="\n".join(f"DeviceAllow=char-{major} rw" for major in majors),
        families=families,
        rights=rights,
    )


_UNIT = """\
# Written by `prewatt edge install`, which writes it anew. Changes of your own: systemctl edit {service.name}
[Unit]
Description=prewatt, the agent of this gateway
# It waits neither for a network nor for the right time: a building without both is supplied.
After=network.target
Wants=time-sync.target
ConditionPathExists={service.config}
# However often it ends, it is started again.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={service.program} edge run --config {service.config}
WorkingDirectory={service.folder}
User={service.name}
Group={service.name}
{groups}StateDirectory={state}
StateDirectoryMode=0700
UMask=0077

Restart=on-failure
RestartSec=15
# A damaged journal is for a person: to start again does not mend it.
RestartPreventExitStatus=3
TimeoutStartSec={start}
TimeoutStopSec=60
WatchdogSec={watchdog}

MemoryHigh=192M
MemoryMax=256M
TasksMax=512
OOMScoreAdjust=-500
LimitCORE=0
LogRateLimitIntervalSec=30
LogRateLimitBurst=1000

# Serial adapters, and nothing else of the machine's devices.
DevicePolicy=closed
{devices}
AmbientCapabilities={rights}
CapabilityBoundingSet={rights}
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies={families}
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""
JOURNAL_BOUND = """\
# Written by `prewatt edge install`: the machine's logs never fill the disk that the meters' journal needs.
[Journal]
SystemMaxUse=200M
SystemKeepFree=500M
"""
"""What bounds the machine's logs, as a file of journald."""
