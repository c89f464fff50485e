"""This module chooses the reader for a file."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from ...core.uploads import LARGEST_FILE
from .camt import read_camt
from .errors import BankError
from .mt940 import read_mt940
from .ofx import read_ofx
from .shape import Statement


def read_file(content: bytes, currency: str) -> Statement | None:
    """Return the lines of a file in a format that is the same for all banks; None for a table (CSV, Excel). `currency`:
    the code to use if the file names none. Raises BankError if the file cannot be read.
    """
    if len(content) > LARGEST_FILE:
        raise BankError(
            _("The file is larger than %(most)d MB: export fewer days at once.") % {"most": LARGEST_FILE // 10**6}
        )
    if content.startswith(b"%PDF"):
        raise BankError(_("This is a PDF: export the statement as CAMT, MT940, OFX, CSV or Excel."))
    head = _head(content)
    if re.search(r"OFXHEADER|<OFX>", head, re.IGNORECASE):
        return read_ofx(_text(content, head), currency)
    if head.startswith("<"):
        if re.match(r"<(!doctype\s+html|html)", head, re.IGNORECASE):
            raise BankError(_("This is a web page: export the statement as CAMT, MT940, OFX, CSV or Excel."))
        return read_camt(content.lstrip())
    if head.startswith("{1:") or re.search(r"^:20:", head, re.MULTILINE):
        return read_mt940(_text(content, ""), currency)
    return None


def _head(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return content[:2000].decode(encoding, "replace").lstrip("\ufeff \t\r\n")


def _text(content: bytes, head: str) -> str:
    charset = re.search(r"^\s*CHARSET:\s*(\d{3,5})", head, re.MULTILINE | re.IGNORECASE)
    for encoding in ("utf-8-sig", f"cp{charset[1]}" if charset else "cp1252"):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("latin-1")
