"""This module translates the texts about tables through gettext."""

from __future__ import annotations

import gettext
import os.path

_found = gettext.translation("prewatt", os.path.join(os.path.dirname(__file__), "..", "locale"), fallback=True)  # noqa: PTH118, PTH120
_ = _found.gettext
