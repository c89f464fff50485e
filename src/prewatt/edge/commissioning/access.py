"""Who may set meters up at the gateway's page: who has the code that `prewatt edge scan --code` printed at the gateway.

Who has typed it gets a session, which lasts as long as the code, and over a new start of the agent. Of code and sessions
only hashes are kept.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from ...wire.pins import hash_pin, pin_is

FILE, SESSIONS = "setup-code.json", "setup-sessions.json"
LASTS_S = 24 * 3600
DIGITS = 8
MOST = 8
"""Sessions that are kept; a further one ends the oldest."""


class _Code(Struct, frozen=True):
    hashed: str
    until: float


class _Sessions(Struct, frozen=True):
    """`code`: the hash of the code by which they were opened. `hashed`: of their tokens."""

    code: str
    hashed: tuple[str, ...] = ()


def new_code(folder: Path) -> str:
    """Return a new code, which holds for a day. It replaces the code before, and ends the sessions of that code."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(folder / FILE, _Code(hash_pin(code, secrets.token_bytes(16)), time.time() + LASTS_S))
    return code


def is_code(folder: Path, typed: str) -> bool:
    """Return whether `typed` is the present code. Only its digits count. A code that holds no more is none."""
    kept = _code(folder)
    digits = "".join(sign for sign in typed if sign.isdecimal() and sign.isascii())
    return kept is not None and pin_is(kept.hashed, digits)


def open_session(folder: Path) -> str:
    """Return the token of a new session of the present code; if there is no such code, the token opens nothing."""
    token = secrets.token_hex(16)
    code, before = _code(folder), _sessions(folder)
    if code is not None:
        _write(folder / SESSIONS, _Sessions(code.hashed, (*before, _hash(token))[-MOST:]))
    return token


def is_session(folder: Path, token: str) -> bool:
    """Return whether a session is open: it was not ended, and the code by which it was opened still holds."""
    return bool(token) and _hash(token) in _sessions(folder)


def end_session(folder: Path, token: str) -> None:
    """End a session."""
    code, left = _code(folder), [each for each in _sessions(folder) if each != _hash(token)]
    if code is not None:
        _write(folder / SESSIONS, _Sessions(code.hashed, tuple(left)))


def _code(folder: Path) -> _Code | None:
    """Return the code that holds now."""
    try:
        kept = msgspec.json.decode((folder / FILE).read_bytes(), type=_Code)
    except (OSError, msgspec.MsgspecError):
        return None
    # A clock that was set back does not make a code last longer.
    return kept if 0 < kept.until - time.time() <= LASTS_S else None


def _sessions(folder: Path) -> tuple[str, ...]:
    """Return the hashes of the sessions of the code that holds now."""
    code = _code(folder)
    try:
        kept = msgspec.json.decode((folder / SESSIONS).read_bytes(), type=_Sessions)
    except (OSError, msgspec.MsgspecError):
        return ()
    return kept.hashed if code is not None and kept.code == code.hashed else ()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _write(path: Path, kept: _Code | _Sessions) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(msgspec.json.encode(kept))
    Path(file.name).replace(path)
