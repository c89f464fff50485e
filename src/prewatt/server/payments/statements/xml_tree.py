"""This module reads XML from strangers: without entities, without a DTD, and no deeper than statements are."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from django.utils.translation import gettext as _

from .errors import BankError

DEEPEST = 40
"""The most levels of elements."""
MOST = 500_000
"""The most elements."""
_KNOWN = {"utf-8", "utf-16", "iso-8859-1", "us-ascii"}
"""The encodings that expat reads itself."""


def read_xml(content: bytes) -> Element:
    """Return the root element; names have no namespaces. Raises BankError if the file is no XML, is incomplete, or has
    a DTD.
    """
    builder = TreeBuilder()
    depth = count = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        """Begin an element. Raises BankError if there are too many, or too many levels."""
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > DEEPEST:
            raise BankError(_("This XML is no bank statement: its elements are nested too deep."))
        if count > MOST:
            raise BankError(_("The statement is too large: export fewer days at once."))
        builder.start(name.rpartition("}")[2], attributes)

    def end(name: str) -> None:
        """End an element."""
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition("}")[2])

    def refuse(*_given: object) -> None:
        """Raise BankError because the file has a DTD."""
        raise BankError(
            _("This XML has a DTD. No bank statement has one, so it is not read. Download the statement again.")
        )

    content, encoding = _recoded(content)
    parser = expat.ParserCreate(encoding, namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, UnicodeError, LookupError, ValueError) as error:
        if isinstance(error, BankError):
            raise
        raise BankError(_("The XML is damaged or incomplete: %(why)s. Download it again.") % {"why": error}) from None
    return builder.close()


def _recoded(content: bytes) -> tuple[bytes, str | None]:
    """Return the bytes in an encoding that expat knows, and the name of that encoding if expat must be told."""
    declaration = re.search(rb'^\s*<\?xml[^>]{0,100}encoding=["\']([\w.-]{1,40})["\']', content[:200])
    name = declaration[1].decode("ascii").lower() if declaration else "utf-8"
    if name in _KNOWN:
        return content, None
    try:
        return content.decode(name).encode(), "utf-8"
    except (LookupError, UnicodeDecodeError):
        raise BankError(
            _("The XML says that its encoding is %(name)s, but it is not. Download it again.") % {"name": name}
        ) from None
