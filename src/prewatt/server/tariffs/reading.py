"""This module reads a tariff that a person or a program gives: in the public form, with public holidays by country and
region.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...kernel.tariff import Tariff, TariffError
from ...kernel.tariff_document import tariff_from_document
from ..core.holidays import public_holidays
from ..core.json_text import JsonError, read_json


def read_document(document: Any, **given: str) -> Tariff:
    """Return the tariff of a document in its public form; `holidays` in it stands for special days. `given`: fields
    that are used if the document does not have them. Raises TariffError, which names the wrong field.
    """
    if not isinstance(document, Mapping):
        raise TariffError("the tariff is not a JSON object")
    whole = {**given, **document}
    if "holidays" in whole:
        special = whole.get("special_days", [])
        if not isinstance(special, list):
            raise TariffError("special_days: is not a list of dates")
        whole["special_days"] = [*special, *public_holidays(whole.pop("holidays"))]
    return tariff_from_document(whole)


def read_file(path: Path, **given: str) -> Tariff:
    """Return the tariff in a JSON file. Raises TariffError, which names the file and the wrong field."""
    try:
        return read_document(read_json(path.read_bytes()), **given)
    except OSError as error:
        raise TariffError(f"{path}: can't be read ({error})") from None
    except (JsonError, TariffError) as error:
        raise TariffError(f"{path}: {error}") from None


def examples() -> dict[str, dict[str, Any]]:
    """Return real tariffs as examples, by the name of their file; each names its source."""
    folder = Path(__file__).parent / "examples"
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
