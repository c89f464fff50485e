"""Converters (DTUs) that call a server by themselves, a file each: how they say who they are, and their heartbeat.

A converter passes bytes between its serial line and a TCP connection. One with a SIM card can't be called, so it calls: the
first bytes of a connection are its registration. A file `NAME.toml` describes the converter `NAME`, as `Converter` says; a
folder of the user's own may hold more.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

BUILT_IN = Path(__file__).parent
USUAL = "text-line"
"""The kind of a converter whose registration can be chosen, as most can."""


class Converter(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of converter.

    `make`, `names`: as printed on it. `source`: where the formats are from. `tried_by`: who has tried the file with a real
    one; empty: nobody. `registration`: a regular expression for the bytes of a registration, as Latin-1 text; its group
    `id` names the converter. `heartbeat`: one for the bytes that come now and then by themselves; empty: none come.
    `heartbeat_answer`: what is sent back to a heartbeat, as Latin-1 text. `notes`: how the converter must be set.
    """

    make: str
    names: tuple[str, ...]
    source: str
    registration: str
    heartbeat: str = ""
    heartbeat_answer: str = ""
    tried_by: str = ""
    notes: str = ""

    def __post_init__(self) -> None:
        for field in ("registration", "heartbeat"):
            try:
                re.compile(getattr(self, field).encode("latin-1"))
            except (re.error, UnicodeEncodeError) as error:
                raise ValueError(f"{field}: is no regular expression ({error})") from None
        if "id" not in re.compile(self.registration).groupindex:
            raise ValueError("registration: the group (?P<id>...) is missing, which says who calls")


def converter_names(folders: Iterable[Path] = ()) -> list[str]:
    """Return the names of all kinds of converters."""
    return sorted({path.stem for folder in (BUILT_IN, *folders) for path in folder.glob("*.toml")})


def load_converter(name: str, folders: Iterable[Path] = ()) -> Converter:
    """Return a kind of converter. Raises ValueError, which names the file and the field."""
    if name not in converter_names(folders):
        known = ", ".join(converter_names(folders))
        raise ValueError(f"converter: there is no converter {name!r}; known: {known}")
    path = next(path for folder in (*folders, BUILT_IN) if (path := folder / f"{name}.toml").is_file())
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8-sig")), Converter)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None


def known_as(said: bytes, folders: Iterable[Path] = ()) -> list[tuple[str, str]]:
    """Return the (kind, id) of each converter whose registration these first bytes of a call may be; the usual kind
    first. Of kinds that speak alike only the first is named.
    """
    folders = list(folders)
    pairs: dict[tuple[str, str, str], tuple[str, str]] = {}
    for name in sorted(converter_names(folders), key=lambda each: (each != USUAL, each)):
        with suppress(ValueError):
            converter = load_converter(name, folders)
            match = re.match(converter.registration.encode("latin-1"), said)
            if match is not None and match["id"]:
                alike = (converter.registration, converter.heartbeat, converter.heartbeat_answer)
                pairs.setdefault(alike, (name, match["id"].decode("latin-1")))
    return list(pairs.values())
