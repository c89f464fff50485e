"""Who may set meters up at the gateway's page: who has the code that `prewatt edge scan --code` printed at the gateway."""

from __future__ import annotations

import secrets
import tempfile
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from ...wire.pins import hash_pin, pin_is

FILE = "setup-code.json"
LASTS_S = 24 * 3600
DIGITS = 8


class _Code(Struct, frozen=True):
    """The hash of a code, and until when it holds (s since 1970)."""

    hashed: str
    until: float


def new_code(folder: Path) -> str:
    """Return a new code, which holds for a day in the place of the one before. Only its hash is kept."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    kept = _Code(hash_pin(code, secrets.token_bytes(16)), time.time() + LASTS_S)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{FILE}.", delete=False) as file:
        file.write(msgspec.json.encode(kept))
    Path(file.name).replace(folder / FILE)
    return code


def is_code(folder: Path, typed: str) -> bool:
    """Return whether this is the code, and it still holds."""
    try:
        kept = msgspec.json.decode((folder / FILE).read_bytes(), type=_Code)
    except (OSError, msgspec.MsgspecError):
        return False
    digits = "".join(sign for sign in typed if sign.isdigit())
    # A clock that was set back does not make a code last longer.
    return 0 < kept.until - time.time() <= LASTS_S and pin_is(kept.hashed, digits)
