"""The gateway's texts for people, through gettext. A language is a folder in `locale` (its README says how)."""

from __future__ import annotations

import gettext
from pathlib import Path

FOLDER = Path(__file__).with_name("locale")


def load_texts(folder: Path) -> tuple[gettext.NullTranslations, str]:
    """Return the catalogue for the language of this process, and the language as HTML names it; English if there is no
    catalogue.
    """
    catalogue = gettext.translation("edge", folder, fallback=True)
    return catalogue, catalogue.info().get("language", "en").replace("_", "-")


_catalogue, LANGUAGE = load_texts(FOLDER)
_ = _catalogue.gettext
