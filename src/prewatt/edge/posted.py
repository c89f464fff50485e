"""The fields of a form that was posted to a gateway's page."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

MOST_POSTED = 4096
MOST_FIELDS = 20


def read_form(environ: dict[str, Any]) -> dict[str, str] | None:
    """Return the fields that were posted; None if there are too many bytes."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return None
    if not 0 <= length <= MOST_POSTED:
        return None
    posted = environ["wsgi.input"].read(length).decode("utf-8", "replace")
    try:
        fields = parse_qs(posted, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return {name: values[0] for name, values in fields.items()}
