"""How many bytes may be sent to a page. The pages' process looks here before it reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

LARGEST_FORM = 64 * 1024
"""The most bytes of a form without files, and of every request whose view is not marked."""
LARGEST_UPLOAD = 6 * 1024 * 1024
"""The most bytes of a form with a file: files may have 5 MB."""
LARGEST_PHOTOS = 62 * 1024 * 1024
"""The most bytes of a form with photos: four of 15 MB."""

View = TypeVar("View", bound=Callable[..., Any])


def takes(most: int) -> Callable[[View], View]:
    """Mark a view as one to which at most `most` bytes may be sent. Put it before all other decorators."""

    def mark(view: View) -> View:
        view.largest_body = most  # type: ignore[attr-defined]
        return view

    return mark


def largest(view: Callable[..., Any]) -> int:
    """Return how many bytes may be sent to a view."""
    return int(getattr(view, "largest_body", LARGEST_FORM))
