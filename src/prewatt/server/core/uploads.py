"""How many bytes may be sent to a page. The pages' process looks here before it reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

LARGEST_FORM = 64 * 1024
"""The most bytes of a form without files, and of every request whose view is not marked."""
LARGEST_FILE = 5_000_000
"""The most bytes of a file that is chosen on a page: whole megabytes, since people are told of them."""
LARGEST_UPLOAD = 6 * 1024 * 1024
"""The most bytes of a form with a file. It is more than `LARGEST_FILE`, so that the page can refuse a larger file in its own words."""
PHOTOS_AT_ONCE = 4
"""The most photos of one form."""
LARGEST_PHOTO = 15 * 10**6
"""The most bytes of the file of a photo: whole megabytes, since people are told of them."""
BESIDE_PHOTOS = 2 * 1024 * 1024
"""The bytes of a form beside its photos: the heads of its parts (`multipart/form-data`), what was typed, and room for a photo that
is a little too large, which the page refuses in its own words.
"""
LARGEST_PHOTOS = PHOTOS_AT_ONCE * LARGEST_PHOTO + BESIDE_PHOTOS
"""The most bytes of a form with photos."""

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


def chosen_file(request: HttpRequest, field: str) -> bytes | None:
    """Return the content of the file that was chosen in a field; None, which the caller refuses with `choose_file`, if there is none or
    it has more than `LARGEST_FILE` bytes.
    """
    file = request.FILES.get(field)
    return file.read() if file is not None and (file.size or 0) <= LARGEST_FILE else None


def choose_file() -> str:
    """Return what is said to people who have chosen no file, or one of more than `LARGEST_FILE`."""
    return _("Choose a file of at most %(most)d MB.") % {"most": LARGEST_FILE // 10**6}
