"""Photos that people send are decoded, turned upright, made smaller and encoded again. So nothing else in the file is
stored, such as where it was taken. A file that can't be decoded is refused.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple, Protocol

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from ..core.uploads import LARGEST_PHOTO, PHOTOS_AT_ONCE

MOST_PIXELS = 50_000_000
"""The most pixels of a picture that is decoded. Phones take pictures of this size."""
MOST_PIXELS_WHOLE = 20_000_000
"""The same of a picture that is no JPEG: all of its pixels are decoded at once. A file of 200 KB can have 50 million."""
LONGEST_SIDE = 1600
"""The pixels of the longest side of a stored picture."""
QUALITY = 80
FORMATS = ("JPEG", "PNG", "WEBP")
_one_at_a_time = threading.Lock()
"""A large picture takes some 200 MB while it is decoded."""


class Encoded(NamedTuple):
    """A photo as it is stored: JPEG, with its size in pixels."""

    content: bytes
    width: int
    height: int


class File(Protocol):
    """A file that was uploaded."""

    @property
    def size(self) -> int | None:
        """Return the number of bytes; None if it is not known."""

    def read(self) -> bytes:
        """Return all bytes."""


def encode(files: Sequence[File], most: int = PHOTOS_AT_ONCE) -> list[Encoded]:
    """Return the photos of some files, in their order. Raises ValidationError, for the field `photos`, if one is not a
    photo, or there are too many.
    """
    if len(files) > most:
        raise ValidationError(
            {"photos": _("There are too many photos: at most %(most)d can be sent at once.") % {"most": most}}
        )
    if any((each.size or 0) > LARGEST_PHOTO for each in files):
        raise ValidationError(
            {"photos": _("A photo is too large: at most %(most)d MB are possible.") % {"most": LARGEST_PHOTO // 10**6}}
        )
    return [encode_one(each.read()) for each in files]


def encode_one(content: bytes) -> Encoded:
    """Return a photo as it is stored. Raises ValidationError, for the field `photos`, if it is broken or too large."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            picture = _decoded(content)
        except ValidationError:
            raise
        except Exception:
            # A decoder says of broken bytes whatever it stumbled over.
            raise ValidationError({"photos": _("This photo can't be read. Send JPEG, PNG or WebP.")}) from None
        buffer = BytesIO()
        # A picture of its own, to which nothing of the file is attached.
        clean = Image.new("RGB", picture.size)
        clean.paste(picture)
        clean.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return Encoded(buffer.getvalue(), clean.width, clean.height)


def _decoded(content: bytes) -> Image.Image:
    """Return the picture in a file, upright, no larger than it is stored, and without transparency. Raises
    ValidationError if it has too many pixels, and whatever the decoder raises if it is broken.
    """
    with Image.open(BytesIO(content), formats=FORMATS) as opened:
        most = MOST_PIXELS if opened.format == "JPEG" else min(MOST_PIXELS, MOST_PIXELS_WHOLE)
        if opened.width * opened.height > most:
            text = _("A photo is too large: at most %(most)d million pixels are possible.")
            raise ValidationError({"photos": text % {"most": most // 10**6}})
        # Of a large JPEG only what is needed is decoded.
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        # Made smaller before it is turned: turned at its full size it is there twice.
        opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return _on_white(ImageOps.exif_transpose(opened))


def _on_white(picture: Image.Image) -> Image.Image:
    """Return a picture without transparency."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    return picture.convert("RGB")
