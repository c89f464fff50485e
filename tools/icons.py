"""Draws the icons of the app out of its sign, `bolt.svg`, in Chromium. Their bytes are committed: they are drawn anew only if the
sign changes.

    python -m tools.icons
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

WEB = Path(__file__).parents[1] / "src" / "prewatt" / "server" / "web" / "static" / "web"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIGN = (WEB / "bolt.svg").read_text()
FULL = SIGN.replace(' rx="8"', "")
"""The same to its edges: a phone cuts it to the form of its own icons. All of the bolt lies in the circle of which none cuts
anything, 80 % of the icon.
"""
COLOURS = 32
"""Two, and what lies between them at the edges: a third of the bytes."""
ICONS = {
    "icon-192": (SIGN, 192),
    "icon-512": (SIGN, 512),
    "maskable-512": (FULL, 512),
    "touch-180": (FULL, 180),
}


def main() -> None:
    """Draw all of them."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (sign, size) in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<style>html, body {{ margin: 0; background: none }} svg {{ display: block }}</style>{sign}"
            )
            with Image.open(io.BytesIO(page.screenshot(omit_background=True))) as drawn:
                few = drawn.convert("RGBA").quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
                few.save(WEB / "icons" / f"{name}.png", optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
