"""The commands `prewatt edge`: the agent of a gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..backups import gateway as copies
from ..edge.driver_settings import read_options
from ..edge.enrol import enrol as enrol_gateway
from ..edge.hosting import host as host_agents
from ..edge.process import run as run_agent
from ..folder import BusyError
from ..terminal_texts import _
from .command import Command, CommandError, FileCommand, group, log_to_stderr
from .edge_doctor import doctor
from .edge_machine import install, rollback
from .scan import Request, print_code, scan_buses, serve_setup

app = group()
ConfigOption = Annotated[Path, typer.Option(help="Settings file that `prewatt edge enrol` wrote.")]
FolderOption = Annotated[Path, typer.Option(help="Folder of the gateway's key, settings and journal.")]
CONFIG = Path("edge.toml")


@app.command(cls=FileCommand)
def enrol(
    server: Annotated[str, typer.Argument(help="Address of the server, such as https://power.example.com.")],
    code: Annotated[str, typer.Argument(help="One-time enrolment code from the server.")],
    folder: FolderOption = Path(),
    driver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="name.field=value",
            help="Setting of a kind of meter, such as recorded.file=load.csv. Repeat the option for each setting "
            "(docs/installer/gateway.md).",
            show_default=False,
        ),
    ] = None,
    page: Annotated[
        str, typer.Option(help="Host and port where the gateway serves its own page. Empty means no page.")
    ] = "0.0.0.0:8080",
    bluetooth: Annotated[
        str, typer.Option(help="Bluetooth adapter, such as hci-socket:0. Empty means no Bluetooth.")
    ] = "",
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure",
            help="Enrol over plain http:// too. Keep the code secret: anybody who has it can take this gateway's place.",
        ),
    ] = False,
    ca: Annotated[
        Path | None,
        typer.Option(
            help="File of certificates (PEM) to trust, for a server whose certificate is not publicly trusted."
        ),
    ] = None,
) -> None:
    """Make this gateway known to the server.

    Makes the gateway's key and writes edge.toml. The code works only once, for 24 hours; `prewatt gateway code` on the
    server makes another one.
    """
    drivers = read_options(driver or [], folder.resolve())
    settings = enrol_gateway(server, code, folder.resolve(), drivers, page, bluetooth, insecure, ca)
    typer.echo(
        _(
            "Gateway %(gateway)s is enrolled. Meters in service: %(count)s.",
            gateway=settings.gateway,
            count=len(settings.meters),
        )
    )
    if settings.meters and "bus" not in settings.drivers:
        named = ", ".join(sorted(settings.drivers))
        typer.echo(_("Its meters come from --driver %(kinds)s, so there are no buses to search.", kinds=named))
    else:
        typer.echo(_("To look for meters on its buses and put them into service: prewatt edge scan"))
    typer.echo(_("To start it: prewatt edge run --config %(settings)s", settings=folder / CONFIG))


@app.command(cls=Command)
def run(config: ConfigOption = CONFIG) -> None:
    """Run the agent of this gateway.

    Exit status 1: the journal can't be written; 2: a setting is wrong; 3: the journal is damaged.
    """
    log_to_stderr()
    raise typer.Exit(run_agent(config))


@app.command(cls=Command)
def host(
    folder: Annotated[Path, typer.Argument(help="Folder that contains the folders of the gateways.", exists=True)],
) -> None:
    """Run the agents of many gateways in one process, for meters that call the server.

    Each gateway is enrolled into a folder of its own inside of FOLDER (docs/installer/calls.md). Exit status 2: there is
    no gateway to run.
    """
    log_to_stderr()
    raise typer.Exit(host_agents(folder))


app.command(cls=FileCommand)(install)
app.command(cls=FileCommand)(rollback)
app.command(cls=FileCommand)(doctor)


@app.command(cls=FileCommand)
def backup(
    file: Annotated[Path, typer.Argument(help="File to write. An earlier copy of that name is replaced.")],
    config: ConfigOption = CONFIG,
) -> None:
    """Copy the gateway's journal, key and settings while it runs.

    Keep the file where nobody else can read it.
    """
    copy = copies.back_up(config, file)
    typer.echo(_("%(file)s: %(names)s, at %(made)s", file=file, names=", ".join(copy.files), made=copy.made))


@app.command(cls=Command)
def restore(
    file: Annotated[Path, typer.Argument(help="File that `prewatt edge backup` has written.")],
    folder: FolderOption = Path(),
) -> None:
    """Put a copy of the gateway back, here or on the machine that replaces it.

    The present content of the folder is kept in another folder. Exit status 2: nothing was changed.
    """
    try:
        done = copies.put_back(file, folder)
    except BusyError as error:
        raise CommandError(
            _(
                "%(error)s. Stop the agent first (Ctrl-C where it runs, `systemctl stop` if a service "
                "manager runs it). "
                "Nothing was changed",
                error=error,
            )
        ) from None
    except (ValueError, OSError) as error:
        raise CommandError(str(error)) from None
    for line in copies.after_restore(done, folder):
        typer.echo(line)


@app.command(cls=FileCommand)
def scan(
    bus: Annotated[
        list[str] | None,
        typer.Option(
            help="Adapter, such as /dev/ttyUSB0, or converter, such as tcp://192.0.2.7:8899. Can be repeated.",
            show_default="all adapters that are plugged in",
        ),
    ] = None,
    folder: FolderOption = Path(),
    line: Annotated[
        list[str] | None,
        typer.Option(help="Setting of the serial line, if you know it, such as '9600 8N1'. Can be repeated."),
    ] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Try other settings of the line too, after meters were found.")
    ] = False,
    unit: Annotated[int, typer.Option(help="Highest Modbus address to try.", min=1, max=247)] = 32,
    access: Annotated[
        list[str] | None,
        typer.Option(
            metavar="name=value", help="Access data that meters need, such as password=12345678. Can be repeated."
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put meters whose numbers the server lists into service, in edge.toml.")
    ] = False,
    code: Annotated[bool, typer.Option("--code", help="Print a code for the page on which meters are set up.")] = False,
    page: Annotated[
        str, typer.Option(help="Host and port for the page of --code if no agent runs here, such as 0.0.0.0:8080.")
    ] = "",
) -> None:
    """Look for meters on the gateway's buses, and put them into service.

    A bus whose meters are in service is not disturbed: only its own meters are asked.

    Exit status 0: nothing is missing; 1: something is missing, and the list says what; 2: the search is not possible.
    """
    request = Request(
        folder.resolve(), tuple(bus or ()), tuple(line or ()), thorough, range(1, unit + 1), tuple(access or ()), write
    )
    if code:
        print_code(request.folder)
    elif page:
        serve_setup(request, page)
    else:
        raise typer.Exit(scan_buses(request))
