"""This module chooses the reader for a file."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from ...core.uploads import LARGEST_FILE
from .camt import read_camt
from .errors import BankError
from .mt940 import ENDS, read_mt940
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
    content = _narrow(content)
    head = content[:2000].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if re.search(r"OFXHEADER|<OFX>", head, re.IGNORECASE):
        return read_ofx(_text(content, head), currency)
    if head.startswith("<"):
        if re.match(r"<(!doctype\s+html|html)", head, re.IGNORECASE):
            raise BankError(_("This is a web page: export the statement as CAMT, MT940, OFX, CSV or Excel."))
        return read_camt(content.lstrip())
    if head.startswith("{1:") or re.search(rf"(?:^|[{ENDS}]):20:", head):
        return read_mt940(_text(content, ""), currency)
    return None


def _narrow(content: bytes) -> bytes:
    """Return a file in UTF-16, which its mark or a byte of zero beside its first sign shows, in UTF-8; any other as it is."""
    marked, first = content[:2] in (b"\xff\xfe", b"\xfe\xff"), content[:2]
    if not marked and first.count(0) != 1:
        return content
    try:
        text = content.decode("utf-16" if marked else "utf-16-be" if first[0] == 0 else "utf-16-le")
    except UnicodeDecodeError:
        # What reads tables says that it is damaged.
        return content
    # The encoding that XML declares is not the one that it has now.
    return re.sub(r"^\s*<\?xml.*?\?>", "", text, count=1, flags=re.DOTALL).encode("utf-8", "replace")


def _text(content: bytes, head: str) -> str:
    charset = re.search(r"^\s*CHARSET:\s*(\d{3,5})", head, re.MULTILINE | re.IGNORECASE)
    for encoding in ("utf-8-sig", f"cp{charset[1]}" if charset else "cp1252"):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("latin-1")
