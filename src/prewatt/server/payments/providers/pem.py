"""Keys as people copy them from providers' pages."""

from __future__ import annotations


def pem(text: str, kind: str) -> str:
    """Return a key in PEM form. It may be given so, or as the bare base64 that providers' pages show."""
    text = text.strip().replace("\r\n", "\n")
    if text.startswith("-----BEGIN"):
        return text
    bare = "".join(text.split())
    lines = "\n".join(bare[start : start + 64] for start in range(0, len(bare), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"
