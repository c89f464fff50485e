"""What audits find and may stay, from accepted.toml beside this file."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Remark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A remark of bandit: number of the test, file below src/prewatt, a part of the line that it is about."""

    test: str
    file: str
    line: str
    reason: str


class Advisory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An advisory about a package, by the number that pip-audit prints."""

    id: str
    package: str
    reason: str


class Licence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A package of an installation whose licence, or a file beside it, names one of GNU."""

    package: str
    reason: str


class Accepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that may stay."""

    bandit: tuple[Remark, ...]
    advisories: tuple[Advisory, ...]
    licences: tuple[Licence, ...]


ACCEPTED = msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=Accepted)
