"""JSON that people and programs hand in: in any encoding of Unicode, and each name once."""

from __future__ import annotations

import json
from typing import Any

from ...tables.decode import decode
from ...tables.problems import TableError, shown


class JsonError(ValueError):
    """The text is not JSON, or gives a name twice; the message, for people, says where."""


def read_json(content: bytes) -> Any:
    """Return the value of a JSON text. Raises JsonError."""
    try:
        text = decode(content)
    except TableError as error:
        raise JsonError(str(error)) from None
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise JsonError("is not JSON: it is nested too deep") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            # Any other reader takes one of them, and nobody knows which.
            raise JsonError(
                f"the name {shown(name)!r} is there twice in one object, once as {_short(values[name])} and once as {_short(value)}"
            )
        values[name] = value
    return values


def _whole(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        # Python reads no more than some thousands.
        raise JsonError(f"is not JSON that can be read here: a number has {len(digits)} digits") from None


def _no_number(name: str) -> Any:
    raise JsonError(f"is not JSON: {name} is no number")


def _short(value: Any) -> str:
    return shown(json.dumps(value, ensure_ascii=False))
