"""Files as answers."""

from __future__ import annotations

from django.http import HttpResponse


def as_download(content: bytes, kind: str, name: str) -> HttpResponse:
    """Return a file that a browser saves under a name. `kind`: its media type."""
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
