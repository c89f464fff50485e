"""The doctor's check of the pages on this machine."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from ...findings import Finding, State
from ...server.core.server_config import ServerConfig
from ...terminal_texts import _
from .processes import elsewhere, is_running


def check_pages(config: ServerConfig) -> Iterator[Finding]:
    """Yield whether the pages answer on this machine."""
    name, address = _("pages"), f"{config.http.host}:{config.http.port}"
    pages = http.client.HTTPConnection(*config.http.reached_at, timeout=10)
    try:
        pages.request("GET", "/login/")
        status = pages.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        words = _("%(address)s does not answer (%(cause)s)", address=address, cause=error)
        if is_running(config.home / "run" / "web.pid"):
            advice = elsewhere("PREWATT_HTTP", "run/web.log")
        else:
            advice = _("Start the server: prewatt server. Then read run/web.log")
        yield Finding(name, State.BAD, words, advice)
        return
    finally:
        pages.close()
    if status >= 500:
        words = _("%(address)s answers with the error %(status)s", address=address, status=status)
        yield Finding(name, State.BAD, words, _("Read run/web.log"))
    else:
        yield Finding(name, State.OK, _("they answer at %(address)s", address=address))
