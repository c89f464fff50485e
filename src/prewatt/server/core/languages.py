"""The languages of pages, papers and answers: a folder each in `server/locale`, and English, which is in the program."""

from __future__ import annotations

from pathlib import Path

from django.conf.locale import LANG_INFO
from django.utils.translation import to_language

ENGLISH = "en"


def languages(folder: Path) -> list[tuple[str, str]]:
    """Return the languages that have a folder, with English first: the code as Django and browsers know it (`zh-hans`
    for the folder `zh_Hans`), and the language's own name for itself.
    """
    # A catalogue is text where the program is worked at, and compiled where it was built.
    folders = sorted({path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/django.[pm]o")})
    codes = [to_language(name) for name in folders]
    return [(code, str(LANG_INFO.get(code, {}).get("name_local", code))) for code in (ENGLISH, *codes)]
