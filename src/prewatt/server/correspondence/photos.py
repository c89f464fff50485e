"""Photos that people send are decoded, turned upright, made smaller and encoded again, so that nothing else in the file
is stored, such as where it was taken. A file that cannot be decoded is refused.
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

MOST = 4
"""Photos of one entry."""
LARGEST = 15 * 10**6
"""Bytes of a file that is taken."""
MOST_PIXELS = 50_000_000
"""Of a picture that is decoded: what phones take."""
LONGEST_SIDE = 1600
"""Pixels of what is kept."""
QUALITY = 80
FORMATS = ("JPEG", "PNG", "WEBP")
_one_at_a_time = threading.Lock()
"""A large picture takes some 200 MB while it is decoded."""


class Encoded(NamedTuple):
    """A photo as it is kept: JPEG."""

    content: bytes
    width: int
    height: int


class File(Protocol):
    """A file that was uploaded."""

    @property
    def size(self) -> int | None: ...

    def read(self) -> bytes: ...


def encode(files: Sequence[File], most: int = MOST) -> list[Encoded]:
    """The photos of some files, in their order. ValidationError names `photos` if one is none, or there are too many."""
    if len(files) > most:
        raise ValidationError({"photos": _("At most %(most)d photos.") % {"most": most}})
    if any((each.size or 0) > LARGEST for each in files):
        raise ValidationError({"photos": _("A photo has at most %(most)d MB.") % {"most": LARGEST // 10**6}})
    return [encode_one(each.read()) for each in files]


def encode_one(content: bytes) -> Encoded:
    """A photo as it is kept. ValidationError names `photos`."""
    unread = ValidationError({"photos": _("This photo can't be read. Send JPEG, PNG or WebP.")})
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(BytesIO(content), formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    text = _("A photo has at most %(most)d million pixels.") % {"most": MOST_PIXELS // 10**6}
                    raise ValidationError({"photos": text})
                # Of a large JPEG only what is needed is decoded.
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                upright = ImageOps.exif_transpose(opened)
                upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                made = _on_white(upright)
        except ValidationError:
            raise
        except Exception:
            # A decoder says of broken bytes whatever it stumbled over.
            raise unread from None
        written = BytesIO()
        # A picture of its own, to which nothing of the file is attached.
        clean = Image.new("RGB", made.size)
        clean.paste(made)
        clean.save(written, "JPEG", quality=QUALITY, optimize=True)
    return Encoded(written.getvalue(), clean.width, clean.height)


def _on_white(picture: Image.Image) -> Image.Image:
    """A picture without transparency."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    return picture.convert("RGB")
