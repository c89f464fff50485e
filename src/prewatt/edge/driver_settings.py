"""The sections `[drivers.NAME]` of `edge.toml`. Each is read into the type that its driver declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from .drivers import find_driver
from .drivers.interface import DriverSettings


def read_section(name: str, table: Mapping[str, Any], folder: Path) -> DriverSettings:
    """Return the settings of a kind of meter. Relative paths begin at `folder`, where `edge.toml` lies. Raises
    ValueError, which names the wrong field.
    """
    return _read(name, table, folder, folder, strict=True)


def read_options(options: Iterable[str], folder: Path) -> dict[str, DriverSettings]:
    """Return settings from texts such as `recorded.file=load.csv`, as people type them at a command line. Relative
    paths begin in the working directory; paths that are not given lie in `folder`. Raises ValueError.
    """
    tables: dict[str, dict[str, str]] = {}
    for option in options:
        key, equals, value = option.partition("=")
        name, _, field = key.partition(".")
        if not (name and field and equals):
            raise ValueError(f"{option!r} does not have the form NAME.FIELD=VALUE, such as recorded.file=load.csv")
        tables.setdefault(name, {})[field] = value
    return {name: _read(name, table, Path.cwd(), folder, strict=False) for name, table in tables.items()}


def _read(name: str, table: Mapping[str, Any], given: Path, usual: Path, strict: bool) -> DriverSettings:
    def path(_type: type, value: object) -> Path:
        if not isinstance(value, str) or not value:
            raise ValueError(f"Expected the path of a file or folder, got {value!r}")
        return given / value

    try:
        settings: DriverSettings = msgspec.convert(table, find_driver(name).settings, strict=strict, dec_hook=path)
    except ValueError as error:
        raise ValueError(f"drivers.{name}: {error}") from None
    return with_paths(settings, lambda path: usual / path)


def with_paths(settings: DriverSettings, change: Callable[[Path], Path]) -> DriverSettings:
    """Return the same settings with each path changed by `change`."""
    changes = {field: change(value) for field, value in structs.asdict(settings).items() if isinstance(value, Path)}
    return structs.replace(settings, **changes)


def missing_paths(settings: DriverSettings) -> list[Path]:
    """Return the files and folders that do not exist, although the driver needs them and does not make them itself."""
    needed = [getattr(settings, field.name) for field in structs.fields(settings) if field.required]
    return [value for value in needed if isinstance(value, Path) and not value.exists()]
