"""This module chooses the reader for a file."""

from __future__ import annotations

import re
from contextlib import suppress

from django.utils.translation import gettext as _

from ....tables.decode import unicode_of
from ....tables.encodings import likeliest
from ....tables.problems import TableError
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
    text = _unicode(content)
    head = (content.decode("latin-1") if text is None else text)[:2000].lstrip("\ufeff \t\r\n")
    if re.search(r"OFXHEADER|<OFX>", head, re.IGNORECASE):
        return read_ofx(_older(content, currency, head) if text is None else text, currency)
    if head.startswith("<"):
        if re.match(r"<(!doctype\s+html|html)", head, re.IGNORECASE):
            raise BankError(_("This is a web page: export the statement as CAMT, MT940, OFX, CSV or Excel."))
        return read_camt(_xml(content, text))
    if head.startswith("{1:") or re.search(rf"(?:^|[{ENDS}]):20:", head):
        return read_mt940(_older(content, currency, "") if text is None else text, currency)
    return None


def _unicode(content: bytes) -> str | None:
    """Return the text of a file in Unicode; None for another one, and for a workbook."""
    if content.startswith(b"PK"):
        return None
    try:
        return unicode_of(content)
    except TableError as error:
        raise BankError(str(error)) from None


def _xml(content: bytes, text: str | None) -> bytes:
    """Return XML as bytes in the encoding that it declares, or in UTF-8 without a declaration if it is in UTF-16."""
    if text is None or 0 not in content[:4]:
        return content.lstrip()
    return re.sub(r"^\s*<\?xml.*?\?>", "", text, count=1, flags=re.DOTALL).encode()


def _older(content: bytes, currency: str, head: str) -> str:
    """Return the text of a file that is not in Unicode: in the encoding that its head declares, else in the likeliest one.
    If neither makes sense, its letters are lost, and only they: no name is invented, and references are in ASCII.
    """
    declared = re.search(r"^\s*CHARSET:\s*(\d{3,5})|<\?xml[^>]*encoding=.([\w-]+)", head, re.MULTILINE | re.IGNORECASE)
    with suppress(UnicodeDecodeError, LookupError):
        if declared:
            return content.decode(declared[2] or f"cp{declared[1]}")
    return likeliest(content, currency) or content.decode("ascii", "replace")
