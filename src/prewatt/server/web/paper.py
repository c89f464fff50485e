"""Papers: pages that are printed (`layout/paper.html`), or kept as a file that needs no network."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def paper_style() -> str:
    """Return the style of papers, for one that is kept as a file: as `style` in its context it becomes a part of it."""
    return (Path(__file__).parent / "static" / "web" / "paper.css").read_text(encoding="utf-8")
