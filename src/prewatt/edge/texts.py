"""The gateway's texts for people, through gettext."""

from __future__ import annotations

import gettext
from pathlib import Path

_found = gettext.translation("prewatt", Path(__file__).parent.parent / "locale", fallback=True)
_ = _found.gettext
