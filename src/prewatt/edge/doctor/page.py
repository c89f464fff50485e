"""The doctor's check of the gateway's own page."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

from ...findings import Finding, State
from ..settings import page_address
from ..texts import _
from .finding import WITHIN, Gateway


def check_page(gateway: Gateway) -> Iterator[Finding]:
    """Yield whether people in the building can open the page."""
    if not gateway.settings.page:
        return
    host, port = page_address(gateway.settings.page)
    if gateway.is_running:
        # To call the address that means all of them is to call this machine.
        yield _served(host, port)
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
            yield Finding(_("page"), State.OK, _("port %(port)s is free for it") % {"port": port})
        except PermissionError:
            advice = _("Type `prewatt edge install` again: it allows this port. Or choose one from 1024 on")
            yield Finding(_("page"), State.WARN, _("this user may not open port %(port)s") % {"port": port}, advice)
        except OSError as error:
            advice = _("ss -ltnp 'sport = %(port)s' names the program. Or choose another port in edge.toml") % {
                "port": port
            }
            yield Finding(
                _("page"),
                State.BAD,
                _("port %(port)s can't be opened (%(cause)s)") % {"port": port, "cause": error.strerror},
                advice,
            )


def _served(host: str, port: int) -> Finding:
    try:
        page = http.client.HTTPConnection(host, port, timeout=WITHIN)
        page.request("GET", "/")
        status = page.getresponse().status
        page.close()
    except (OSError, http.client.HTTPException) as error:
        advice = _("Restart the agent. Its log says why it could not open the port")
        return Finding(
            _("page"),
            State.BAD,
            _("the agent runs, and port %(port)s does not answer (%(error)s)") % {"port": port, "error": error},
            advice,
        )
    return Finding(
        _("page"),
        State.OK if status == 200 else State.BAD,
        _("port %(port)s answers with %(status)s") % {"port": port, "status": status},
    )
